/**
 * Terms made ready to run: names resolved to positions, formulas compiled, steps turned into functions. Done once per
 * terms document and remembered; nothing here changes while a deal runs.
 */
import { isoDate, type IsoDate } from '../date.ts'
import { yearFraction, type DayCount, type DayCountContext } from '../day-count.ts'
import { businessDaysBetween, calendar } from '../dates/calendar.ts'
import type { Pattern } from '../dates/pattern.ts'
import { compileFormula, type Scope } from '../deal/formula/compile.ts'
import { FormulaError } from '../deal/formula/syntax.ts'
import type { CouponTerms, DealTerms, FeeTerms, TriggerTerms } from '../deal/terms.ts'
import { parseFen } from '../money.ts'
import { parseRate, type Rate } from '../rate.ts'
import { behaviourOf, type Behaviour } from './behaviour.ts'
import type {
  Compiler,
  CouponProgram,
  FeeProgram,
  Formula,
  Live,
  Program,
  SwapProgram,
  TrancheProgram,
  TriggerProgram,
} from './live.ts'
import { TermsError, type CollectionProgram, type LegProgram, type Names, type PerUnit } from './program-types.ts'
import { COLLECTED_NAMES, NOTCHES, statTable } from './stats.ts'
import { compileSteps } from './steps.ts'

export { TermsError } from './program-types.ts'

const programs = new WeakMap<DealTerms, Program>()

/**
 * Compiles terms (once per document object).
 * @throws TermsError with the JSON pointer of the first place that does not make sense
 */
export function programOf(terms: DealTerms): Program {
  const known = programs.get(terms)
  if (known) return known
  const program = compileTerms(terms)
  programs.set(terms, program)
  return program
}

export const poolsOf = (terms: DealTerms): readonly { readonly id: string; readonly initial: string }[] =>
  terms.pool.pools ?? [{ id: 'pool', initial: terms.pool.initial }]

const positions = (list: readonly { readonly id: string }[], path: string): Map<string, readonly number[]> => {
  const map = new Map<string, readonly number[]>()
  list.forEach(({ id }, index) => {
    if (map.has(id))
      throw new TermsError(`${path}/${index}/id`, `the name ${JSON.stringify(id)} is used twice`, 'DUPLICATE_NAME')
    map.set(id, [index])
  })
  return map
}

function namesOf(terms: DealTerms): Names {
  const tranche = positions(terms.tranches, '/tranches')
  const own = new Map(tranche)
  terms.groups?.forEach(({ id, tranches }, index) => {
    if (tranche.has(id))
      throw new TermsError(`/groups/${index}/id`, `the name ${JSON.stringify(id)} is used twice`, 'DUPLICATE_NAME')
    tranche.set(
      id,
      tranches.map((name, member) => {
        const position = own.get(name)?.[0]
        if (position === undefined)
          throw unknown('tranche', name, `/groups/${index}/tranches/${member}`, [...own.keys()])
        return position
      }),
    )
  })
  return {
    tranche,
    pool: positions(poolsOf(terms), '/pool/pools'),
    account: positions(terms.accounts, '/accounts'),
    fee: positions(terms.fees, '/fees'),
    ledger: positions(terms.ledgers ?? [], '/ledgers'),
    facility: positions(terms.facilities ?? [], '/facilities'),
  }
}

const unknown = (kind: string, name: string, path: string, known: readonly string[]): TermsError =>
  new TermsError(
    path,
    `there is no ${kind} called ${JSON.stringify(name)}${known.length > 0 ? `; known: ${known.slice(0, 12).join(', ')}` : ''}`,
    'UNKNOWN_NAME',
  )

function compilerOf(terms: DealTerms, behaviour: Behaviour, names: Names, series: Map<Formula, string>): Compiler {
  const scope: Scope<Live> = {
    stats: statTable(names, series),
    knows: (of, name) => {
      if (of in names) return names[of as keyof Names].has(name) || [...names[of as keyof Names].keys()]
      if (of === 'source') return COLLECTED_NAMES.includes(name) || COLLECTED_NAMES
      if (of === 'rating') return NOTCHES.includes(name) || NOTCHES
      return true
    },
  }
  return {
    terms,
    behaviour,
    names,
    formula: (text, path, wanted) => {
      try {
        return compileFormula(text, scope, wanted)
      } catch (error) {
        if (error instanceof FormulaError) throw new TermsError(path, error.message, 'BAD_FORMULA')
        throw error
      }
    },
    missing: (path, name, known) => {
      throw unknown('such thing', name, path, known)
    },
    find: (kind, name, path) => {
      const found = names[kind].get(name)
      if (!found) throw unknown(kind, name, path, [...names[kind].keys()])
      return found
    },
  }
}

function compileTerms(terms: DealTerms): Program {
  const behaviour = behaviourOf(terms.conventions)
  const names = namesOf(terms)
  const series = new Map<Formula, string>()
  const compiler = compilerOf(terms, behaviour, names, series)
  const { dates } = terms
  const closing = isoDate(dates.closing ?? dates.cutOff)
  const start = isoDate(dates.lastCollection ?? dates.cutOff)
  const accrualStart = dates.closing === undefined ? isoDate(dates.lastPay ?? dates.cutOff) : closing
  return {
    terms,
    behaviour,
    names,
    perUnit: compilePerUnit(compiler),
    fraction: fractionOf(terms),
    start,
    closing,
    statedMaturity: isoDate(dates.statedMaturity),
    pools: poolsOf(terms).map(({ id, initial }) => ({ id, initial: parseFen(initial) })),
    tranches: terms.tranches.map((tranche, index) => compileTranche(compiler, tranche, index, accrualStart)),
    accounts: terms.accounts.map(({ id, opening, target, interest }, index) => ({
      id,
      payee: { kind: 'account', id } as const,
      opening: parseFen(opening ?? '0'),
      target: target === undefined ? null : compiler.formula(target, `/accounts/${index}/target`, 'money'),
      interest: interest
        ? {
            rate: parseRate(interest.rate),
            dayCount: interest.dayCount as DayCount,
            dates: interest.dates as Pattern,
            accruedTo: isoDate(interest.accruedTo),
          }
        : null,
    })),
    fees: terms.fees.map((fee, index) => compileFee(compiler, fee, `/fees/${index}`, closing)),
    facilities: (terms.facilities ?? []).map((facility) => ({
      id: facility.id,
      credit: parseFen(facility.credit),
      revolving: facility.revolving ?? false,
      drawnRate: parseRate(facility.drawnRate),
      unusedRate: parseRate(facility.unusedRate),
      start: isoDate(facility.start),
    })),
    swaps: compileSwaps(compiler),
    caps: (terms.caps ?? []).map((cap, index) => ({
      id: cap.id,
      index: cap.index,
      strike: cap.strike.map(([date, rate]) => [isoDate(date), parseRate(rate)] as const),
      notional: compiler.formula(cap.notional, `/caps/${index}/notional`, 'money'),
      dates: cap.dates as Pattern,
      start: isoDate(cap.start),
      end: isoDate(cap.end),
    })),
    collection: compileCollection(compiler),
    waterfalls: Object.fromEntries(
      Object.entries(terms.waterfalls).map(([name, steps]) => [
        name,
        compileSteps(compiler, steps, `/waterfalls/${name}`),
      ]),
    ),
    triggers: terms.triggers.map((trigger, index) => compileTrigger(compiler, trigger, `/triggers/${index}`)),
    call: terms.call ? compiler.formula(terms.call.if, '/call/if', 'flag') : null,
    inspections: (terms.inspections ?? []).map(({ id, dates: on, formula }, index) => ({
      id,
      dates: on as Pattern,
      formula: compiler.formula(formula, `/inspections/${index}/formula`),
    })),
    series,
  }
}

function compilePerUnit(compiler: Compiler): PerUnit | null {
  const { holders } = compiler.terms.conventions
  if (holders?.method !== 'per-unit') return null
  const residue = compiler.find('account', holders.residueAccount, '/conventions/holders/residueAccount')[0]!
  return { decimals: holders.decimals, residue }
}

/** BUS/252 counts the business days of the calendar of the payment dates, 30E/360 ISDA knows stated maturity. */
function fractionOf({ dates: { businessDays, statedMaturity } }: DealTerms): Program['fraction'] {
  const context: DayCountContext = {
    terminationDate: isoDate(statedMaturity),
    ...(businessDays && {
      businessDaysBetween: (from: IsoDate, to: IsoDate) =>
        businessDaysBetween(from, to, calendar(businessDays.calendar)),
    }),
  }
  return (dayCount, start, end) => yearFraction(dayCount, start, end, context)
}

function compileTranche(
  compiler: Compiler,
  tranche: DealTerms['tranches'][number],
  index: number,
  start: IsoDate,
): TrancheProgram {
  const path = `/tranches/${index}`
  return {
    id: tranche.id,
    payee: { kind: 'tranche', id: tranche.id },
    index,
    original: parseFen(tranche.original),
    units:
      compiler.terms.conventions.holders?.method === 'per-unit' && tranche.unitFen !== undefined
        ? parseFen(tranche.original) / parseFen(tranche.unitFen)
        : null,
    opening: parseFen(tranche.balance ?? tranche.original),
    principal: tranche.principal,
    coupons: tranche.coupons.map((coupon, i) => compileCoupon(compiler, coupon, `${path}/coupons/${i}`)),
    accrueFrom: tranche.accrueFrom === undefined ? start : isoDate(tranche.accrueFrom),
    stepUp: tranche.stepUp
      ? {
          from: isoDate(tranche.stepUp.from),
          spread: parseRate(tranche.stepUp.spread),
          dates: (tranche.stepUp.dates ?? null) as Pattern | null,
        }
      : null,
  }
}

const maybeRate = (text: string | undefined): Rate | null => (text === undefined ? null : parseRate(text))

function compileCoupon(compiler: Compiler, coupon: CouponTerms, path: string): CouponProgram {
  const none = { notional: null, interestOnInterest: null, floating: null, reference: null, resets: null }
  const dayCount = coupon.dayCount as DayCount
  switch (coupon.type) {
    case 'fixed':
      return {
        ...none,
        type: 'fixed',
        dayCount,
        initial: parseRate(coupon.rate),
        notional: coupon.notional === undefined ? null : compiler.formula(coupon.notional, `${path}/notional`, 'money'),
        interestOnInterest: maybeRate(coupon.interestOnInterest?.spread),
      }
    case 'floating':
      return {
        ...none,
        type: 'floating',
        dayCount,
        initial: parseRate(coupon.initial),
        floating: {
          index: coupon.index,
          spread: parseRate(coupon.spread),
          floor: maybeRate(coupon.floor),
          cap: maybeRate(coupon.cap),
        },
        resets: coupon.resets as Pattern,
      }
    case 'reference':
      return {
        ...none,
        type: 'reference',
        dayCount,
        initial: parseRate(coupon.initial),
        reference: { of: compiler.formula(coupon.of, `${path}/of`, 'number'), factor: parseRate(coupon.factor) },
        resets: coupon.resets as Pattern,
      }
  }
}

function compileFee(compiler: Compiler, fee: FeeTerms, path: string, closing: IsoDate): FeeProgram {
  return {
    id: fee.id,
    payee: { kind: 'fee', id: fee.id },
    terms: fee,
    start: fee.start === undefined ? closing : isoDate(fee.start),
    amount: 'amount' in fee ? parseFen(fee.amount) : 0n,
    rate: 'rate' in fee ? parseRate(fee.rate) : null,
    of:
      'of' in fee
        ? compiler.formula(fee.of, `${path}/of`, 'money')
        : 'due' in fee
          ? compiler.formula(fee.due, `${path}/due`, 'money')
          : null,
    dates: 'dates' in fee ? (fee.dates as Pattern) : null,
    entries: 'entries' in fee ? fee.entries.map(([date, fen]) => [isoDate(date), parseFen(fen)] as const) : [],
    cap: fee.cap === undefined ? null : compiler.formula(fee.cap, `${path}/cap`, 'money'),
    dayCount: ('dayCount' in fee && fee.dayCount ? fee.dayCount : 'ACT_365F') as DayCount,
  }
}

function compileSwaps(compiler: Compiler): SwapProgram[] {
  const leg = (terms: NonNullable<DealTerms['swaps']>[number]['pay']): LegProgram =>
    terms.type === 'fixed'
      ? { rate: parseRate(terms.rate), index: null, spread: { numerator: 0n, denominator: 1n } }
      : { rate: null, index: terms.index, spread: parseRate(terms.spread) }
  return (compiler.terms.swaps ?? []).map((swap, index) => ({
    id: swap.id,
    pay: leg(swap.pay),
    receive: leg(swap.receive),
    notional: compiler.formula(swap.notional, `/swaps/${index}/notional`, 'money'),
    dates: swap.dates as Pattern,
    dayCount: swap.dayCount as DayCount,
    start: isoDate(swap.start),
    settle: swap.settle
      ? {
          dates: swap.settle.dates as Pattern,
          account: compiler.find('account', swap.settle.account, `/swaps/${index}/settle/account`)[0]!,
        }
      : null,
  }))
}

function compileCollection(compiler: Compiler): CollectionProgram[] {
  return compiler.terms.collection.map(({ id, clause, sources, pools, to }, index) => ({
    id,
    clause,
    sources,
    pools: pools
      ? pools.flatMap((name, i) => compiler.find('pool', name, `/collection/${index}/pools/${i}`))
      : [...compiler.names.pool.values()].flat(),
    to: to.map(({ account, share }, i) => ({
      account: compiler.find('account', account, `/collection/${index}/to/${i}/account`)[0]!,
      share: parseRate(share),
    })),
  }))
}

function compileTrigger(compiler: Compiler, terms: TriggerTerms, path: string): TriggerProgram {
  const { test } = terms
  const numerator = compiler.formula(test.numerator, `${path}/test/numerator`)
  const denominator =
    test.denominator === undefined
      ? null
      : compiler.formula(test.denominator, `${path}/test/denominator`, numerator.type)
  return {
    terms,
    numerator,
    denominator,
    threshold: compiler.formula(test.threshold, `${path}/test/threshold`, denominator ? 'number' : numerator.type),
    shown: (test.shown ?? []).map(({ name, denominator: text }, i) => ({
      name,
      denominator: compiler.formula(text, `${path}/test/shown/${i}/denominator`, numerator.type),
    })),
    statuses: terms.statuses ?? null,
  }
}
