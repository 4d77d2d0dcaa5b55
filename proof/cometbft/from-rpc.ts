import { toBase64url } from '../base64url.ts'
import type { DoubleVote, SignedVote } from './double-vote.ts'
import { validatorAddress } from './encoding.ts'
import type { CommitSignature, LightBlock, PartSetHeader, Timestamp, Validator } from './types.ts'

/** CometBFT's RPC answers (`/commit`, `/validators`) as light blocks. What the RPC says is checked by nobody here. */
interface RpcParts {
  readonly total: number
  readonly hash: string
}
interface RpcBlockId {
  readonly hash: string
  readonly parts: RpcParts
}
export interface RpcSignedHeader {
  readonly header: {
    readonly version: { readonly block: string; readonly app?: string }
    readonly chain_id: string
    readonly height: string
    readonly time: string
    readonly last_block_id: RpcBlockId
    readonly last_commit_hash: string
    readonly data_hash: string
    readonly validators_hash: string
    readonly next_validators_hash: string
    readonly consensus_hash: string
    readonly app_hash: string
    readonly last_results_hash: string
    readonly evidence_hash: string
    readonly proposer_address: string
  }
  readonly commit: {
    readonly round: number
    readonly block_id: RpcBlockId
    readonly signatures: readonly {
      readonly block_id_flag: number
      readonly timestamp: string
      readonly signature: string | null
    }[]
  }
}
export interface RpcValidators {
  readonly validators: readonly {
    readonly pub_key: { readonly type: string; readonly value: string }
    readonly voting_power: string
  }[]
}

const lower = (hex: string): string => hex.toLowerCase()
const parts = ({ total, hash }: RpcParts): PartSetHeader => ({ total, hash: lower(hash) })

function base64(text: string): Uint8Array {
  const binary = atob(text)
  return Uint8Array.from(binary, (letter) => letter.charCodeAt(0))
}

/** RFC 3339 in UTC with up to nine digits of a second. @throws RangeError */
export function timestampOf(text: string): Timestamp {
  const match = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?Z$/.exec(text)
  if (!match) throw new RangeError(`not a time in UTC: ${text}`)
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [number, number, number, number, number, number] // prettier-ignore
  const seconds = ((daysFromCivil(year, month, day) * 24 + hour) * 60 + minute) * 60 + second
  return { seconds, nanos: Number((match[7] ?? '').padEnd(9, '0')) }
}

/** Days since 1970-01-01 in the Gregorian calendar (H. Hinnant, chrono-compatible low-level date algorithms). */
function daysFromCivil(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year
  const era = Math.floor(y / 400)
  const yearOfEra = y - era * 400
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * 146_097 + dayOfEra - 719_468
}

/** @throws RangeError for a key that is not Ed25519 */
export const validatorsOfRpc = ({ validators }: RpcValidators): Validator[] =>
  validators.map(({ pub_key, voting_power }) => {
    if (pub_key.type !== 'tendermint/PubKeyEd25519') throw new RangeError(`a validator with a key of ${pub_key.type}`)
    return { publicKey: toBase64url(base64(pub_key.value)), power: Number(voting_power) }
  })

const VOTES = [undefined, undefined, 'block', 'nil'] as const

export function lightBlockOfRpc({ header, commit }: RpcSignedHeader, validators: readonly Validator[]): LightBlock {
  const { version, last_block_id } = header
  return {
    header: {
      version: { block: Number(version.block), app: Number(version.app ?? 0) },
      chainId: header.chain_id,
      height: Number(header.height),
      time: timestampOf(header.time),
      lastBlockId:
        last_block_id.hash === '' ? null : { hash: lower(last_block_id.hash), parts: parts(last_block_id.parts) },
      lastCommitHash: lower(header.last_commit_hash),
      dataHash: lower(header.data_hash),
      validatorsHash: lower(header.validators_hash),
      nextValidatorsHash: lower(header.next_validators_hash),
      consensusHash: lower(header.consensus_hash),
      appHash: lower(header.app_hash),
      lastResultsHash: lower(header.last_results_hash),
      evidenceHash: lower(header.evidence_hash),
      proposerAddress: lower(header.proposer_address),
    },
    commit: {
      round: commit.round,
      parts: parts(commit.block_id.parts),
      signatures: commit.signatures.map(({ block_id_flag, timestamp, signature }): CommitSignature | null => {
        const vote = VOTES[block_id_flag]
        if (vote === undefined) return null
        return { vote, time: timestampOf(timestamp), signature: toBase64url(base64(signature ?? '')) }
      }),
    },
    validators,
  }
}

/** DuplicateVoteEvidence in the JSON of CometBFT's RPC (types/evidence.go, types/vote.go). */
interface RpcVote {
  readonly type: number
  readonly height: string
  readonly round: number
  readonly block_id: RpcBlockId
  readonly timestamp: string
  readonly validator_address: string
  readonly signature: string
}
export interface RpcEvidence {
  readonly type: string
  readonly value: {
    readonly vote_a?: RpcVote
    readonly vote_b?: RpcVote
    readonly ConflictingBlock?: { readonly signed_header: RpcSignedHeader; readonly validator_set: RpcValidators }
  }
}

const VOTE_TYPE = [undefined, 'prevote', 'precommit'] as const

/**
 * What a block of the RPC says of a validator that voted twice; its key is found by its address.
 * @returns undefined for evidence of another kind
 * @throws RangeError for a vote of an unknown type, or of a validator that is not among these
 */
export function doubleVoteOfRpc(
  { type, value }: RpcEvidence,
  validators: readonly Validator[],
): DoubleVote | undefined {
  const { vote_a: a, vote_b: b } = value
  if (type !== 'tendermint/DuplicateVoteEvidence' || !a || !b) return undefined
  const voteType = VOTE_TYPE[a.type]
  if (voteType === undefined) throw new RangeError(`a vote of type ${a.type}`)
  const address = lower(a.validator_address)
  const found = validators.find(({ publicKey }) => validatorAddress(publicKey) === address)
  if (!found) throw new RangeError(`${address} is the address of no validator at height ${a.height}`)
  const signed = ({ block_id, timestamp, signature }: RpcVote): SignedVote => ({
    block: block_id.hash === '' ? null : { hash: lower(block_id.hash), parts: parts(block_id.parts) },
    time: timestampOf(timestamp),
    signature: toBase64url(base64(signature)),
  })
  const votes = [signed(a), signed(b)] as const
  return { validator: found.publicKey, height: Number(a.height), round: a.round, type: voteType, votes }
}

/** The header that validators signed beside the chain's own, of LightClientAttackEvidence; undefined for another kind. */
export function conflictingBlockOfRpc({ type, value }: RpcEvidence): LightBlock | undefined {
  const block = value.ConflictingBlock
  if (type !== 'tendermint/LightClientAttackEvidence' || !block) return undefined
  return lightBlockOfRpc(block.signed_header, validatorsOfRpc(block.validator_set))
}
