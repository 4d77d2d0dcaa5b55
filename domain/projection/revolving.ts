import { emptyFlow, scheduledSums, stress, type EstimateFlow, type EstimatePlan, type Scenario } from './estimate.ts'

/** A revolving pool: short receivables that pay at a rate, and buy new ones while the plan revolves. */
export interface RevolvingPool {
  /** Fen at the start. */
  readonly balance: number
  /** Yield a month on the balance at its beginning. */
  readonly monthlyYield: number
  /** Share of the beginning balance that is repaid in month 1, 2, …; the last holds on (payment-rate curve). */
  readonly paymentRate: ArrayLike<number>
  /** Share of the beginning balance that defaults a month, before payments. */
  readonly defaultRate: ArrayLike<number>
  readonly recoveryRate: number
  readonly recoveryLagMonths: number
}

/** What new assets are bought with and how they pay. */
export interface Reinvestment {
  /** Principal collections of this many months are reinvested. */
  readonly months: number
  /** Paid per unit of balance bought. */
  readonly price: number
  /** New assets pay as the pool does, on the same curves from their own first month, or on terms of their own. */
  readonly terms:
    | 'as-pool'
    | {
        readonly monthlyRate: number
        readonly termMonths: number
        readonly plan: EstimatePlan
        readonly scenario: Scenario
      }
}

export interface RevolvingFlow extends EstimateFlow {
  /** Cash spent on new assets, and balance bought with it, per month. */
  readonly spent: Float64Array
  readonly bought: Float64Array
}

const at = (values: ArrayLike<number>, month: number): number =>
  values.length === 0 ? 0 : values[Math.min(month, values.length - 1)]!

/** Flow of one unit on payment-rate curves. */
function unitFlow(pool: RevolvingPool, months: number): EstimateFlow {
  const flow = emptyFlow(months + pool.recoveryLagMonths)
  let balance = 1
  for (let month = 0; month < months; month += 1) {
    const lost = balance * at(pool.defaultRate, month)
    flow.default[month] = lost
    flow.interest[month] = (balance - lost) * pool.monthlyYield
    flow.principal[month] = Math.min(balance - lost, balance * at(pool.paymentRate, month))
    balance -= lost + flow.principal[month]!
    flow.balance[month] = balance
    flow.recovery[month + pool.recoveryLagMonths]! += lost * pool.recoveryRate
    flow.loss[month + pool.recoveryLagMonths]! += lost * (1 - pool.recoveryRate)
  }
  return flow
}

function newAssetUnit(pool: RevolvingPool, terms: Reinvestment['terms'], months: number): EstimateFlow {
  if (terms === 'as-pool') return unitFlow(pool, months)
  const one = {
    count: 1,
    balance: Float64Array.of(1),
    monthlyRate: Float64Array.of(terms.monthlyRate),
    remainingMonths: Int32Array.of(terms.termMonths),
    plan: terms.plan,
  }
  return stress(scheduledSums(one), terms.scenario)
}

/**
 * The pool and every cohort bought from its principal. A purchase at the end of a month pays from the next month on; the
 * reported principal is what the pool collected, of which `spent` went into new assets.
 */
export function projectRevolving(pool: RevolvingPool, reinvestment: Reinvestment, months: number): RevolvingFlow {
  const tail = pool.recoveryLagMonths
  const sum = emptyFlow(months + tail)
  const spent = new Float64Array(months + tail)
  const bought = new Float64Array(months + tail)
  const first = unitFlow(pool, months)
  const unit = newAssetUnit(pool, reinvestment.terms, months)
  add(sum, first, pool.balance, 0, months)
  for (let month = 0; month < Math.min(reinvestment.months, months); month += 1) {
    spent[month] = sum.principal[month]! + sum.prepayment[month]!
    bought[month] = spent[month]! / reinvestment.price
    sum.balance[month]! += bought[month]!
    add(sum, unit, bought[month]!, month + 1, months)
  }
  return { ...sum, spent, bought }
}

/** Only recoveries and losses of defaults within the horizon reach beyond it. */
const LATE: readonly Column[] = ['recovery', 'loss']
const COLUMNS = ['balance', 'principal', 'interest', 'prepayment', 'default', 'recovery', 'loss'] as const
type Column = (typeof COLUMNS)[number]

function add(sum: EstimateFlow, unit: EstimateFlow, scale: number, from: number, months: number): void {
  for (const column of COLUMNS) {
    const into = sum[column]
    const source = unit[column]
    const end = LATE.includes(column) ? into.length : months
    const last = Math.min(source.length, end - from)
    for (let i = 0; i < last; i += 1) into[from + i]! += source[i]! * scale
  }
}
