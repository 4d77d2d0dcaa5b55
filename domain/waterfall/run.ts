/**
 * A whole life: the dated events of the terms, the collections of the pools and the waterfalls, in the order of the
 * conventions (C14), through the same functions as one step. Ends by C13, at stated maturity, on a stop date or with a
 * call.
 */
import type { IsoDate } from '../date.ts'
import { adjust, calendar } from '../dates/calendar.ts'
import { datesInRange, type Pattern } from '../dates/pattern.ts'
import type { DealTerms } from '../deal/terms.ts'
import type { Value } from '../deal/formula/compile.ts'
import type { Fen } from '../money.ts'
import { ratio } from '../deal/rational.ts'
import type { Rate } from '../rate.ts'
import { shownRate } from './accrual.ts'
import { applyDated, collect, datedEvents, endDeal, payDate, runList, type DatedEvent, type PoolRow } from './events.ts'
import { Live, WaterfallError, type Environment, type Movement, type Program, type TrancheRecord } from './live.ts'
import { openingState } from './opening.ts'
import type { DealEvent, StepResult } from './period.ts'
import { programOf } from './program.ts'
import { openingOf, takeResult } from './result.ts'
import type { DealState } from './state.ts'

/** A payment row of a pool, as a projection gives it. */
export interface FlowInput {
  readonly date: IsoDate
  readonly balance: Fen
  readonly principal: Fen
  readonly interest: Fen
  readonly prepayment: Fen
  readonly default: Fen
  readonly recovery: Fen
  readonly loss: Fen
  readonly prepayPenalty: Fen
  readonly lateFee?: Fen
  readonly rateMicro: bigint
}

export interface PoolInput {
  readonly openingBalance: Fen
  readonly rows: readonly FlowInput[]
  /** Rate and balance in default at the start. */
  readonly weightedRate?: Rate
  readonly defaulted?: Fen
}

export interface RunOptions {
  /** Index fixings by name: [date, rate], ascending. */
  readonly indexCurves?: Readonly<Record<string, readonly (readonly [IsoDate, Rate])[]>>
  /** Rows that assets bought on a date for a balance will bring. Absent: a purchase step only spends the cash. */
  readonly buy?: (date: IsoDate, balance: Fen) => readonly FlowInput[]
  /** Sums the rows of bought assets into the pool's. */
  readonly combine?: (a: readonly FlowInput[], b: readonly FlowInput[]) => readonly FlowInput[]
  readonly stop?: IsoDate
  /** Keep statements of accounts, ledgers, hedges (the conformance runs ask for them). */
  readonly statements?: boolean
  /** Called after the events of each report date. */
  readonly reportDates?: readonly IsoDate[]
  readonly onReport?: (live: Live) => void
  readonly keepStates?: boolean
}

export interface CollectedRow {
  readonly date: IsoDate
  readonly balance: Fen
  readonly principal: Fen
  readonly interest: Fen
  readonly prepayment: Fen
  readonly default: Fen
  readonly recovery: Fen
  readonly loss: Fen
  readonly rateMicro: bigint
}

export interface TrancheRow {
  readonly date: IsoDate
  readonly balance: Fen
  readonly interest: Fen
  readonly principal: Fen
  readonly rate: Rate
  readonly cash: Fen
  readonly dueInterest: Fen
  readonly dueOnDue: Fen
}

export type EndReason = 'exhausted' | 'stated-maturity' | 'stop-date' | 'called' | 'paid'
export interface RunResult {
  readonly periods: readonly StepResult[]
  readonly pools: readonly (readonly CollectedRow[])[]
  readonly tranches: readonly (readonly TrancheRow[])[]
  readonly movements: readonly Movement[]
  readonly inspections: readonly { readonly id: string; readonly date: IsoDate; readonly value: Value }[]
  readonly events: readonly DealEvent[]
  readonly end: { readonly date: IsoDate; readonly why: EndReason }
  readonly state: DealState
}

type Scheduled =
  | { readonly date: IsoDate; readonly order: 0; readonly dated: DatedEvent }
  | { readonly date: IsoDate; readonly order: 1; readonly kind: 'collect' }
  | { readonly date: IsoDate; readonly order: 2; readonly kind: 'closing' }
  | {
      readonly date: IsoDate
      readonly order: 3
      readonly kind: 'pay'
      readonly accrualTo: IsoDate
      readonly last: boolean
    }
  | { readonly date: IsoDate; readonly order: 4; readonly kind: 'inspect'; readonly index: number }
  | { readonly date: IsoDate; readonly order: 5; readonly kind: 'report' }

/** Rows of a pool still to be collected. */
class Uncollected {
  private next = 0
  constructor(private rows: readonly FlowInput[]) {}
  take(to: IsoDate): FlowInput[] {
    const from = this.next
    while (this.next < this.rows.length && this.rows[this.next]!.date <= to) this.next += 1
    return this.rows.slice(from, this.next)
  }
  add(rows: readonly FlowInput[], combine: NonNullable<RunOptions['combine']>): void {
    this.rows = combine(this.rows.slice(this.next), rows)
    this.next = 0
  }
  clear(): void {
    this.rows = []
    this.next = 0
  }
  /** Whether anything but empty rows is left. */
  get any(): boolean {
    for (let i = this.next; i < this.rows.length; i += 1) {
      const row = this.rows[i]!
      if (MONEY.some((key) => row[key] !== 0n)) return true
    }
    return false
  }
}
const MONEY = [
  'balance',
  'principal',
  'interest',
  'prepayment',
  'default',
  'recovery',
  'loss',
  'prepayPenalty',
] as const

/** Collection and pay dates of the terms: from the explicit first date to stated maturity, which is excluded. */
export const collectionDates = ({ dates }: DealTerms): IsoDate[] =>
  datesInRange(
    'IE',
    dates.collectionDates as Pattern,
    dates.firstCollection as IsoDate,
    dates.statedMaturity as IsoDate,
  )
/** Payments with the day interest runs to: moved to business days as the terms say, the accrual too only if they say so. */
export function payments({ dates }: DealTerms): { readonly date: IsoDate; readonly accrualTo: IsoDate }[] {
  const unadjusted = datesInRange(
    'IE',
    dates.payDates as Pattern,
    dates.firstPay as IsoDate,
    dates.statedMaturity as IsoDate,
  )
  const { businessDays } = dates
  if (!businessDays) return unadjusted.map((date) => ({ date, accrualTo: date }))
  return unadjusted.map((accrualTo) => {
    const date = adjust(accrualTo, businessDays.rule, calendar(businessDays.calendar))
    return { date, accrualTo: businessDays.moveAccrual ? date : accrualTo }
  })
}
export const paymentDates = (terms: DealTerms): IsoDate[] => payments(terms).map(({ date }) => date)

function schedule(program: Program, options: RunOptions): Scheduled[] {
  const { terms, start, statedMaturity } = program
  const { lastPay } = terms.dates
  const events: Scheduled[] = []
  const after = lastPay !== undefined && lastPay < start ? (lastPay as IsoDate) : start
  for (const dated of datedEvents(program, after, statedMaturity)) events.push({ date: dated.date, order: 0, dated })
  for (const date of collectionDates(terms)) events.push({ date, order: 1, kind: 'collect' })
  if (terms.status === 'pre-closing') events.push({ date: program.closing, order: 2, kind: 'closing' })
  const pays = payments(terms)
  pays.forEach(({ date, accrualTo }, index) =>
    events.push({ date, order: 3, kind: 'pay', accrualTo, last: index === pays.length - 1 }),
  )
  program.inspections.forEach(({ dates }, index) => {
    for (const date of datesInRange('II', dates, start, statedMaturity))
      events.push({ date, order: 4, kind: 'inspect', index })
  })
  for (const date of options.reportDates ?? []) events.push({ date, order: 5, kind: 'report' })
  // A stable sort keeps the order in which events of one kind were generated.
  return events.sort((a, b) => (a.date < b.date ? -1 : a.date > b.date ? 1 : a.order - b.order))
}

/**
 * Runs a deal to its end.
 * @param pools one per pool of the terms, rows in date order
 * @throws WaterfallError, TermsError as `step`
 */
export function run(terms: DealTerms, pools: readonly PoolInput[], options: RunOptions = {}): RunResult {
  return new Run(terms, pools, options).play()
}

class Run {
  private readonly program: Program
  private readonly live: Live
  private readonly left: Uncollected[]
  private readonly rows: CollectedRow[][]
  private readonly trancheRows: TrancheRow[][]
  private readonly inspections: { id: string; date: IsoDate; value: Value }[] = []
  private readonly periods: StepResult[] = []
  private readonly events: DealEvent[] = []
  private opening
  private seen: { principal: Fen; interest: Fen; drawn: Fen }[]
  private accruedTo: IsoDate
  private ended: { date: IsoDate; why: EndReason } | null = null

  constructor(
    terms: DealTerms,
    pools: readonly PoolInput[],
    private readonly options: RunOptions,
  ) {
    this.program = programOf(terms)
    if (pools.length !== this.program.pools.length)
      throw new WaterfallError('UNKNOWN_ACCOUNT', { pools: `${pools.length}`, terms: `${this.program.pools.length}` })
    const state = openingState(
      terms,
      pools.map(({ weightedRate, defaulted, openingBalance }) => ({
        balance: openingBalance,
        ...(weightedRate ? { weightedRate } : {}),
        ...(defaulted === undefined ? {} : { defaulted }),
      })),
    )
    this.live = new Live(this.program, state, this.environment())
    this.live.recordMovements = options.statements === true
    this.left = pools.map(({ rows }) => {
      const uncollected = new Uncollected(rows)
      uncollected.take(this.program.start)
      return uncollected
    })
    this.rows = pools.map(() => [])
    this.trancheRows = this.program.tranches.map(() => [])
    this.opening = openingOf(this.live)
    this.seen = this.program.tranches.map(() => ({ principal: 0n, interest: 0n, drawn: 0n }))
    this.accruedTo = (terms.dates.lastPay ?? this.program.closing) as IsoDate
  }

  private environment(): Environment {
    const { indexCurves = {}, buy, combine } = this.options
    return {
      indexAt: (name, date, lookup) => {
        const curve = Object.hasOwn(indexCurves, name) ? indexCurves[name]! : undefined
        if (!curve) throw new WaterfallError('UNKNOWN_INDEX', { index: name })
        let value = ratio(0n)
        for (const [at, rate] of curve) if (at < date || (lookup === 'inclusive' && at === date)) value = rate
        return value
      },
      sold: () => this.left.forEach((rows) => rows.clear()),
      ...(buy && combine
        ? {
            buy: (date, cash, price) => {
              const balance = (cash * price.performing.denominator) / (price.performing.numerator || 1n)
              this.left[0]!.add(buy(date, balance), combine)
              return { spent: cash, balance }
            },
          }
        : {}),
    }
  }

  play(): RunResult {
    const { stop } = this.options
    const events = schedule(this.program, this.options)
    this.live.state.facilities.forEach((_, index) => this.live.facilityRow(index, 'open', 0n))
    for (let i = 0; i < events.length && !this.ended; i += 1) {
      const event = events[i]!
      if (stop !== undefined && event.date >= stop) this.ended = { date: stop, why: 'stop-date' }
      else if (this.exhausted()) this.ended = { date: event.date, why: 'exhausted' }
      else {
        this.apply(event)
        if (events[i + 1]?.date !== event.date || this.ended) this.closeDay()
      }
    }
    // A stop that no event reaches is still the end, where it lies before stated maturity.
    if (!this.ended && stop !== undefined && stop < this.program.statedMaturity)
      this.ended = { date: stop, why: 'stop-date' }
    const end = this.ended ?? { date: this.program.statedMaturity, why: 'stated-maturity' as const }
    this.events.push(...this.live.events)
    return {
      periods: this.periods,
      pools: this.rows,
      tranches: this.trancheRows,
      movements: this.live.movements,
      inspections: this.inspections,
      events: this.events,
      end,
      state: this.live.state,
    }
  }

  /** C13. */
  private exhausted(): boolean {
    return (
      this.program.behaviour.endOfRun === 'when-empty' &&
      this.live.state.status !== 'revolving' &&
      !this.left.some(({ any }) => any) &&
      this.live.state.accounts.every(({ balance }) => balance === 0n)
    )
  }

  private apply(event: Scheduled): void {
    const { live } = this
    if ('dated' in event) return applyDated(live, event.dated)
    switch (event.kind) {
      case 'collect':
        return this.collect(event.date)
      case 'closing': {
        live.at(event.date)
        const from = live.state.status
        live.state.status = this.program.terms.afterClosing ?? 'amortising'
        runList(live, 'on-closing')
        return live.raise('closing', '', from, live.state.status)
      }
      case 'pay':
        return this.pay(event.date, event.accrualTo, event.last)
      case 'inspect': {
        live.at(event.date)
        const { id, formula } = this.program.inspections[event.index]!
        this.inspections.push({ id, date: event.date, value: formula.read(live) })
        return
      }
      case 'report':
        live.at(event.date)
        return this.options.onReport?.(live)
    }
  }

  private collect(date: IsoDate): void {
    const rows = this.left.map((left, index): PoolRow | null => {
      if (!left.any) return null
      const taken = left.take(date)
      const row = this.sum(date, taken, index)
      this.rows[index]!.push(row.collected)
      return row.input
    })
    collect(this.live, date, rows)
  }

  /** The rows of (previous, date] in one: flows added, balance and rate of the last (C8). */
  private sum(date: IsoDate, taken: readonly FlowInput[], index: number): { collected: CollectedRow; input: PoolRow } {
    const add = (get: (row: FlowInput) => Fen): Fen => taken.reduce((total, row) => total + get(row), 0n)
    const last = taken.at(-1)
    const state = this.live.state.pools[index]!
    const balance = last?.balance ?? state.balance
    const rateMicro = last?.rateMicro ?? this.rows[index]!.at(-1)?.rateMicro ?? microOf(state.weightedRate)
    const collected: CollectedRow = {
      date,
      balance,
      principal: add((row) => row.principal),
      interest: add((row) => row.interest),
      prepayment: add((row) => row.prepayment),
      default: add((row) => row.default),
      recovery: add((row) => row.recovery),
      loss: add((row) => row.loss),
      rateMicro,
    }
    const { principal, interest, prepayment, recovery } = collected
    const cash = {
      principal,
      interest,
      prepayment,
      recovery,
      penalty: add((row) => row.prepayPenalty),
      lateFee: add((row) => row.lateFee ?? 0n),
    }
    return {
      collected,
      input: {
        cash,
        closing: balance,
        defaulted: collected.default,
        loss: collected.loss,
        // Once nothing is outstanding the last rate stays.
        ...(balance > 0n ? { weightedRate: ratio(rateMicro, 1_000_000n) } : {}),
      },
    }
  }

  private pay(date: IsoDate, accrualTo: IsoDate, last: boolean): void {
    const { live, program } = this
    const byCalendar = program.behaviour.endOfRun === 'stated-or-paid'
    const final = byCalendar && (last || (live.state.status !== 'revolving' && !this.left.some(({ any }) => any)))
    const waterfall = payDate(live, date, final, { from: this.accruedTo, to: accrualTo })
    this.accruedTo = accrualTo
    if (live.called) this.ended = { date, why: 'called' }
    if (final) this.ended = { date, why: last ? 'stated-maturity' : 'paid' }
    if ((final || live.called) && byCalendar) endDeal(live)
    this.closeDay()
    this.events.push(...live.events)
    this.periods.push(takeResult(live, this.opening, { id: date, waterfall }, this.options.keepStates ?? false))
    this.opening = openingOf(live)
    this.seen = this.seen.map(() => ({ principal: 0n, interest: 0n, drawn: 0n }))
  }

  /** Statement rows of the tranches that something happened to on the day. */
  private closeDay(): void {
    this.live.tranches.forEach((record, index) => {
      if (!record.touched) return
      record.touched = false
      this.trancheRows[index]!.push(this.trancheRow(record, index))
    })
  }

  private trancheRow(record: TrancheRecord, index: number): TrancheRow {
    const state = this.live.state.tranches[index]!
    const seen = this.seen[index]!
    const interest = record.interest + record.residual - seen.interest
    const principal = record.principal - seen.principal
    const drawn = record.drawn - seen.drawn
    this.seen[index] = { interest: seen.interest + interest, principal: record.principal, drawn: record.drawn }
    return {
      date: this.live.date,
      balance: state.balance,
      interest,
      principal: principal - drawn,
      rate: shownRate(state),
      cash: interest + principal,
      dueInterest: state.coupons.reduce((sum, { due }) => sum + due, 0n),
      dueOnDue: state.coupons.reduce((sum, { dueOnDue }) => sum + dueOnDue, 0n),
    }
  }
}

const microOf = ({ numerator, denominator }: Rate): bigint => (numerator * 1_000_000n) / denominator
