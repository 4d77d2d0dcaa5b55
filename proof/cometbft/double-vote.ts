import { canonicalJson } from '../canonical.ts'
import { fromBase64url } from '../base64url.ts'
import type { Json } from '../json.ts'
import { canonicalVote, keyBytes, type Vote, type VoteType } from './encoding.ts'
import { verifyZip215 } from './zip215.ts'

/** What one of two votes says that are of one validator, height, round and type. */
export interface SignedVote extends Pick<Vote, 'block' | 'time'> {
  /** Ed25519, base64url */
  readonly signature: string
}

/** A validator's votes for two blocks at one place of the chain: DuplicateVoteEvidence of CometBFT v0.38. */
export interface DoubleVote {
  /** Its public key: Ed25519, base64url. */
  readonly validator: string
  readonly height: number
  readonly round: number
  readonly type: VoteType
  readonly votes: readonly [SignedVote, SignedVote]
}

/**
 * Why two votes do not show that their validator voted twice; undefined when they do. No clock and no chain is asked:
 * an honest validator never makes two such signatures (CometBFT evidence/verify.go, VerifyDuplicateVote).
 */
export function doubleVoteFault(
  chainId: string,
  { validator, height, round, type, votes }: DoubleVote,
): 'same block' | 'signature of the first' | 'signature of the second' | undefined {
  const [first, second] = votes
  const blockOf = ({ block }: SignedVote) => canonicalJson(block as unknown as Json)
  if (blockOf(first) === blockOf(second)) return 'same block'
  const isSigned = ({ block, time, signature }: SignedVote) =>
    verifyZip215(keyBytes(validator), canonicalVote(chainId, { type, height, round, block, time }), fromBase64url(signature) ?? new Uint8Array(0)) // prettier-ignore
  if (!isSigned(first)) return 'signature of the first'
  if (!isSigned(second)) return 'signature of the second'
  return undefined
}
