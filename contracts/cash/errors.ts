import { refusals } from '../kernel/refusal.ts'

/** Refusals of cash, in the order in which they are tested. */
export const refuse = refusals({
  /**
   * The bank's reference was used for exactly this line: nothing happens twice. A refusal and not an accepted call
   * without events, so that "accepted" always means "posted by this command"; callers treat it as done.
   */
  ALREADY_POSTED: 'conflict',
  /** The bank's reference was used for another line. */
  REFERENCE_CONFLICT: 'conflict',
  ACCOUNT_NOT_FOUND: 'notFound',
  INSTRUCTION_NOT_FOUND: 'notFound',
  PARTICIPANT_NOT_FOUND: 'notFound',
  ACCOUNT_EXISTS: 'conflict',
  INSTRUCTION_EXISTS: 'conflict',
  /** Only the account's own bank, or the bank that executes an instruction, may post it. */
  WRONG_BANK: 'forbidden',
  NOT_EXTERNAL: 'validation',
  NOT_INTERNAL: 'validation',
  NO_LEGS: 'validation',
  TOO_MANY_LEGS: 'validation',
  AMOUNT_NOT_POSITIVE: 'validation',
  SAME_ACCOUNT: 'validation',
  DUPLICATE_TRANSFER: 'validation',
  /** The account belongs to another deal than the instruction or the statement line. */
  WRONG_DEAL: 'validation',
  INSUFFICIENT_FUNDS: 'conflict',
  NOT_A_DATE: 'validation',
  /** A statement line valued after the business date. */
  VALUE_DATE_AHEAD: 'validation',
})
