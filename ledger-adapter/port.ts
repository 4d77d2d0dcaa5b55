import type { RefusalData } from '#contracts/kernel/refusal'
import type { Command, CommandName } from '#proof/command'
import type { Json, JsonObject } from '#proof/json'

/** Where a command stands on the ledger. */
export interface Position {
  readonly height: number
  readonly index: number
}

/** Where an event stands: block, command within it, event within that. Its text is `height.index.event`. */
export interface EventCursor extends Position {
  readonly event: number
}

/** An event's place in one topic: its sequence from 1, and the hash that chains all events of the topic so far. */
export interface TopicEntry {
  readonly topic: string
  readonly sequence: number
  readonly hash: string
}

export interface CommittedEvent {
  /** Its command is the one that stands at this height and index: ids are each participant's own. */
  readonly cursor: EventCursor
  readonly commandId: string
  readonly contract: string
  readonly event: string
  readonly data: JsonObject
  readonly topics: readonly TopicEntry[]
}

/** Recorded, accepted or refused by the contract; a command is answered the same way for ever. */
export interface Executed extends CommandName {
  readonly digest: string
  readonly position: Position
  readonly outcome:
    | { readonly accepted: true; readonly events: readonly CommittedEvent[] }
    | { readonly accepted: false; readonly refusal: RefusalData }
}

export interface LedgerHead {
  readonly height: number
  readonly timeMs: number
  readonly headerHash: string
}

/** What a proof is asked about. */
export type Provable =
  | ({ readonly kind: 'command' } & CommandName)
  | { readonly kind: 'event'; readonly cursor: EventCursor }
  /** `height`: after that block instead of the latest, while it is one of the last 1,000 (LEDGER.md §4). */
  | { readonly kind: 'key'; readonly key: string; readonly height?: number }
  | { readonly kind: 'topic'; readonly topic: string; readonly height?: number }
  /** That the command never happened; once block time has passed its expiry, and while that is remembered. */
  | { readonly kind: 'expired'; readonly command: Command }
  /** How the validators of this height became those of the latest, on a ledger that has validators. */
  | { readonly kind: 'validators'; readonly from: number }

export const LEDGER_ERROR_CODES = {
  /** Not canonical, oversized, missing or unknown field; `details` names it. */
  MALFORMED: 'validation',
  WRONG_CHAIN: 'validation',
  LIFETIME_TOO_LONG: 'validation',
  /** Unknown, revoked or not yet valid key, or not this participant's. */
  UNKNOWN_KEY: 'forbidden',
  BAD_SIGNATURE: 'forbidden',
  /** The contracts in force know no such contract or method. */
  UNKNOWN_METHOD: 'notFound',
  /** The command was built on a block that this ledger does not have, or has not reached. */
  WRONG_HEAD: 'conflict',
  EXPIRED: 'conflict',
  NOT_YET_VALID: 'conflict',
  /** The participant spent the same id on another digest. */
  COMMAND_ID_CONFLICT: 'conflict',
  QUEUE_FULL: 'transient',
  /** The participant's own share of the queue or of the rate is used up; `details` say which and when to come again. */
  QUOTA: 'transient',
  STORE_UNAVAILABLE: 'transient',
  /** No block came within the bound: too few validators can be reached. */
  NO_CONSENSUS: 'transient',
  CLOSED: 'transient',
  /** The ledger was ended for good; `details` say at which height. It is still read. */
  ENDED: 'conflict',
  NOT_FOUND: 'notFound',
  /** The node restored its state from a snapshot, and what happened before is still to come. */
  HISTORY_INCOMPLETE: 'transient',
  /** The position asked for did not arrive within the bound. */
  BEHIND_POSITION: 'transient',
} as const
export type LedgerErrorCode = keyof typeof LEDGER_ERROR_CODES

/**
 * Why the ledger could not answer. `outcomeKnown: false` means the command may still be committed: resend the same
 * bytes. Refusals by a contract are not errors; they are outcomes.
 */
export class LedgerError extends Error {
  override readonly name = 'LedgerError'
  constructor(
    readonly stage: 'admission' | 'queue' | 'commit' | 'read',
    readonly code: LedgerErrorCode,
    readonly outcomeKnown: boolean,
    readonly details: JsonObject = {},
  ) {
    super(`${code} (${stage}) ${JSON.stringify(details)}`)
  }
}

/** One ledger as services, workflows and the node see it, whatever drives it. */
export interface Ledger {
  readonly chainId: string
  /**
   * Resolves when the command is committed and durable. Idempotent: the same participant, id and digest answer the same.
   * @throws LedgerError
   */
  submit(signedBytes: Uint8Array): Promise<Executed>
  /** What became of a command; undefined when it is not recorded. */
  outcome(command: CommandName): Promise<Executed | undefined>
  head(): Promise<LedgerHead>
  /** Committed values at one height, in the order of the keys. */
  query(keys: readonly string[]): Promise<{ readonly height: number; readonly values: readonly (Json | undefined)[] }>
  /** Events after the cursor in order, at most `limit`; of one topic, or all. */
  events(after: EventCursor | undefined, options: { limit: number; topic?: string }): Promise<readonly CommittedEvent[]>
  /** True once the block is committed, false when the bound passed. */
  waitFor(height: number, timeoutMs: number): Promise<boolean>
  /** A hint after each commit; the reader asks `events` for the fact. Answers how to stop listening. */
  onCommit(listener: (height: number) => void): () => void
  /** A proof document that `proof/` verifies without a server. @throws LedgerError NOT_FOUND */
  prove(what: Provable): Promise<JsonObject>
  /** The whole ledger as JSON lines, enough to verify it without a database. */
  export(): AsyncIterable<string>
  close(): Promise<void>
}

export const cursorText = ({ height, index, event }: EventCursor): string => `${height}.${index}.${event}`

/** @throws LedgerError MALFORMED */
export function parseCursor(text: string): EventCursor {
  const match = /^(\d{1,15})\.(\d{1,9})\.(\d{1,9})$/.exec(text)
  if (!match) throw new LedgerError('read', 'MALFORMED', true, { field: 'cursor', text: text.slice(0, 40) })
  return { height: Number(match[1]), index: Number(match[2]), event: Number(match[3]) }
}
