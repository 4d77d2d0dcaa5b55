import type { BlockHeader, CommandResult, SignedHeader } from './block.ts'
import type { Command } from './command.ts'
import type { EventCore, Feed } from './feed.ts'
import type { Json } from './json.ts'
import type { ListProof } from './list-tree.ts'
import type { StateProof } from './sparse-tree.ts'

/**
 * Receipts: each a path from one fact to a header signed by the ledger's operator. They are exchanged as canonical
 * JSON and hold no field that the header does not bind, so a receipt with any byte changed is refused.
 */
export interface CommandReceipt extends SignedHeader {
  readonly kind: 'command'
  readonly command: Command
  readonly result: CommandResult
  readonly commandProof: ListProof
  /** Siblings of the result; index and count are the command's. */
  readonly resultPath: readonly string[]
}

export interface EventReceipt extends SignedHeader {
  readonly kind: 'event'
  readonly event: EventCore
  readonly proof: ListProof
}

/** `present: false` proves that nothing stood under the key after that block. */
export interface KeyReceipt extends SignedHeader {
  readonly kind: 'key'
  readonly key: string
  readonly found: { readonly present: true; readonly value: Json } | { readonly present: false }
  readonly proof: StateProof
}

/** The topic's count and chained hash after that block: who folded as many events to the same hash missed none. */
export interface TopicReceipt extends SignedHeader {
  readonly kind: 'topic'
  readonly topic: string
  readonly feed: Feed
  readonly proof: StateProof
}

export type Receipt = CommandReceipt | EventReceipt | KeyReceipt | TopicReceipt

export type RefusedReceipt = {
  readonly ok: false
  /** The first thing that does not hold. */
  readonly reason:
    | 'NOT_CANONICAL'
    | 'BAD_FORM'
    | 'WRONG_CHAIN'
    | 'WRONG_GENESIS'
    | 'BAD_SIGNATURE'
    | 'WRONG_DIGEST'
    | 'WRONG_HEIGHT'
    | 'NOT_IN_COMMANDS'
    | 'NOT_IN_RESULTS'
    | 'NOT_IN_EVENTS'
    | 'NOT_IN_STATE'
  readonly field?: string
}

export type ReceiptVerdict =
  | { readonly ok: true; readonly receipt: Receipt; readonly header: BlockHeader; readonly headerHash: string }
  | RefusedReceipt

/** Whom the verifier trusts: found out beforehand, never taken from the receipt. */
export interface Trust {
  readonly chainId: string
  readonly genesisHash: string
  /** base64url */
  readonly operatorKey: string
}
