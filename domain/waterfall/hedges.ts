/** Facilities, swaps and caps. Definitions: testdata/vectors/VOCABULARY.md (Facility, Swap, RateCap). */
import type { IsoDate } from '../date.ts'
import { daysBetween } from '../date.ts'
import { fenOf } from '../deal/formula/compile.ts'
import { add, compare, multiply, ratio, subtract, toFen, ZERO, type Rate } from '../rate.ts'
import { minFen, type Fen } from '../money.ts'
import { spellWeight } from './fees.ts'
import type { Live } from './live.ts'
import type { StepMark } from './live-types.ts'
import type { LegProgram } from './program-types.ts'

/** Interest on the drawn amount and premium on the available credit since the last accrual; neither bears anything. */
export function accrueFacility(live: Live, mark: StepMark, index: number): void {
  const program = live.program.facilities[index]!
  const state = live.state.facilities[index]!
  // Before its start a facility accrues nothing; on the day of the last accrual there is a row of nothing.
  const from = state.accruedTo
  if (live.date < from) return
  const interest = live.product(spellWeight(state.drawn, from, live.date), program.drawnRate)
  const premium = live.product(spellWeight(state.available, from, live.date), program.unusedRate)
  state.dueInterest += interest
  state.duePremium += premium
  state.accruedTo = live.date
  live.facilityRow(index, 'accrue', 0n)
  const due = interest + premium
  live.book(mark, { kind: 'facility', id: state.id }, due, due, { interest, premium, from, to: live.date })
}

const REPAID = { premium: 'duePremium', interest: 'dueInterest', balance: 'drawn' } as const
const ROW_KIND = { premium: 'repayPremium', interest: 'repayInterest', balance: 'repayBalance' } as const

/** One movement of the account, however many things are repaid. */
export function repayFacility(
  live: Live,
  mark: StepMark,
  account: number,
  index: number,
  order: readonly (keyof typeof REPAID)[],
): void {
  const state = live.state.facilities[index]!
  const revolving = live.program.facilities[index]!.revolving
  const payee = { kind: 'facility', id: state.id } as const
  const opening = live.state.accounts[account]!.balance
  for (const what of order) {
    const due = state[REPAID[what]]
    const paid = minFen(due, live.state.accounts[account]!.balance)
    live.payOut(mark, account, { payee, due, inputs: { what } }, paid, 'facility')
    state[REPAID[what]] -= paid
    if (what === 'balance' && revolving) state.available += paid
    live.facilityRow(index, ROW_KIND[what], paid)
  }
  live.moved(account, live.state.accounts[account]!.balance - opening)
}

/** Draws into an account, up to the limit and the available credit (a shortfall payment by a guarantor is one). */
export function drawFacility(live: Live, mark: StepMark, account: number, index: number, limit: Fen | null): void {
  const state = live.state.facilities[index]!
  const wanted = limit === null ? state.available : limit > 0n ? limit : 0n
  const taken = minFen(wanted, state.available)
  state.available -= taken
  state.drawn += taken
  live.deposit(account, taken, { kind: 'facility', id: state.id }, 'facility', mark.id)
  live.facilityRow(index, 'draw', -taken)
  live.book(mark, live.program.accounts[account]!.payee, wanted, taken, { facility: state.id })
}

const legRate = (live: Live, leg: LegProgram): Rate =>
  leg.rate ?? add(live.indexAt(leg.index!, live.date, 'inclusive'), leg.spread)

/** amount = notional now × year fraction × (receive − pay rate now), one exact product, floored once. */
export function accrueSwap(live: Live, index: number): void {
  const swap = live.program.swaps[index]!
  const state = live.state.swaps[index]!
  const notional = fenOf(swap.notional, live, live.program.behaviour.money)
  const [payRate, receiveRate] = [legRate(live, swap.pay), legRate(live, swap.receive)]
  const fraction = live.program.fraction(swap.dayCount, state.accruedTo, live.date)
  const amount = live.product(notional, multiply(fraction, subtract(receiveRate, payRate)))
  state.net += amount
  state.accruedTo = live.date
  if (live.recordMovements)
    live.movements.push({
      date: live.date,
      of: 'swapAccrual',
      index,
      amount,
      balance: state.net,
      more: { notional, payRate, receiveRate },
    })
}

/** Receives a positive net whole; pays a negative one as far as the account reaches. Nothing is settled twice. */
export function settleSwap(live: Live, mark: StepMark, account: number, index: number): void {
  const state = live.state.swaps[index]!
  const payee = { kind: 'swap', id: state.id } as const
  const { net } = state
  if (net >= 0n) {
    live.deposit(account, net, payee, 'hedge', mark.id)
    live.book(mark, payee, net, net, { net })
    state.net = 0n
    swapRow(live, index, net)
    return
  }
  const paid = minFen(-net, live.state.accounts[account]!.balance)
  live.payOut(mark, account, { payee, due: -net, inputs: { net } }, paid, 'hedge')
  state.net += paid
  live.moved(account, -paid)
  swapRow(live, index, -paid)
}

function swapRow(live: Live, index: number, amount: Fen): void {
  if (live.recordMovements && amount !== 0n)
    live.movements.push({ date: live.date, of: 'swapSettlement', index, amount, balance: live.state.swaps[index]!.net })
}

/** The last point on or before a date; 0 when there is none. */
export const stepAt = (points: readonly (readonly [IsoDate, Rate])[], date: IsoDate): Rate => {
  let value = ZERO
  for (const [at, rate] of points) if (at <= date) value = rate
  return value
}

/** max(0, index − strike) × notional × ACT/365F; 0 outside [start, end]. */
export function capAmount(
  cap: { readonly strike: readonly (readonly [IsoDate, Rate])[] },
  index: Rate,
  notional: Fen,
  from: IsoDate,
  to: IsoDate,
): Fen {
  const excess = subtract(index, stepAt(cap.strike, to))
  if (compare(excess, ZERO) <= 0) return 0n
  return toFen(multiply(multiply(excess, ratio(notional)), ratio(BigInt(daysBetween(from, to)), 365n)), 'floor')
}

export function accrueCap(live: Live, index: number): void {
  const cap = live.program.caps[index]!
  const state = live.state.caps[index]!
  if (live.date < cap.start || live.date > cap.end) return
  const notional = fenOf(cap.notional, live, live.program.behaviour.money)
  const amount = capAmount(cap, live.indexAt(cap.index, live.date, 'inclusive'), notional, state.accruedTo, live.date)
  state.due += amount
  state.accruedTo = live.date
  if (live.recordMovements)
    live.movements.push({ date: live.date, of: 'capAccrual', index, amount, balance: state.due, more: { notional } })
}

export function collectCap(live: Live, mark: StepMark, account: number, index: number): void {
  const state = live.state.caps[index]!
  const payee = { kind: 'cap', id: state.id } as const
  const amount = state.due
  live.deposit(account, amount, payee, 'hedge', mark.id)
  state.due = 0n
  live.book(mark, payee, amount, amount)
  if (live.recordMovements && amount !== 0n)
    live.movements.push({ date: live.date, of: 'capSettlement', index, amount, balance: 0n })
}
