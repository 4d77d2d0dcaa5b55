import { fromBase64url } from '../base64url.ts'
import { bytesToHex, concatBytes, hexToBytes, sha256Bytes, utf8ToBytes, type Hash } from '../hash.ts'
import { bytesField, delimited, intField, messageField, sfixed64Field, textField } from './protobuf.ts'
import type { Commit, CometHeader, CommitSignature, PartSetHeader, Timestamp, Validator } from './types.ts'

/**
 * CometBFT v0.38: the bytes that its hashes cover and its validators sign.
 * Sources: types/block.go (Header.Hash), types/encoding_helper.go (cdcEncode), types/validator.go (Validator.Bytes),
 * types/canonical.go and types/vote.go (VoteSignBytes), crypto/merkle/tree.go (RFC 6962).
 */
const LEAF = Uint8Array.of(0)
const INNER = Uint8Array.of(1)
const EMPTY = new Uint8Array(0)

function merkleTop(level: readonly Uint8Array[]): Uint8Array {
  if (level.length === 1) return level[0]!
  let split = 1
  while (split * 2 < level.length) split *= 2
  return sha256Bytes(concatBytes(INNER, merkleTop(level.slice(0, split)), merkleTop(level.slice(split))))
}

/** CometBFT's Merkle root of a list (RFC 6962 with SHA-256). */
export function merkleRoot(items: readonly Uint8Array[]): Hash {
  if (items.length === 0) return bytesToHex(sha256Bytes(EMPTY))
  return bytesToHex(merkleTop(items.map((item) => sha256Bytes(concatBytes(LEAF, item)))))
}

const timestamp = ({ seconds, nanos }: Timestamp): Uint8Array => concatBytes(intField(1, seconds), intField(2, nanos))
const partSet = ({ total, hash }: PartSetHeader): Uint8Array =>
  concatBytes(intField(1, total), bytesField(2, hexToBytes(hash)))
/** BlockID and CanonicalBlockID have the same wire form; the part set header is non-nullable. */
const blockId = (hash: Uint8Array, parts: Uint8Array): Uint8Array => concatBytes(bytesField(1, hash), messageField(2, parts)) // prettier-ignore
/** gogoproto's BytesValue: nothing at all when there are no bytes. */
const wrapped = (hex: string): Uint8Array => bytesField(1, hexToBytes(hex))

/** The block's hash: the Merkle root of the header's fields, each in protobuf. */
export function cometHeaderHash(header: CometHeader): Hash {
  const { version, chainId, height, time, lastBlockId } = header
  return merkleRoot([
    concatBytes(intField(1, version.block), intField(2, version.app)),
    textField(1, chainId),
    intField(1, height),
    timestamp(time),
    lastBlockId ? blockId(hexToBytes(lastBlockId.hash), partSet(lastBlockId.parts)) : blockId(EMPTY, EMPTY),
    wrapped(header.lastCommitHash),
    wrapped(header.dataHash),
    wrapped(header.validatorsHash),
    wrapped(header.nextValidatorsHash),
    wrapped(header.consensusHash),
    wrapped(header.appHash),
    wrapped(header.lastResultsHash),
    wrapped(header.evidenceHash),
    wrapped(header.proposerAddress),
  ])
}

/** The first 20 bytes of SHA-256 of the public key, as 40 hex digits. @throws RangeError for a malformed key */
export const validatorAddress = (publicKey: string): string => bytesToHex(sha256Bytes(keyBytes(publicKey))).slice(0, 40)

export function keyBytes(publicKey: string): Uint8Array {
  const bytes = fromBase64url(publicKey)
  if (bytes?.length !== 32) throw new RangeError('a public key of 32 bytes expected')
  return bytes
}

/** CometBFT's order of a validator set, which its hash covers: power falling, then address. Genesis files have any. */
export function inOrder<V extends Validator>(validators: readonly V[]): V[] {
  const entries = validators.map((validator) => ({ validator, address: validatorAddress(validator.publicKey) }))
  entries.sort((a, b) => b.validator.power - a.validator.power || (a.address < b.address ? -1 : 1))
  return entries.map(({ validator }) => validator)
}

/** The hash of a validator set in the order given, as headers carry it. */
export const validatorsHash = (validators: readonly Validator[]): Hash =>
  merkleRoot(
    validators.map(({ publicKey, power }) =>
      concatBytes(messageField(1, bytesField(1, keyBytes(publicKey))), intField(2, power)),
    ),
  )

/** SignedMsgType of types/types.proto. */
const VOTE_TYPES = { prevote: 1, precommit: 2 } as const
export type VoteType = keyof typeof VOTE_TYPES

/** What a vote says; `block` null: for none. */
export interface Vote {
  readonly type: VoteType
  readonly height: number
  readonly round: number
  readonly block: { readonly hash: Hash; readonly parts: PartSetHeader } | null
  readonly time: Timestamp
}

/** What a validator signs with a vote: the length-delimited CanonicalVote. */
export const canonicalVote = (chainId: string, { type, height, round, block, time }: Vote): Uint8Array =>
  delimited(
    concatBytes(
      intField(1, VOTE_TYPES[type]),
      sfixed64Field(2, height),
      sfixed64Field(3, round),
      block ? messageField(4, blockId(hexToBytes(block.hash), partSet(block.parts))) : EMPTY,
      messageField(5, timestamp(time)),
      bytesField(6, utf8ToBytes(chainId)),
    ),
  )

/** What a validator signs with a precommit that stands in a commit. */
export const voteSignBytes = (header: CometHeader, hash: Hash, commit: Commit, vote: CommitSignature): Uint8Array =>
  canonicalVote(header.chainId, {
    type: 'precommit',
    height: header.height,
    round: commit.round,
    block: vote.vote === 'block' ? { hash, parts: commit.parts } : null,
    time: vote.time,
  })
