/**
 * A deal while it runs: the state being changed, the date, and what is written down. Every movement of cash goes through
 * `deposit` or `withdraw` (or a facility's draw, pay.ts), which keep the account of what came in and went out;
 * `assertConserved` compares it with the accounts after every step.
 */
import type { IsoDate } from '../date.ts'
import { fenOf } from '../deal/formula/compile.ts'
import type { DealEventName, Status } from '../deal/words.ts'
import { mulDiv, type Fen } from '../money.ts'
import type { Rate } from '../rate.ts'
import {
  emptyRecord,
  WaterfallError,
  type Environment,
  type Movement,
  type Owed,
  type StepMark,
  type TrancheRecord,
} from './live-types.ts'
import type { DealEvent, Figure, Payee, StepLine, Transfer, TriggerResult } from './period.ts'
import type * as types from './program-types.ts'
import type { DealState } from './state.ts'

/** The compiled forms, over this running deal. */
export type Program = types.Program<Live>
export type Formula = types.FormulaOf<Live>
export type Compiler = types.Compiler<Live>
export type CompiledStep = types.CompiledStep<Live>
export type CouponProgram = types.CouponProgram<Live>
export type TrancheProgram = types.TrancheProgram<Live>
export type FeeProgram = types.FeeProgram<Live>
export type TriggerProgram = types.TriggerProgram<Live>
export type AccountProgram = types.AccountProgram<Live>
export type SwapProgram = types.SwapProgram<Live>
export type CapProgram = types.CapProgram<Live>

export class Live {
  date: IsoDate
  /** Interest accrues to here when a step says so; the date itself unless the period says otherwise. */
  accrueTo: IsoDate
  accrueFrom: IsoDate
  lines: StepLine[] = []
  transfers: Transfer[] = []
  /** Of the whole run, where statements are recorded. */
  allTransfers: Transfer[] = []
  events: DealEvent[] = []
  triggerResults: TriggerResult[] = []
  movements: Movement[] = []
  /** Whether statements of accounts, ledgers and the like are wanted. */
  recordMovements = false
  run = 0
  cashIn: Fen = 0n
  cashOut: Fen = 0n
  opening: Fen
  tranches: TrancheRecord[]
  fees: { accrued: Fen; paid: Fen }[]
  /** What the fees' last calculation was made of. */
  feeInputs: Readonly<Record<string, Figure>>[]
  called = false
  /** Accounts whose target is being worked out. */
  private readonly asked = new Set<number>()

  constructor(
    readonly program: Program,
    readonly state: DealState,
    readonly env: Environment,
  ) {
    this.date = state.asOf
    this.accrueTo = state.asOf
    this.accrueFrom = state.asOf
    this.opening = this.cashNow()
    this.tranches = state.tranches.map(emptyRecord)
    this.fees = state.fees.map(() => ({ accrued: 0n, paid: 0n }))
    this.feeInputs = state.fees.map(() => ({}))
  }

  at(date: IsoDate): void {
    this.date = date
    this.accrueTo = date
    this.state.asOf = date
  }

  indexAt(name: string, date: IsoDate, lookup: 'inclusive' | 'exclusive'): Rate {
    return this.env.indexAt(name, date, lookup)
  }

  cashNow(): Fen {
    let total = 0n
    for (const { balance } of this.state.accounts) total += balance
    return total
  }

  targetOf(account: number): Fen {
    const { target, id } = this.program.accounts[account]!
    if (!target) return 0n
    if (this.asked.has(account)) throw new WaterfallError('CYCLE', { target: id, reason: 'depends on itself' })
    this.asked.add(account)
    try {
      return fenOf(target, this, this.program.behaviour.money)
    } finally {
      this.asked.delete(account)
    }
  }

  /** rate × amount, rounded as the profile rounds money. */
  product(amount: Fen, rate: Rate): Fen {
    return mulDiv(amount, rate.numerator, rate.denominator, this.program.behaviour.money)
  }

  /** Changes an account's balance; of an account that earns interest the spell of the old balance is closed first. */
  private change(account: number, amount: Fen): void {
    const state = this.state.accounts[account]!
    this.closeSpell(account)
    state.balance += amount
    if (state.balance < 0n)
      throw new WaterfallError('NEGATIVE', { account: state.id, balance: state.balance.toString() })
  }

  closeSpell(account: number): void {
    const state = this.state.accounts[account]!
    const { interest } = this.program.accounts[account]!
    if (!interest || state.since === null || state.since >= this.date) return
    state.weighted += this.product(state.balance, this.program.fraction(interest.dayCount, state.since, this.date))
    state.since = this.date
  }

  /** Cash from outside into an account. */
  deposit(
    account: number,
    amount: Fen,
    from: Payee,
    kind: Transfer['kind'],
    stepId: string,
    parts?: Transfer['parts'],
  ): void {
    if (amount === 0n) return
    this.change(account, amount)
    this.cashIn += amount
    const to = this.program.accounts[account]!.payee
    this.transferred({ stepId, from, to, amount, kind, ...(parts && { parts }) })
    this.moved(account, amount)
  }

  /** Cash from an account to the outside, or to another account. */
  withdraw(account: number, amount: Fen, to: Payee, kind: Transfer['kind'], stepId: string): void {
    if (amount === 0n) return
    this.change(account, -amount)
    if (to.kind === 'account') this.change(this.program.names.account.get(to.id)![0]!, amount)
    else this.cashOut += amount
    this.transferred({ stepId, from: this.program.accounts[account]!.payee, to, amount, kind })
  }

  transferred(transfer: Transfer): void {
    this.transfers.push(transfer)
    if (this.recordMovements) this.allTransfers.push(transfer)
  }

  moved(account: number, amount: Fen): void {
    if (!this.recordMovements || amount === 0n) return
    const { balance } = this.state.accounts[account]!
    this.movements.push({ date: this.date, of: 'account', index: account, amount, balance })
  }

  /** One line of the record. `from` and the cash before and after are of the account or facility that pays, if one does. */
  write(step: StepMark, { payee, due, inputs }: Owed, paid: Fen, from: string | null, before: Fen, after: Fen): void {
    this.lines.push({
      run: this.run,
      step: step.id,
      clause: step.clause,
      action: step.action,
      date: this.date,
      from,
      to: payee,
      availableBefore: before,
      due,
      paid,
      shortfall: due - paid,
      availableAfter: after,
      inputs,
    })
  }

  /** A line without cash. */
  book(step: StepMark, payee: Payee, due: Fen, booked: Fen, inputs: Readonly<Record<string, Figure>> = {}): void {
    this.write(step, { payee, due, inputs }, booked, null, 0n, 0n)
  }

  /** Pays from an account and writes the line. */
  payOut(step: StepMark, account: number, owed: Owed, paid: Fen, kind: Transfer['kind']): void {
    const state = this.state.accounts[account]!
    const before = state.balance
    this.withdraw(account, paid, owed.payee, kind, step.id)
    this.write(step, owed, paid, state.id, before, state.balance)
  }

  /** An event that no trigger brings about. */
  raise(event: DealEventName, clause: string, from: Status = this.state.status, to: Status = from): void {
    this.events.push({ event, date: this.date, clause, trigger: null, from, to })
  }

  facilityRow(facility: number, kind: string, amount: Fen): void {
    if (!this.recordMovements || (amount === 0n && kind !== 'accrue' && kind !== 'open')) return
    const { available, drawn, dueInterest, duePremium } = this.state.facilities[facility]!
    this.movements.push({
      date: this.date,
      of: 'facility',
      index: facility,
      amount,
      balance: drawn,
      more: { kind, available, dueInterest, duePremium },
    })
  }

  /** @throws WaterfallError `NOT_CONSERVED`: what came in is not what went out plus what stays */
  assertConserved(step: string): void {
    const stays = this.cashNow()
    if (this.opening + this.cashIn !== this.cashOut + stays)
      throw new WaterfallError('NOT_CONSERVED', {
        step,
        opening: this.opening.toString(),
        in: this.cashIn.toString(),
        out: this.cashOut.toString(),
        stays: stays.toString(),
      })
  }
}
