/**
 * A deal while it runs: the state being changed, the date, and what is written down. Every movement of cash goes through
 * `pay`, `deposit` or `withdraw`, which keep the account of what came in and went out; `assertConserved` compares it with
 * the accounts after every step.
 */
import type { IsoDate } from '../date.ts'
import { yearFraction } from '../day-count.ts'
import { fenOf } from '../deal/formula/compile.ts'

import type { DealEventName, Status } from '../deal/words.ts'
import { minFen, mulDiv, type Fen } from '../money.ts'
import type { Rate } from '../rate.ts'
import type { DealEvent, Figure, Payee, StepLine, Transfer, TriggerResult } from './period.ts'
import type * as types from './program-types.ts'
import { shareProRata, shareSequential } from './share.ts'
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

/** What lies outside the deal: index fixings, and the market in which a revolving pool is bought and sold. */
export interface Environment {
  readonly indexAt: (name: string, date: IsoDate, lookup: 'inclusive' | 'exclusive') => Rate
  /** Buys assets for cash; answers what was spent and the balance bought. Absent: the whole cash is handed to the pool. */
  readonly buy?: (
    date: IsoDate,
    cash: Fen,
    price: { performing: Rate; defaulted: Rate },
  ) => { spent: Fen; balance: Fen }
  /** The pool was sold: nothing more is collected. */
  readonly sold?: (date: IsoDate) => void
}

export class WaterfallError extends Error {
  override readonly name = 'WaterfallError'
  constructor(
    readonly code:
      | 'NOT_CONSERVED'
      | 'NEGATIVE'
      | 'CASH_DIFFERS'
      | 'OTHER_DEAL'
      | 'PERIOD_ORDER'
      | 'UNKNOWN_INDEX'
      | 'NO_WATERFALL'
      | 'UNKNOWN_ACCOUNT'
      | 'ENDED',
    readonly details: Readonly<Record<string, string>>,
  ) {
    super(`${code} ${JSON.stringify(details)}`)
  }
}

/** What happened to a tranche since the record was last taken. */
export interface TrancheRecord {
  interest: Fen
  principal: Fen
  residual: Fen
  writtenOff: Fen
  drawn: Fen
  accrued: Fen
  touched: boolean
  inputs: Record<string, Figure>
}

export interface Claim {
  readonly payee: Payee
  readonly due: Fen
  readonly inputs: Readonly<Record<string, Figure>>
  readonly settle: (amount: Fen) => void
}

export interface StepMark {
  readonly id: string
  readonly clause: string
  readonly action: string
}

export interface PaySources {
  readonly account: number
  readonly support: readonly { readonly account?: number; readonly facility?: number }[]
  readonly limit: Fen | null
  readonly order: 'pro-rata' | 'sequential'
  readonly kind: Transfer['kind']
}

/** Rows of statements that are no waterfall lines (facilities, swaps, caps, ledgers, fees, accounts). */
export interface Movement {
  readonly date: IsoDate
  readonly of:
    'account' | 'ledger' | 'swapAccrual' | 'swapSettlement' | 'capAccrual' | 'capSettlement' | 'facility' | 'fee'
  readonly index: number
  readonly amount: Fen
  readonly balance: Fen
  readonly more?: Readonly<Record<string, Figure>>
}

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
    const { target } = this.program.accounts[account]!
    return target ? fenOf(target, this, this.program.behaviour.money) : 0n
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
    state.weighted += this.product(state.balance, yearFraction(interest.dayCount, state.since, this.date))
    state.since = this.date
  }

  /** Cash from outside into an account. */
  deposit(account: number, amount: Fen, from: Payee, kind: Transfer['kind'], stepId: string): void {
    if (amount === 0n) return
    this.change(account, amount)
    this.cashIn += amount
    const { id } = this.program.accounts[account]!
    this.transferred({ stepId, from, to: { kind: 'account', id }, amount, kind })
    this.moved(account, amount)
  }

  /** Cash from an account to the outside, or to another account. */
  withdraw(account: number, amount: Fen, to: Payee, kind: Transfer['kind'], stepId: string): void {
    if (amount === 0n) return
    this.change(account, -amount)
    const { id } = this.program.accounts[account]!
    if (to.kind === 'account') this.change(this.program.names.account.get(to.id)![0]!, amount)
    else this.cashOut += amount
    this.transferred({ stepId, from: { kind: 'account', id }, to, amount, kind })
  }

  private transferred(transfer: Transfer): void {
    this.transfers.push(transfer)
    if (this.recordMovements) this.allTransfers.push(transfer)
  }

  moved(account: number, amount: Fen): void {
    if (!this.recordMovements || amount === 0n) return
    const { balance } = this.state.accounts[account]!
    this.movements.push({ date: this.date, of: 'account', index: account, amount, balance })
  }

  /** A line without cash. */
  book(step: StepMark, to: Payee, due: Fen, booked: Fen, inputs: Readonly<Record<string, Figure>> = {}): void {
    this.lines.push({
      run: this.run,
      step: step.id,
      clause: step.clause,
      action: step.action,
      date: this.date,
      from: null,
      to,
      availableBefore: 0n,
      due,
      paid: booked,
      shortfall: due - booked,
      availableAfter: 0n,
      inputs,
    })
  }

  cashLine(
    step: StepMark,
    account: number,
    to: Payee,
    availableBefore: Fen,
    due: Fen,
    paid: Fen,
    inputs: Readonly<Record<string, Figure>>,
  ): void {
    const { id: from, balance: availableAfter } = this.state.accounts[account]!
    const { id, clause, action } = step
    const shortfall = due - paid
    this.lines.push({
      run: this.run,
      step: id,
      clause,
      action,
      date: this.date,
      from,
      to,
      availableBefore,
      due,
      paid,
      shortfall,
      availableAfter,
      inputs,
    })
  }

  /** An event that no trigger brings about. */
  raise(event: DealEventName, clause: string, from: Status = this.state.status, to: Status = from): void {
    this.events.push({ event, date: this.date, clause, trigger: null, from, to })
  }

  /** Pro rata shares by the profile's rule. */
  shares(claims: readonly Claim[], cash: Fen): Fen[] {
    if (claims.length === 1) return shareSequential(claims, cash)
    const dues = claims.map(({ payee, due }) => ({ id: payee.id, due }))
    return shareProRata(dues, cash, this.program.behaviour.proRata)
  }

  /**
   * Pays claims from an account, then from its supports; writes one line per claim and source.
   * @returns what was paid in all
   */
  pay(step: StepMark, sources: PaySources, claims: readonly Claim[]): Fen {
    const { accounts } = this.state
    let within = accounts[sources.account]!.balance
    for (const { account, facility } of sources.support)
      within += account === undefined ? this.state.facilities[facility!]!.available : accounts[account]!.balance
    if (sources.limit !== null) within = minFen(within, sources.limit > 0n ? sources.limit : 0n)
    const shares = sources.order === 'sequential' ? shareSequential(claims, within) : this.shares(claims, within)
    let total = 0n
    let left = accounts[sources.account]!.balance
    // Balances before the step, for statements: an action that pays several things is one movement.
    const before = this.recordMovements ? new Map<number, Fen>() : null
    claims.forEach((claim, index) => {
      const share = shares[index]!
      const fromMain = minFen(share, left)
      left -= fromMain
      this.payLine(step, sources.account, claim, claim.due, fromMain, sources.kind, before)
      let rest = share - fromMain
      let owed = claim.due - fromMain
      for (const source of sources.support) {
        if (rest === 0n) break
        const taken =
          source.account === undefined
            ? this.draw(step, source.facility!, claim, owed, rest)
            : this.paySupport(step, source.account, claim, owed, rest, sources.kind, before)
        rest -= taken
        owed -= taken
      }
      if (share > 0n) claim.settle(share)
      total += share
    })
    if (before) for (const [account, opening] of before) this.moved(account, accounts[account]!.balance - opening)
    return total
  }

  private paySupport(
    step: StepMark,
    account: number,
    claim: Claim,
    owed: Fen,
    rest: Fen,
    kind: Transfer['kind'],
    before: Map<number, Fen> | null,
  ): Fen {
    const taken = minFen(this.state.accounts[account]!.balance, rest)
    if (taken > 0n) this.payLine(step, account, claim, owed, taken, kind, before)
    return taken
  }

  private payLine(
    step: StepMark,
    account: number,
    claim: Claim,
    due: Fen,
    paid: Fen,
    kind: Transfer['kind'],
    before: Map<number, Fen> | null,
  ): void {
    const state = this.state.accounts[account]!
    const availableBefore = state.balance
    if (before && !before.has(account)) before.set(account, availableBefore)
    this.withdraw(account, paid, claim.payee, kind, step.id)
    this.lines.push({
      run: this.run,
      step: step.id,
      clause: step.clause,
      action: step.action,
      date: this.date,
      from: state.id,
      to: claim.payee,
      availableBefore,
      due,
      paid,
      shortfall: due - paid,
      availableAfter: state.balance,
      inputs: claim.inputs,
    })
  }

  /** A facility pays a claim directly: no account moves. */
  draw(step: StepMark, facility: number, claim: Claim, owed: Fen, wanted: Fen): Fen {
    const state = this.state.facilities[facility]!
    const taken = minFen(state.available, wanted)
    if (taken === 0n) return 0n
    const availableBefore = state.available
    state.available -= taken
    state.drawn += taken
    this.cashIn += taken
    this.cashOut += taken
    const from: Payee = { kind: 'facility', id: state.id }
    this.transferred({ stepId: step.id, from, to: claim.payee, amount: taken, kind: 'facility' })
    this.lines.push({
      run: this.run,
      step: step.id,
      clause: step.clause,
      action: step.action,
      date: this.date,
      from: state.id,
      to: claim.payee,
      availableBefore,
      due: owed,
      paid: taken,
      shortfall: owed - taken,
      availableAfter: state.available,
      inputs: claim.inputs,
    })
    this.facilityRow(facility, 'draw', -taken)
    return taken
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

export const emptyRecord = (): TrancheRecord => ({
  interest: 0n,
  principal: 0n,
  residual: 0n,
  writtenOff: 0n,
  drawn: 0n,
  accrued: 0n,
  touched: false,
  inputs: {},
})
