import type { AssetProof, BatchedAsset } from './asset.ts'
import type { CommandResult, SignedHeader } from './block.ts'
import type { LightBlock, LightReason, TrustedValidators, TrustingPeriod } from './cometbft/index.ts'
import type { Command } from './command.ts'
import type { EventCore, Feed } from './feed.ts'
import type { BlockRoots, History } from './history.ts'
import type { Json, JsonObject } from './json.ts'
import type { ListProof } from './list-tree.ts'
import type { Predecessor } from './predecessor.ts'
import type { StateProof } from './sparse-tree.ts'

/**
 * Receipts: each a path from one fact to an anchor that the verifier's trust reaches. They are exchanged as canonical
 * JSON and hold no field that the anchor does not bind, so a receipt with any byte changed is refused.
 */

/** The embedded ledger: a header that its operator signed. The state is that after the header's own block. */
export interface OperatorAnchor extends SignedHeader {
  readonly kind: 'operator'
}

/**
 * CometBFT: a header with the commit of more than two thirds of its validators. Its `appHash` is the root of the state
 * after the block *before* it: the header of height h+1 anchors the state of height h.
 */
export interface CometAnchor extends LightBlock {
  readonly kind: 'cometbft'
}

export type Anchor = OperatorAnchor | CometAnchor

/**
 * Where the roots of a fact's block stand: `null`, in the anchor's own header (operator's, of the same height); else in
 * the state's history: roots → leaf of the mountain range → `sys/history` → state root.
 */
export interface HistoryPlace extends BlockRoots {
  readonly height: number
  /** The leaf's number in the history. */
  readonly index: number
  /** Siblings from the leaf up to its peak. */
  readonly path: readonly string[]
  readonly history: History
  /** Of `history` under the key `sys/history`. */
  readonly proof: StateProof
}
export type Place = HistoryPlace | null

export interface CommandReceipt {
  readonly kind: 'command'
  readonly command: Command
  readonly result: CommandResult
  readonly commandProof: ListProof
  /** Siblings of the result; index and count are the command's. */
  readonly resultPath: readonly string[]
  readonly place: Place
  readonly anchor: Anchor
}

export interface EventReceipt {
  readonly kind: 'event'
  readonly event: EventCore
  readonly proof: ListProof
  readonly place: Place
  readonly anchor: Anchor
}

/**
 * `present: false` proves that nothing stood under the key. It repeats the key's hash: an absence holds for every key
 * of an empty corner of the tree, and without it a misspelt key would be proven absent too.
 */
export interface KeyReceipt {
  readonly kind: 'key'
  readonly key: string
  readonly found:
    { readonly present: true; readonly value: Json } | { readonly present: false; readonly keyHash: string }
  readonly proof: StateProof
  readonly anchor: Anchor
}

/** The topic's count and chained hash: who folded as many events to the same hash missed none. */
export interface TopicReceipt {
  readonly kind: 'topic'
  readonly topic: string
  readonly feed: Feed
  readonly proof: StateProof
  readonly anchor: Anchor
}

/**
 * The command never happened and never will: its id is not spent in a state late enough that every later block comes
 * after its expiry, and early enough that an execution would still be remembered (LEDGER.md §1). `next` is the
 * operator's header right after the anchor's, where the anchor's own is not late enough: an idle embedded ledger has no
 * block in the hour after an expiry. On CometBFT, and with a late anchor, it is null.
 */
export interface ExpiredReceipt {
  readonly kind: 'expired'
  readonly command: Command
  /** The command's digest. */
  readonly digest: string
  /** That nothing stands at `sys/command/<participant>/<id>`. */
  readonly proof: StateProof
  readonly next: SignedHeader | null
  readonly anchor: Anchor
}

/** An asset is in its effective batch with its terms and balances, whose root with all its sums stands in the state. */
export interface AssetReceipt {
  readonly kind: 'asset'
  /** Under the root of `batch`; the first form, which is still read, repeats that root. */
  readonly asset: BatchedAsset | AssetProof
  /** What stands at `asset-registry/batch/<deal>/<version>`: `root`, `state`, `asOf` and more. */
  readonly batch: JsonObject
  /** That the batch stands there: `encodeSiblings`; in the first form the siblings in hex. */
  readonly proof: string | StateProof
  readonly anchor: Anchor
}

/** The chain's validators from a trusted height on: one header after the other, each following from the one before. */
export interface ValidatorsReceipt {
  readonly kind: 'validators'
  readonly blocks: readonly LightBlock[]
}

/** Receipts that lead to one state. */
export type StateReceipt = CommandReceipt | EventReceipt | KeyReceipt | TopicReceipt | ExpiredReceipt | AssetReceipt
export type Receipt = StateReceipt | ValidatorsReceipt

export type RefusedReceipt = {
  readonly ok: false
  /** The first thing that does not hold. */
  readonly reason:
    | 'NOT_CANONICAL'
    | 'BAD_FORM'
    | 'WRONG_ANCHOR'
    | 'WRONG_CHAIN'
    | 'WRONG_GENESIS'
    | 'BAD_SIGNATURE'
    | 'WRONG_DIGEST'
    | 'WRONG_HEIGHT'
    | 'NOT_IN_COMMANDS'
    | 'NOT_IN_RESULTS'
    | 'NOT_IN_EVENTS'
    | 'NOT_IN_HISTORY'
    | 'NOT_IN_STATE'
    | 'NOT_IN_BATCH'
    /** The asset is in a batch that its custodian has not attested yet. */
    | 'BATCH_PROPOSED'
    /** … or has turned down. */
    | 'BATCH_REJECTED'
    | 'NOT_EXPIRED'
    | 'FORGOTTEN'
    | 'AFTER_THE_END'
    | LightReason
  readonly field?: string
}

/** The state that an anchor vouches for. */
export interface Anchored {
  readonly kind: Anchor['kind']
  readonly chainId: string
  /** The state is that after this block. */
  readonly height: number
  readonly stateRoot: string
  /** Time of the anchoring header, in milliseconds: of this block (operator) or of the next one (CometBFT). */
  readonly timeMs: number
  /** Hash of the anchoring header. */
  readonly headerHash: string
}

export type ReceiptVerdict =
  | {
      readonly ok: true
      readonly receipt: StateReceipt
      readonly anchored: Anchored
      /** The block of the fact itself, which may be older than the anchored state. */
      readonly height: number
    }
  | RefusedReceipt

export type ValidatorsVerdict =
  { readonly ok: true; readonly receipt: ValidatorsReceipt; readonly trusted: TrustedValidators } | RefusedReceipt

/** Whom the verifier trusts: found out beforehand, never taken from the receipt. */
export interface Trust {
  readonly chainId: string
  readonly genesisHash: string
  /** base64url */
  readonly operatorKey: string
}

/** Trust in a chain's validators as of some height: those of its genesis, or of a header one has followed to. */
export interface ValidatorTrust {
  readonly chainId: string
  readonly validators: TrustedValidators
  readonly period?: TrustingPeriod
  /**
   * The ledger that the chain continues, as its genesis names it: receipts of it hold too, up to the header at which it
   * ended, and the chain's own receipts prove what happened on it.
   */
  readonly predecessor?: Omit<Predecessor, 'genesis'>
}

export type AnyTrust = Trust | ValidatorTrust
