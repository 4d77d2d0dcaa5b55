import { emptyFlow, type EstimateFlow } from './estimate.ts'

/** Arrears buckets: M0 current, Mk between 30·(k − 1) + 1 and 30·k days late, M6+ more than 180 days. */
export const BUCKETS = ['M0', 'M1', 'M2', 'M3', 'M4', 'M5', 'M6', 'M6+'] as const
export type Bucket = (typeof BUCKETS)[number]

/**
 * Monthly transitions of balance between buckets. `roll[k]` goes to the next bucket (from the last one given: to default);
 * `cure[k]` comes back to M0; the rest stays. Buckets after the last one given are not used.
 */
export interface RollRates {
  readonly roll: readonly number[]
  /** Of M1 and later; default: everything that does not roll. */
  readonly cure?: readonly number[]
}

export class RollRateError extends Error {
  override readonly name = 'RollRateError'
  constructor(
    readonly code: 'NOT_A_SHARE' | 'TOO_MANY_BUCKETS',
    readonly details: Readonly<Record<string, string>>,
  ) {
    super(`${code} ${JSON.stringify(details)}`)
  }
}

export interface RollPool {
  /** Balance by bucket, M0 first, in fen. */
  readonly balance: readonly number[]
  /** Monthly interest rate on paying balances. */
  readonly monthlyRate: number
  /** Share of the paying balance that is scheduled to be paid in month 1, 2, …; the last holds on. */
  readonly scheduled: ArrayLike<number>
  /** Share of what is left of the paying balance that is prepaid a month. */
  readonly prepayRate: number
  readonly recoveryRate: number
  readonly recoveryLagMonths: number
}

export interface RollFlow extends EstimateFlow {
  /** End-of-month balances by bucket, one array a month. */
  readonly buckets: readonly Float64Array[]
}

/**
 * Projects a pool through its buckets: each month balances first move (roll, cure, stay), then M0 pays interest, scheduled
 * principal and prepayment; what is late pays nothing until it cures. Balance = all buckets that are not in default.
 * @throws RollRateError when a share lies outside [0, 1], or roll and cure of a bucket exceed it together
 */
export function projectRollRates(pool: RollPool, rates: RollRates, months: number): RollFlow {
  const states = checkRates(rates)
  const flow = emptyFlow(months + pool.recoveryLagMonths)
  const buckets: Float64Array[] = []
  let now = Float64Array.from({ length: states }, (_, k) => pool.balance[k] ?? 0)
  for (let month = 0; month < months; month += 1) {
    const { next, defaulted } = move(now, rates)
    const begin = next[0]!
    const interest = begin * pool.monthlyRate
    const share = pool.scheduled.length === 0 ? 0 : pool.scheduled[Math.min(month, pool.scheduled.length - 1)]!
    const principal = begin * share
    const prepayment = (begin - principal) * pool.prepayRate
    next[0] = begin - principal - prepayment
    flow.interest[month] = interest
    flow.principal[month] = principal
    flow.prepayment[month] = prepayment
    flow.default[month] = defaulted
    flow.recovery[month + pool.recoveryLagMonths]! += defaulted * pool.recoveryRate
    flow.loss[month + pool.recoveryLagMonths]! += defaulted * (1 - pool.recoveryRate)
    flow.balance[month] = next.reduce((sum, value) => sum + value, 0)
    buckets.push(next)
    now = next
  }
  for (let month = months; month < flow.months; month += 1) flow.balance[month] = flow.balance[months - 1] ?? 0
  return { ...flow, buckets }
}

function move(now: Float64Array, rates: RollRates): { next: Float64Array<ArrayBuffer>; defaulted: number } {
  const next = new Float64Array(now.length)
  let defaulted = 0
  for (let k = 0; k < now.length; k += 1) {
    const rolled = now[k]! * rates.roll[k]!
    const cured = k === 0 ? 0 : now[k]! * cureOf(rates, k)
    if (k === now.length - 1) defaulted = rolled
    else next[k + 1]! += rolled
    next[0]! += cured
    next[k]! += now[k]! - rolled - cured
  }
  return { next, defaulted }
}

const cureOf = ({ roll, cure }: RollRates, k: number): number => cure?.[k - 1] ?? 1 - roll[k]!

function checkRates(rates: RollRates): number {
  const states = rates.roll.length
  if (states === 0 || states > BUCKETS.length) throw new RollRateError('TOO_MANY_BUCKETS', { buckets: String(states) })
  for (const [k, roll] of rates.roll.entries()) {
    const cure = k === 0 ? 0 : cureOf(rates, k)
    if (!(roll >= 0 && cure >= 0 && roll + cure <= 1 + 1e-12)) {
      throw new RollRateError('NOT_A_SHARE', { bucket: BUCKETS[k]!, roll: String(roll), cure: String(cure) })
    }
  }
  return states
}
