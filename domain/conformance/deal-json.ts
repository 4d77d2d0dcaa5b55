/** A deal of the vectors as a deal-terms document: the words change, nothing is worked out here. */
import { TERMS_SCHEMA, type CouponTerms, type DealTerms, type FeeTerms, type PrincipalTerms } from '../deal/terms.ts'
import type { Source, Status } from '../deal/words.ts'
import type { Fen } from '../money.ts'
import { conditionText, fenText, formulaText, kindOf, money, rateText, words } from './formula-json.ts'
import type {
  AccountJson,
  BondJson,
  BondsJson,
  CouponJson,
  DealJson,
  FeeJson,
  LegJson,
  TriggersJson,
} from './schema/deal.ts'
import type { ConditionJson } from './schema/formula.ts'
import { stepsOf } from './step-json.ts'

export const STATUS_OF: Readonly<Record<string, Status>> = {
  PreClosing: 'pre-closing',
  Amortizing: 'amortising',
  Revolving: 'revolving',
  Accelerated: 'accelerated',
}
export const STATUS_WORD: Readonly<Record<string, string>> = {
  ...Object.fromEntries(Object.entries(STATUS_OF).map(([word, status]) => [status, word])),
  called: 'Called',
}

const SOURCES_OF: Readonly<Record<string, readonly Source[]>> = {
  CollectedInterest: ['interest'],
  CollectedPrincipal: ['principal'],
  CollectedPrepayment: ['prepayment'],
  CollectedRecoveries: ['recovery'],
  CollectedCash: ['interest', 'principal', 'prepayment', 'recovery', 'penalty'],
}

type Reserve = NonNullable<AccountJson['target']>
/** Floored as a whole when it is asked for: the floor of the greatest is the greatest of the floors. */
export const reserveText = (target: Reserve): string =>
  'pct' in target
    ? `(${money(target.of)}) * ${rateText(target.pct)}`
    : 'fixed' in target
      ? money(target.fixed)
      : `max(${target.max.map(reserveText).join(', ')})`

export const accountsTerms = (accounts: Readonly<Record<string, AccountJson>>): DealTerms['accounts'] =>
  Object.entries(accounts).map(([id, { balance, target, interest }]) => ({
    id,
    kind: 'other',
    opening: fenText(balance),
    ...(target && { target: reserveText(target) }),
    ...(interest && {
      interest: {
        rate: rateText(interest.rate),
        dayCount: interest.dayCount,
        dates: interest.pattern,
        accruedTo: interest.lastAccrue,
      },
    }),
  }))

function couponTerms(coupon: CouponJson): CouponTerms {
  const { dayCount } = coupon
  if ('fix' in coupon)
    return {
      type: 'fixed',
      rate: rateText(coupon.fix),
      dayCount,
      ...(coupon.notional !== undefined && { notional: money(coupon.notional) }),
      ...(coupon.interestOnInterest && { interestOnInterest: { spread: rateText(coupon.interestOnInterest.spread) } }),
    }
  const shared = { initial: rateText(coupon.initial), resets: coupon.resetPattern, dayCount }
  if ('ref' in coupon)
    return { type: 'reference', of: formulaText(coupon.ref, 'number'), factor: rateText(coupon.factor), ...shared }
  return {
    type: 'floating',
    index: coupon.index,
    spread: rateText(coupon.spread),
    ...shared,
    ...(coupon.floor !== undefined && { floor: rateText(coupon.floor) }),
    ...(coupon.cap !== undefined && { cap: rateText(coupon.cap) }),
  }
}

function principalTerms(bond: BondJson): PrincipalTerms {
  switch (bond.type) {
    case 'Sequential':
      return { type: 'sequential' }
    case 'Equity':
      return { type: 'equity' }
    case 'PAC':
      return { type: 'planned', targets: bond.targets.map(([date, value]) => [date, fenText(value)]) }
    case 'Lockout':
      return { type: 'lockout', until: bond.until }
    case 'Z':
      return { type: 'accretion' }
    case 'IO':
      return { type: 'interest-only' }
  }
}

function trancheTerms(id: string, bond: BondJson): DealTerms['tranches'][number] {
  const coupons = 'coupons' in bond && bond.coupons ? bond.coupons : bond.rate ? [bond.rate] : []
  const stepUp = 'stepUp' in bond ? bond.stepUp : undefined
  return {
    id,
    class: bond.type === 'Equity' ? 'subordinated' : 'senior',
    original: fenText(('originBalance' in bond ? bond.originBalance : undefined) ?? bond.balance),
    balance: fenText(bond.balance),
    principal: principalTerms(bond),
    coupons: coupons.map(couponTerms),
    ...('accrueFrom' in bond && bond.accrueFrom !== undefined && { accrueFrom: bond.accrueFrom }),
    ...(stepUp && {
      stepUp: {
        from: stepUp.from,
        spread: rateText(stepUp.spread),
        ...(stepUp.pattern !== undefined && { dates: stepUp.pattern }),
      },
    }),
  }
}

/** Groups stand beside their members, which are tranches of their own. */
export function bondsTerms(bonds: BondsJson): Pick<DealTerms, 'tranches' | 'groups'> {
  const tranches: DealTerms['tranches'] = []
  const groups: NonNullable<DealTerms['groups']> = []
  for (const [id, bond] of Object.entries(bonds)) {
    if (bond.type !== 'Group') tranches.push(trancheTerms(id, bond))
    else {
      groups.push({ id, tranches: Object.keys(bond.members) })
      for (const [name, member] of Object.entries(bond.members)) tranches.push(trancheTerms(name, member))
    }
  }
  return { tranches, groups }
}

export function feeTerms(id: string, fee: FeeJson): FeeTerms {
  const base = { id, clause: `fees/${id}`, text: words(id) }
  switch (fee.type) {
    case 'fixed':
      return { ...base, type: 'fixed', amount: fenText(fee.amount), start: fee.start }
    case 'annualRate':
      return { ...base, type: 'annual', rate: rateText(fee.rate), of: money(fee.of), start: fee.start }
    case 'percentage':
      return { ...base, type: 'percentage', rate: rateText(fee.rate), of: money(fee.of), start: fee.start }
    case 'recurring':
      return { ...base, type: 'recurring', amount: fenText(fee.amount), dates: fee.pattern, start: fee.start }
    case 'flow':
      return { ...base, type: 'schedule', entries: fee.schedule.map(([date, value]) => [date, fenText(value)]) }
  }
}

export const triggersTerms = (triggers: TriggersJson | undefined): DealTerms['triggers'] =>
  Object.entries(triggers?.beforeWaterfall ?? {}).map(([id, trigger]) => {
    const { left, op, right } = trigger.if
    const status = STATUS_OF[trigger.then.setStatus]!
    return {
      id,
      event:
        status === 'accelerated' ? 'acceleration' : status === 'amortising' ? 'end-of-revolving' : 'coupon-adjustment',
      clause: `triggers/${id}`,
      text: words(id),
      at: 'before-waterfall',
      test: {
        numerator: formulaText(left),
        op: op as '>' | '<' | '>=',
        threshold: typeof right === 'string' ? right : formulaText(right, kindOf(left)),
      },
      curable: trigger.curable,
      then: { status },
    }
  })

function datesTerms(dates: DealJson['dates']): DealTerms['dates'] {
  const shared = {
    statedMaturity: dates.stated,
    collectionDates: dates.collectPattern,
    payDates: dates.payPattern,
  }
  return dates.type === 'current'
    ? {
        ...shared,
        cutOff: dates.lastCollect,
        firstCollection: dates.nextCollect,
        firstPay: dates.nextPay,
        lastCollection: dates.lastCollect,
        lastPay: dates.lastPay,
      }
    : {
        ...shared,
        cutOff: dates.cutoff,
        closing: dates.closing,
        firstCollection: dates.firstCollect,
        firstPay: dates.firstPay,
      }
}

const leg = (terms: LegJson) =>
  'fix' in terms
    ? ({ type: 'fixed', rate: rateText(terms.fix) } as const)
    : ({ type: 'floating', index: terms.index, spread: rateText(terms.spread) } as const)

const WATERFALL_OF = {
  Amortizing: 'amortising',
  Revolving: 'revolving',
  Accelerated: 'accelerated',
  EndOfCollection: 'end-of-collection',
  OnClosing: 'on-closing',
  CleanUp: 'clean-up',
} as const

/** @param initial balance at issue of each pool, in the order of the pools */
export function dealTerms(deal: DealJson, initial: readonly Fen[]): DealTerms {
  const record = <T, U>(values: Readonly<Record<string, T>> | undefined, turn: (id: string, value: T) => U): U[] =>
    Object.entries(values ?? {}).map(([id, value]) => turn(id, value))
  const clause = (path: string, id: string) => ({ clause: `${path}/${id}`, text: words(id) })
  return {
    schema: TERMS_SCHEMA,
    dealId: 'vector',
    name: words('vector'),
    currency: 'CNY',
    conventions: { profile: 'hastructure' },
    parties: {},
    dates: datesTerms(deal.dates),
    status: STATUS_OF[deal.status]!,
    ...(deal.statusAfterClosing && { afterClosing: STATUS_OF[deal.statusAfterClosing]! }),
    pool: {
      initial: initial.reduce((sum, fen) => sum + fen, 0n).toString(),
      pools: Object.keys(deal.pools).map((id, index) => ({ id, initial: initial[index]!.toString() })),
    },
    accounts: accountsTerms(deal.accounts),
    ...bondsTerms(deal.bonds),
    fees: record(deal.fees, feeTerms),
    ledgers: record(deal.ledgers, (id, { balance }) => ({ id, opening: fenText(balance), ...clause('ledgers', id) })),
    facilities: record(deal.liquidity, (id, facility) => ({
      id,
      kind: 'liquidity' as const,
      credit: fenText(facility.credit),
      drawnRate: rateText(facility.drawnRate),
      unusedRate: rateText(facility.unusedPremiumRate),
      start: facility.start,
      ...clause('liquidity', id),
    })),
    swaps: record(deal.swaps, (id, swap) => ({
      id,
      pay: leg(swap.pay),
      receive: leg(swap.receive),
      notional: money(swap.notional),
      dates: swap.accruePattern,
      dayCount: swap.dayCount,
      start: swap.start,
      ...(swap.autoSettle && { settle: { dates: swap.autoSettle.pattern, account: swap.autoSettle.account } }),
      ...clause('swaps', id),
    })),
    caps: record(deal.rateCaps, (id, cap) => ({
      id,
      index: cap.index,
      strike: cap.strike.map(([date, rate]): [string, string] => [date, rateText(rate)]),
      notional: money(cap.notional),
      dates: cap.accruePattern,
      start: cap.start,
      end: cap.end,
      ...clause('rateCaps', id),
    })),
    collection: deal.collection.map(({ source, pools, account, split }, index) => ({
      id: `collection.${index + 1}`,
      ...clause('collection', `${index + 1}`),
      sources: [...SOURCES_OF[source]!],
      ...(pools && { pools }),
      to: split
        ? split.map(({ share, account: to }) => ({ account: to, share: rateText(share) }))
        : [{ account: account!, share: '1' }],
    })),
    waterfalls: Object.fromEntries(
      Object.entries(deal.waterfall).map(([name, actions]) => [
        WATERFALL_OF[name as keyof typeof WATERFALL_OF],
        stepsOf(actions ?? [], name),
      ]),
    ),
    triggers: triggersTerms(deal.triggers),
    ...(deal.call && { call: { ...clause('call', 'if'), if: conditionText(deal.call.if as ConditionJson) } }),
    inspections: record(deal.inspect?.formulas, (id, formula) => ({
      id,
      dates: deal.inspect!.pattern,
      formula: formulaText(formula),
    })),
  }
}
