/**
 * What happens to a deal on a date, one function per kind of event, and the dated events between two dates in the order
 * of the conventions (C14). Both a single step and a whole run are made of these.
 */
import { addDays, type IsoDate } from '../date.ts'
import { patternDates, type Pattern } from '../dates/pattern.ts'
import { add, compare, multiply, ratio, toDecimals, ZERO, type Rate } from '../rate.ts'
import { SOURCES, type WaterfallName } from '../deal/words.ts'
import { mulDiv, type Fen } from '../money.ts'
import { accrueTranche } from './accrual.ts'
import { accrueRecurring, turnFeeSpell } from './fees.ts'
import { accrueCap, accrueSwap, settleSwap } from './hedges.ts'
import { type Live, type Program, type TrancheProgram } from './live.ts'
import { WaterfallError } from './live-types.ts'
import { testTriggers } from './triggers.ts'

/** A collected row of one pool. */
export interface PoolRow {
  readonly cash: Readonly<Partial<Record<(typeof SOURCES)[number], Fen>>>
  readonly opening?: Fen
  readonly closing: Fen
  readonly defaulted: Fen
  readonly loss: Fen
  readonly defaultedBalance?: Fen
  readonly weightedRate?: Rate
  readonly purchased?: Fen
  readonly arrears?: Readonly<Record<string, Fen>>
}

export type DatedKind =
  'swapAccrual' | 'capAccrual' | 'swapSettlement' | 'stepUp' | 'reset' | 'accountInterest' | 'recurringFee'
export interface DatedEvent {
  readonly date: IsoDate
  readonly kind: DatedKind
  readonly index: number
  readonly strip: number
}

/** Order on one date (C14). */
const ORDER: readonly DatedKind[] = [
  'swapAccrual',
  'capAccrual',
  'swapSettlement',
  'stepUp',
  'reset',
  'accountInterest',
  'recurringFee',
]

/**
 * The dated events of the terms in (after, to], in order: resets, step-ups, accruals of hedges, interest of accounts,
 * dates of recurring fees.
 */
export function datedEvents(program: Program, after: IsoDate, to: IsoDate): DatedEvent[] {
  const events: DatedEvent[] = []
  const from = addDays(after, 1)
  const last = addDays(program.statedMaturity, -1)
  const early = program.behaviour.datedFrom === 'own-start' && after <= program.start
  const collect = (kind: DatedKind, index: number, pattern: Pattern, start: IsoDate, end: IsoDate, strip = 0): void => {
    const own = early && kind !== 'stepUp' && kind !== 'reset'
    const [a, b] = [own || start > from ? start : from, end < to ? end : to]
    if (a <= b) for (const date of patternDates(pattern, a, b)) events.push({ date, kind, index, strip })
  }
  program.swaps.forEach((swap, index) => {
    collect('swapAccrual', index, swap.dates, addDays(swap.start, 1), last)
    if (swap.settle) collect('swapSettlement', index, swap.settle.dates, addDays(swap.start, 1), last)
  })
  program.caps.forEach((cap, index) => collect('capAccrual', index, cap.dates, addDays(cap.start, 1), last))
  program.tranches.forEach((tranche, index) => {
    if (tranche.stepUp) {
      const { from: first, dates } = tranche.stepUp
      collect('stepUp', index, { custom: [first] }, first, last)
      if (dates) collect('stepUp', index, dates, addDays(first, 1), last)
    }
    const begin = program.terms.dates.closing ?? program.terms.dates.lastPay ?? program.terms.dates.cutOff
    tranche.coupons.forEach((coupon, strip) => {
      if (coupon.resets) collect('reset', index, coupon.resets, addDays(begin as IsoDate, 1), last, strip)
    })
  })
  program.accounts.forEach(({ interest }, index) => {
    if (interest)
      collect('accountInterest', index, interest.dates, addDays(interest.accruedTo, 1), program.statedMaturity)
  })
  program.fees.forEach((fee, index) => {
    if (fee.dates) collect('recurringFee', index, fee.dates, addDays(fee.start, 1), program.statedMaturity)
  })
  return events.sort(compareEvents)
}

const compareEvents = (a: DatedEvent, b: DatedEvent): number =>
  a.date < b.date
    ? -1
    : a.date > b.date
      ? 1
      : ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind) || a.index - b.index || a.strip - b.strip

const AUTO = { clause: '', action: 'automatic' } as const

export function applyDated(live: Live, event: DatedEvent): void {
  live.at(event.date)
  switch (event.kind) {
    case 'swapAccrual':
      return accrueSwap(live, event.index)
    case 'capAccrual':
      return accrueCap(live, event.index)
    case 'swapSettlement': {
      const { id, settle } = live.program.swaps[event.index]!
      live.run += 1
      return settleSwap(live, { ...AUTO, id }, settle!.account, event.index)
    }
    case 'stepUp':
      return stepUp(live, event.index)
    case 'reset':
      return reset(live, event.index, event.strip)
    case 'accountInterest':
      return accountInterest(live, event.index)
    case 'recurringFee':
      return accrueRecurring(live, event.index)
  }
}

/** Accrues to the date at the rate in force, then raises the rate. */
function stepUp(live: Live, index: number): void {
  const tranche = live.program.tranches[index]!
  accrueTranche(live, index, live.date, false)
  for (const coupon of live.state.tranches[index]!.coupons) coupon.rate = add(coupon.rate, tranche.stepUp!.spread)
}

/** Accrues at the old rate to the reset date, then fixes the new one (C15). */
function reset(live: Live, index: number, strip: number): void {
  accrueTranche(live, index, live.date, false)
  const tranche: TrancheProgram = live.program.tranches[index]!
  const coupon = tranche.coupons[strip]!
  const { bondResetLookup, rateDecimals } = live.program.behaviour
  const exactOrFloored = (rate: Rate): Rate => (rateDecimals === null ? rate : toDecimals(rate, rateDecimals, 'floor'))
  const state = live.state.tranches[index]!.coupons[strip]!
  if (coupon.floating) {
    const { index: name, spread, floor, cap } = coupon.floating
    let rate = add(live.indexAt(name, live.date, bondResetLookup), spread)
    if (floor && compare(rate, floor) < 0) rate = floor
    if (cap && compare(rate, cap) > 0) rate = cap
    state.rate = exactOrFloored(rate)
  } else if (coupon.reference) {
    state.rate = exactOrFloored(multiply(coupon.reference.factor, coupon.reference.of.read(live) as Rate))
  }
}

/** floor(rate · sum of floor(balance · year fraction) over the spells), deposited. */
function accountInterest(live: Live, index: number): void {
  const { interest, id } = live.program.accounts[index]!
  const state = live.state.accounts[index]!
  live.closeSpell(index)
  const amount = live.product(state.weighted, interest!.rate)
  state.weighted = 0n
  state.since = live.date
  state.accruedTo = live.date
  live.run += 1
  live.deposit(index, amount, { kind: 'none', id: 'bank' }, 'collection', `interest:${id}`)
}

/** Cash of a collection period is booked to the accounts by the rules, then the end-of-collection steps run. */
export function collect(live: Live, date: IsoDate, rows: readonly (PoolRow | null)[]): void {
  live.at(date)
  rows.forEach((row, index) => {
    // Nothing was left to collect: the last collected row stays the latest.
    if (!row) return
    const pool = live.state.pools[index]!
    const cash = SOURCES.reduce((sum, source) => sum + (row.cash[source] ?? 0n), 0n)
    pool.opening = row.opening ?? pool.balance
    pool.balance = row.closing
    pool.cumulativeDefault += row.defaulted
    pool.cumulativeRecovery += row.cash.recovery ?? 0n
    pool.cumulativeLoss += row.loss
    pool.cumulativePurchased += row.purchased ?? 0n
    pool.defaultedBalance =
      row.defaultedBalance ??
      (live.program.behaviour.defaultedBalance === 'by-status'
        ? pool.defaultedBalance
        : pool.defaultedBalance + row.defaulted - (row.cash.recovery ?? 0n) - row.loss)
    if (row.weightedRate) pool.weightedRate = row.weightedRate
    pool.collected = { ...row.cash, loss: row.loss, default: row.defaulted, cash }
    pool.arrears = { ...row.arrears }
  })
  for (const rule of live.program.collection) {
    for (const pool of rule.pools) {
      const row = rows[pool]
      if (!row) continue
      const amount = rule.sources.reduce((sum, source) => sum + (row.cash[source] ?? 0n), 0n)
      bookCollection(live, rule, pool, amount, row.cash)
    }
  }
  live.program.fees.forEach((_, index) => turnFeeSpell(live, index))
  live.assertConserved('collection')
  runList(live, 'end-of-collection')
}

/** Shares floored, the last share of a whole takes what rounding leaves. */
function bookCollection(
  live: Live,
  rule: Program['collection'][number],
  pool: number,
  amount: Fen,
  cash: PoolRow['cash'],
): void {
  if (amount === 0n) return
  live.run += 1
  const from = { kind: 'pool', id: live.program.pools[pool]!.id } as const
  const whole =
    compare(
      rule.to.reduce((sum, { share }) => add(sum, share), ZERO),
      ratio(1n),
    ) === 0
  const lastTakesRest = whole && live.program.behaviour.money !== 'floor'
  const parts = Object.fromEntries(
    rule.sources.filter((source) => (cash[source] ?? 0n) > 0n).map((source) => [source, cash[source]!]),
  )
  let left = amount
  rule.to.forEach(({ account, share }, index) => {
    const part =
      (lastTakesRest || rule.to.length === 1) && whole && index === rule.to.length - 1
        ? left
        : mulDiv(amount, share.numerator, share.denominator, 'floor')
    left -= part
    live.deposit(account, part, from, 'collection', rule.id, parts)
  })
}

export function runList(live: Live, name: WaterfallName): boolean {
  const steps = live.program.waterfalls[name]
  if (!steps) return false
  for (const step of steps) step(live)
  return true
}

/** Statuses are names of waterfalls but for the two that end a deal and the one before it. */
const listOf = (status: string): WaterfallName | null =>
  status === 'called' || status === 'ended' ? 'clean-up' : status === 'pre-closing' ? null : (status as WaterfallName)

/**
 * A pay date: triggers, the waterfall of the status, triggers after it. In which order status and triggers act is a
 * convention (C17).
 * @returns the name of the waterfall that ran, or null
 */
export function payDate(
  live: Live,
  date: IsoDate,
  final: boolean,
  accrual: { readonly from: IsoDate; readonly to: IsoDate } = { from: date, to: date },
): WaterfallName | null {
  live.at(date)
  live.accrueFrom = accrual.from
  live.accrueTo = accrual.to
  const statusBefore = live.state.status
  testTriggers(live, 'before-waterfall')
  const called = !final && live.program.call !== null && live.program.call.read(live) === true
  const ruling = live.program.behaviour.statusTiming === 'before-triggers' ? statusBefore : live.state.status
  if (called) {
    live.called = true
    const from = live.state.status
    live.state.status = 'called'
    live.raise('clean-up-call', live.program.terms.call!.clause, from, 'called')
  }
  // A plan without a clean-up list makes its last payment by the list of its status.
  const byStatus = live.program.behaviour.endOfRun === 'stated-or-paid' && !live.program.waterfalls['clean-up']
  const list = (final || called) && !byStatus ? 'clean-up' : listOf(ruling)
  if (list !== null && !runList(live, list) && live.program.behaviour.endOfRun === 'stated-or-paid')
    throw new WaterfallError('NO_WATERFALL', { status: live.state.status, waterfall: list })
  testTriggers(live, 'after-waterfall')
  for (const [figure, key] of live.program.series)
    live.state.series[key] = [...(live.state.series[key] ?? []), figure.read(live) as Rate].slice(-36)
  live.state.periods += 1
  return list
}

/** The plan has made its last payment. */
export function endDeal(live: Live): void {
  const from = live.state.status
  live.state.status = 'ended'
  live.raise('end-of-run', live.program.terms.call?.clause ?? '', from, 'ended')
}
