import type { JsonObject } from '#proof/json'

/** What a caller can do about a refusal; HTTP status and Temporal failures are derived from it. */
export type RefusalKind = 'validation' | 'notFound' | 'conflict' | 'forbidden' | 'transient' | 'invariant'

/** A contract's answer that nothing happens. Recorded with a receipt; the command id is spent. */
export interface RefusalData {
  readonly code: string
  readonly kind: RefusalKind
  readonly details: JsonObject
}

export class Refusal extends Error {
  override readonly name = 'Refusal'
  constructor(
    readonly code: string,
    readonly kind: RefusalKind,
    readonly details: JsonObject,
  ) {
    super(`${code} ${JSON.stringify(details)}`)
  }

  toData(): RefusalData {
    return { code: this.code, kind: this.kind, details: this.details }
  }
}

/**
 * A contract's error union from one table of code → kind: `const refuse = refusals({ HOLDING_NOT_FOUND: 'notFound' })`.
 * Its codes are unique to the contract; the kernel's own are in `refuseCall` below.
 */
export function refusals<const T extends Readonly<Record<string, RefusalKind>>>(table: T) {
  return (code: keyof T & string, details: JsonObject = {}): never => {
    throw new Refusal(code, table[code]!, details)
  }
}

/** What every method may answer, in this order of precedence; OVER_KEY_LIMIT after its own rules, the others before. */
export const refuseCall = refusals({
  UNKNOWN_METHOD: 'notFound',
  BAD_ARGS: 'validation',
  WRONG_ROLE: 'forbidden',
  WRONG_FUNCTION: 'forbidden',
  WRONG_STATE: 'conflict',
  BEHIND: 'conflict',
  OVER_KEY_LIMIT: 'forbidden',
  INVARIANT: 'invariant',
})

/**
 * What is recorded of a defect in a contract, whatever it was: a thrown error, an answer that is none, a bound passed. The
 * engine words its errors as it likes, so what a block commits to says nothing of them (ADR 040).
 */
const DEFECT: RefusalData = { code: 'INVARIANT', kind: 'invariant', details: {} }
const MAX_PROBLEM = 500

export interface Defective {
  readonly accepted: false
  readonly refusal: RefusalData
  /** What went wrong, in the engine's own words: for the node's log, never for a block. */
  readonly defect: string
}

/** A defect as an execution answers it. @param problem what was thrown, or says what is wrong */
export function defective(problem: unknown): Defective {
  const text = problem instanceof Error ? `${problem.name}: ${problem.message}` : String(problem)
  return { accepted: false, refusal: DEFECT, defect: text.slice(0, MAX_PROBLEM) }
}
