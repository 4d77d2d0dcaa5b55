/**
 * Estimate mode: pools in typed arrays and doubles, for valuation, stress and sizes that exact fen cannot reach. It follows
 * the same order in a period as the exact mode (C4: default, prepayment, interest, principal by plan) and differs from it by
 * the rounding of each fen and by counting months instead of days; estimate.test.ts states and checks the bound.
 *
 * Every plan here takes principal in proportion to what is left of a loan, so a loan's balance under stress is its scheduled
 * balance times the survival of the pool. The loans are therefore walked once per pool (`scheduledSums`), and each scenario
 * only costs its months (`stress`).
 */
export type EstimatePlan = 'Level' | 'Even' | 'Bullet'

/** A pool in columns, one element a loan; monthly payments. */
export interface PoolColumns {
  readonly count: number
  /** Outstanding, in fen. */
  readonly balance: Float64Array
  /** Per month. */
  readonly monthlyRate: Float64Array
  readonly remainingMonths: Int32Array
  readonly plan: EstimatePlan
}

/** Contractual sums of a pool per month, month 1 first; fen as doubles. */
export interface ScheduledSums {
  readonly months: number
  /** Before the payment of the month. */
  readonly opening: Float64Array
  readonly principal: Float64Array
  readonly interest: Float64Array
}

/**
 * Walks all loans once.
 * @param months how far; default the longest remaining term
 */
export function scheduledSums(pool: PoolColumns, months: number = longest(pool)): ScheduledSums {
  const opening = new Float64Array(months)
  const principal = new Float64Array(months)
  const interest = new Float64Array(months)
  const { balance, monthlyRate, remainingMonths, plan, count } = pool
  for (let i = 0; i < count; i += 1) {
    const rate = monthlyRate[i]!
    const term = remainingMonths[i]!
    let left = balance[i]!
    const level = plan === 'Level' ? levelShare(rate, term) * left : 0
    const even = plan === 'Even' ? left / term : 0
    const last = Math.min(term, months)
    for (let month = 0; month < last; month += 1) {
      const accrued = left * rate
      const paid = month === term - 1 ? left : plan === 'Level' ? level - accrued : even
      opening[month]! += left
      interest[month]! += accrued
      principal[month]! += paid
      left -= paid
    }
  }
  return { months, opening, principal, interest }
}

const longest = ({ remainingMonths, count }: PoolColumns): number => {
  let most = 0
  for (let i = 0; i < count; i += 1) if (remainingMonths[i]! > most) most = remainingMonths[i]!
  return most
}

/** Level payment per unit of balance. */
const levelShare = (rate: number, term: number): number => {
  if (rate === 0) return 1 / term
  const growth = Math.exp(term * Math.log1p(rate))
  return (rate * growth) / (growth - 1)
}

/** Speeds per month (month 1 first); a shorter array goes on with its last value. */
export interface Scenario {
  /** Share of the balance that defaults in a month. */
  readonly defaultRate: ArrayLike<number>
  /** Share of what does not default that is prepaid in a month (SMM). */
  readonly prepayRate: ArrayLike<number>
  readonly recoveryRate: number
  readonly recoveryLagMonths: number
}

/** Monthly rate of an annual speed: 1 − (1 − a)^(1/12). */
export const monthlyOf = (annual: number): number => 1 - Math.pow(1 - annual, 1 / 12)

/** CDR and CPR a year, flat. */
export const flatScenario = (
  cdr: number,
  cpr: number,
  recovery: { readonly rate: number; readonly lagMonths: number },
): Scenario => ({
  defaultRate: [monthlyOf(cdr)],
  prepayRate: [monthlyOf(cpr)],
  recoveryRate: recovery.rate,
  recoveryLagMonths: recovery.lagMonths,
})

/** MDR and SMM are monthly already; ABS speed a: SMM = a ÷ (1 − a·(age − 1)), age in months since origin. */
export const absSpeed = (abs: number, months: number, ageBefore = 0): Float64Array =>
  Float64Array.from({ length: months }, (_, i) => Math.min(1, abs / Math.max(1e-12, 1 - abs * (ageBefore + i))))

/** PSA ramp: 0.2 % a month up to 6 % a year, times the multiple. */
export const psaSpeed = (multiple: number, months: number, ageBefore = 0): Float64Array =>
  Float64Array.from({ length: months }, (_, i) => monthlyOf(Math.min(0.002 * (ageBefore + i + 1), 0.06) * multiple))

/** A pool's flow per month in doubles of fen; recoveries make it longer than the schedule by their lag. */
export interface EstimateFlow {
  readonly months: number
  /** End of the month. */
  readonly balance: Float64Array
  readonly principal: Float64Array
  readonly interest: Float64Array
  readonly prepayment: Float64Array
  readonly default: Float64Array
  readonly recovery: Float64Array
  readonly loss: Float64Array
}

export const emptyFlow = (months: number): EstimateFlow => ({
  months,
  balance: new Float64Array(months),
  principal: new Float64Array(months),
  interest: new Float64Array(months),
  prepayment: new Float64Array(months),
  default: new Float64Array(months),
  recovery: new Float64Array(months),
  loss: new Float64Array(months),
})

const at = (values: ArrayLike<number>, month: number): number =>
  values.length === 0 ? 0 : values[Math.min(month, values.length - 1)]!

/** Puts a scenario on scheduled sums. */
export function stress(sums: ScheduledSums, scenario: Scenario): EstimateFlow {
  const { recoveryRate, recoveryLagMonths: lag } = scenario
  const flow = emptyFlow(sums.months + lag)
  let survival = 1
  for (let month = 0; month < sums.months; month += 1) {
    const begin = sums.opening[month]! * survival
    const lost = begin * at(scenario.defaultRate, month)
    const prepaid = (begin - lost) * at(scenario.prepayRate, month)
    const kept = begin === 0 ? 0 : (begin - lost - prepaid) / begin
    survival *= kept
    flow.default[month] = lost
    flow.prepayment[month] = prepaid
    flow.interest[month] = sums.interest[month]! * survival
    flow.principal[month] = sums.principal[month]! * survival
    flow.balance[month] = (sums.opening[month]! - sums.principal[month]!) * survival
    flow.recovery[month + lag]! += lost * recoveryRate
    flow.loss[month + lag]! += lost * (1 - recoveryRate)
  }
  return flow
}

export const estimatePool = (pool: PoolColumns, scenario: Scenario, months?: number): EstimateFlow =>
  stress(scheduledSums(pool, months), scenario)

/** Sum of a column. */
export const total = (column: Float64Array): number => column.reduce((sum, value) => sum + value, 0)
