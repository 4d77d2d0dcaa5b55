import type { Hash } from '../hash.ts'

/**
 * What CometBFT v0.38 commits to, as canonical JSON. Hashes are lower-case hex, keys and signatures base64url. Fields
 * that follow from others (addresses, block ids, heights of votes) are left out, so that none is unauthenticated.
 */
export interface Timestamp {
  /** Seconds since 1970-01-01T00:00Z. */
  readonly seconds: number
  readonly nanos: number
}

export interface PartSetHeader {
  readonly total: number
  readonly hash: Hash
}

export interface CometHeader {
  readonly version: { readonly block: number; readonly app: number }
  readonly chainId: string
  readonly height: number
  readonly time: Timestamp
  /** null in the chain's first block. */
  readonly lastBlockId: { readonly hash: Hash; readonly parts: PartSetHeader } | null
  readonly lastCommitHash: Hash
  readonly dataHash: Hash
  readonly validatorsHash: Hash
  readonly nextValidatorsHash: Hash
  readonly consensusHash: Hash
  /** Hex, of any length; the root of Sluice's state after the block before. */
  readonly appHash: string
  readonly lastResultsHash: Hash
  readonly evidenceHash: Hash
  /** 40 hex digits. */
  readonly proposerAddress: string
}

/** A precommit for the block, or for none (`nil`); both are verified, only the first counts. */
export interface CommitSignature {
  readonly vote: 'block' | 'nil'
  readonly time: Timestamp
  readonly signature: string
}

/** Precommits of one round for one header: its height and hash are the header's. One place for each validator. */
export interface Commit {
  readonly round: number
  readonly parts: PartSetHeader
  /** In the order of the validator set; null: no precommit arrived. */
  readonly signatures: readonly (CommitSignature | null)[]
}

export interface Validator {
  /** Ed25519, base64url */
  readonly publicKey: string
  readonly power: number
}

/** A header with those who signed it, in the order that their hash covers: power falling, then address. */
export interface LightBlock {
  readonly header: CometHeader
  readonly commit: Commit
  readonly validators: readonly Validator[]
}
