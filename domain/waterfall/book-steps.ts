/** Steps that move no cash between accounts: accrual, ledgers, write-off, a tranche drawn on. */
import { fenOf } from '../deal/formula/compile.ts'
import { minFen, type Fen } from '../money.ts'
import { accrueTranche } from './accrual.ts'
import type { Formula, Live } from './live.ts'
import type { StepMark } from './live-types.ts'
import { takeOff } from './write-off.ts'

export function accrueAndBook(live: Live, mark: StepMark, index: number): void {
  const record = live.tranches[index]!
  const before = record.accrued
  accrueTranche(live, index, live.accrueTo, true)
  const amount = record.accrued - before
  live.book(mark, live.program.tranches[index]!.payee, amount, amount, { ...record.inputs })
}

export function bookLedger(live: Live, index: number, direction: 'debit' | 'credit', amount: Fen): void {
  if (amount === 0n) return
  const ledger = live.state.ledgers[index]!
  ledger.balance += direction === 'debit' ? amount : -amount
  if (live.recordMovements)
    live.movements.push({ date: live.date, of: 'ledger', index, amount, balance: ledger.balance, more: { direction } })
}

/** Over ledgers in list order, each up to its cap (as stated, whatever the ledger holds already). */
export function bookLedgers(
  live: Live,
  mark: StepMark,
  direction: 'debit' | 'credit',
  amount: Formula,
  ledgers: readonly { index: number; cap: Formula }[],
): void {
  const { money } = live.program.behaviour
  let left = fenOf(amount, live, money)
  for (const { index, cap } of ledgers) {
    const most = fenOf(cap, live, money)
    const booked = minFen(left, most)
    const positive = booked > 0n ? booked : 0n
    live.book(mark, { kind: 'ledger', id: live.state.ledgers[index]!.id }, left, positive, { cap: most })
    bookLedger(live, index, direction, positive)
    left -= positive
  }
}

/** Interest is accrued first; then min(amount, balance) is taken off, without cash. */
export function writeOff(live: Live, mark: StepMark, index: number, amount: Fen): void {
  accrueTranche(live, index, live.accrueTo, true)
  const state = live.state.tranches[index]!
  const wanted = amount > 0n ? amount : 0n
  const taken = state.balance - takeOff([state.balance], wanted).balances[0]!
  state.balance -= taken
  const record = live.tranches[index]!
  record.writtenOff += taken
  if (taken > 0n) record.touched = true
  live.book(mark, live.program.tranches[index]!.payee, wanted, taken)
}

/** Interest is accrued first; then the balance rises by the amount, which is deposited. */
export function fund(live: Live, mark: StepMark, index: number, to: number, amount: Fen): void {
  accrueTranche(live, index, live.accrueTo, true)
  const state = live.state.tranches[index]!
  state.balance += amount
  const record = live.tranches[index]!
  record.drawn += amount
  if (amount > 0n) record.touched = true
  live.deposit(to, amount, live.program.tranches[index]!.payee, 'principal', mark.id)
  live.book(mark, live.program.tranches[index]!.payee, amount, amount)
}
