import type { IsoDate } from '#domain/date'
import type { Fen } from '#domain/money'

/** One line of a bank statement. Its reference is the bank's own and never used twice: the key of idempotency. */
export interface StatementLine {
  readonly reference: string
  readonly valueDate: IsoDate
  readonly amountFen: Fen
}

/** A transfer between two accounts of an instruction, as the bank is told it. */
export interface PaymentLeg {
  readonly from: string
  readonly to: string
  readonly amountFen: Fen
}

/**
 * The bank at the outer edge. A call may be repeated with the same ids: the bank answers as it did before and moves
 * nothing twice.
 */
export interface BankGateway {
  /** Money that arrived on an account from outside for a period. */
  incoming(request: { account: string; period: string }): Promise<readonly StatementLine[]>
  /** Money that arrived on an account by one instruction; undefined when none did. */
  arrived(request: { account: string; instruction: string }): Promise<StatementLine | undefined>
  /** Carries out linked payments, all or none. */
  pay(request: { instruction: string; valueDate: IsoDate; legs: readonly PaymentLeg[] }): Promise<StatementLine>
}
