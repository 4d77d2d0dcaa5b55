/** Interest of tranches: accrual, what is due, and how a payment is applied to it. Rules C9 and C11 of the vectors. */
import { daysBetween, type IsoDate } from '../date.ts'
import { fenOf } from '../deal/formula/compile.ts'
import { add, multiply, ratio, toFen, ZERO, type Rate } from '../rate.ts'
import { maxFen, minFen, parseFen, type Fen } from '../money.ts'
import type { CouponProgram, Live, TrancheProgram } from './live.ts'
import type { Figure } from './period.ts'
import type { CouponState, TrancheState } from './state.ts'

/**
 * Accrues a tranche to a date. `settle`: what has accrued falls due (a waterfall asks for it); otherwise it may stay
 * exact until it does (a rate changes in the middle of a period), where the profile rounds when due.
 */
export function accrueTranche(live: Live, index: number, to: IsoDate, settle: boolean): void {
  const program = live.program.tranches[index]!
  const state = live.state.tranches[index]!
  if (program.principal.type === 'equity') return
  const record = live.tranches[index]!
  let accrued = 0n
  // Lines written earlier keep the inputs of their own accrual.
  let inputs: Record<string, Figure> | null = null
  program.coupons.forEach((coupon, strip) => {
    const couponState = state.coupons[strip]!
    if (settle && to > couponState.accruedTo) noteInputs((inputs ??= {}), live, state, coupon, strip, to)
    const amount = accrueCoupon(live, program, state, coupon, couponState, to, settle)
    if (program.principal.type !== 'accretion') accrued += amount
    else if (amount !== 0n) {
      couponState.due = 0n
      couponState.dueOnDue = 0n
      state.balance += amount
      record.touched = true
    }
  })
  record.accrued += accrued
  if (inputs) record.inputs = inputs
}

/** What the interest of a strip is worked out from; strips after the first are numbered. */
function noteInputs(
  inputs: Record<string, Figure>,
  live: Live,
  tranche: TrancheState,
  coupon: CouponProgram,
  strip: number,
  to: IsoDate,
): void {
  const { rate, accruedTo, due, dueOnDue } = tranche.coupons[strip]!
  const base = coupon.notional ? fenOf(coupon.notional, live, live.program.behaviour.money) : tranche.balance
  const { dayCount } = coupon
  const carried = due + dueOnDue
  if (strip === 0) {
    Object.assign(inputs, { base, rate, from: accruedTo, to, dayCount }, carried > 0n ? { carried } : null)
    return
  }
  const figures = { base, rate, from: accruedTo, to, dayCount, ...(carried > 0n && { carried }) }
  for (const [name, figure] of Object.entries(figures)) inputs[`${name}.${strip + 1}`] = figure
}

function accrueCoupon(
  live: Live,
  program: TrancheProgram,
  tranche: TrancheState,
  coupon: CouponProgram,
  state: CouponState,
  to: IsoDate,
  settle: boolean,
): Fen {
  const { behaviour } = live.program
  const from = state.accruedTo
  const late = to <= from
  const settling = settle || behaviour.interestRounded === 'each-accrual'
  if (late && !(settling && state.pending.numerator !== 0n)) return 0n
  const base = coupon.notional ? fenOf(coupon.notional, live, behaviour.money) : tranche.balance
  const before = state.due
  if (!late) {
    const fraction = live.program.fraction(coupon.dayCount, from, to)
    const interest =
      program.coupons.length > 1 && behaviour.interestRounded === 'each-accrual'
        ? multiply(ratio(live.product(base, state.rate)), fraction)
        : multiply(ratio(base * state.rate.numerator, state.rate.denominator), fraction)
    state.pending = add(state.pending, interest)
    state.accruedTo = to
    if (before > 0n) state.dueOnDue += interestOnInterest(live, coupon, state, before, fraction, from, to)
  }
  if (!settling) return 0n
  const amount = toFen(state.pending, behaviour.money)
  state.pending = ZERO
  state.due += amount
  return amount
}

/** Unpaid interest earns the coupon (C9), or what the terms say; interest on interest itself earns nothing. */
function interestOnInterest(
  live: Live,
  coupon: CouponProgram,
  state: CouponState,
  due: Fen,
  fraction: Rate,
  from: IsoDate,
  to: IsoDate,
): Fen {
  if (coupon.interestOnInterest) {
    const rate = add(state.rate, coupon.interestOnInterest)
    const days = ratio(BigInt(daysBetween(from, to)), 365n)
    return live.product(due, multiply(rate, days))
  }
  if (!live.program.behaviour.interestOnUnpaid || coupon.notional) return 0n
  return live.product(due, multiply(state.rate, fraction))
}

/** What would be owed if interest were accrued to the date: nothing is changed. */
export function interestOwedAt(live: Live, index: number, date: IsoDate): Fen {
  const program = live.program.tranches[index]!
  const tranche = live.state.tranches[index]!
  if (program.principal.type === 'equity' || program.principal.type === 'accretion') return 0n
  return program.coupons.reduce((sum, coupon, strip) => {
    const state = { ...tranche.coupons[strip]! }
    accrueCoupon(live, program, tranche, coupon, state, date, true)
    return sum + state.due + state.dueOnDue
  }, 0n)
}

/** Due interest with interest on it; of one strip where a number is given. */
export function interestOwed(state: TrancheState, strip?: number): Fen {
  if (strip !== undefined) {
    const coupon = state.coupons[strip]
    return coupon ? coupon.due + coupon.dueOnDue : 0n
  }
  let total = 0n
  for (const coupon of state.coupons) total += coupon.due + coupon.dueOnDue
  return total
}

/** Applies a payment: interest on interest first, then interest, strips in order. */
export function applyInterest(live: Live, index: number, amount: Fen, strip?: number): void {
  const state = live.state.tranches[index]!
  const coupons = strip === undefined ? state.coupons : [state.coupons[strip]!]
  let left = amount
  for (const key of ['dueOnDue', 'due'] as const) {
    for (const coupon of coupons) {
      const paid = minFen(coupon[key], left)
      coupon[key] -= paid
      left -= paid
    }
  }
  const record = live.tranches[index]!
  record.interest += amount
  record.touched = true
}

/** Principal due now: what the balance exceeds the target of its profile by (C11). */
export function principalDue(live: Live, index: number): Fen {
  const { principal } = live.program.tranches[index]!
  const { balance } = live.state.tranches[index]!
  switch (principal.type) {
    case 'sequential':
    case 'equity':
      return balance
    case 'interest-only':
      return 0n
    case 'lockout':
      return live.date < principal.until ? 0n : balance
    case 'bullet':
      return live.date < principal.on ? 0n : balance
    case 'planned': {
      let target = 0n
      for (const [date, fen] of principal.targets) if (date <= live.date) target = parseFen(fen)
      return maxFen(0n, balance - target)
    }
    case 'accretion':
      return live.state.tranches.some((other, i) => i !== index && other.balance > 0n) ? 0n : balance
  }
}

export function applyPrincipal(live: Live, index: number, amount: Fen): void {
  live.state.tranches[index]!.balance -= amount
  const record = live.tranches[index]!
  record.principal += amount
  record.touched = true
}

/** The rate a tranche shows: the sum of its strips (0 without coupon). */
export const shownRate = (state: TrancheState): Rate => state.coupons.reduce((sum, { rate }) => add(sum, rate), ZERO)
