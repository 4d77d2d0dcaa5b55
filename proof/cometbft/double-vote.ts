import { canonicalJson } from '../canonical.ts'
import { fromBase64url } from '../base64url.ts'
import type { Json } from '../json.ts'
import { canonicalVote, cometHeaderHash, keyBytes, type Vote, type VoteType } from './encoding.ts'
import type { LightBlock } from './types.ts'
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
 * Who voted twice for two headers of one height to have their commits, as in an attack on light clients by equivocation
 * (CometBFT evidence, types/evidence.go, GetByzantineValidators). None when the commits are of different rounds: a
 * validator may vote anew in another round.
 */
export function doubleVotesOf(one: LightBlock, other: LightBlock): DoubleVote[] {
  const { height } = one.header
  const { round } = one.commit
  if (other.header.height !== height || other.commit.round !== round) return []
  const others = votesIn(other)
  return [...votesIn(one)].flatMap(([validator, first]): DoubleVote[] => {
    const second = others.get(validator)
    if (!second || isSameBlock(first, second)) return []
    return [{ validator, height, round, type: 'precommit', votes: [first, second] }]
  })
}

/** The precommits of a commit, by public key. */
function votesIn({ header, commit, validators }: LightBlock): Map<string, SignedVote> {
  const block = { hash: cometHeaderHash(header), parts: commit.parts }
  const votes = new Map<string, SignedVote>()
  for (const [i, { publicKey }] of validators.entries()) {
    const given = commit.signatures[i]
    if (!given) continue
    const { vote, time, signature } = given
    votes.set(publicKey, { block: vote === 'block' ? block : null, time, signature })
  }
  return votes
}

const isSameBlock = (first: SignedVote, second: SignedVote): boolean =>
  canonicalJson(first.block as unknown as Json) === canonicalJson(second.block as unknown as Json)

/**
 * Why two votes do not show that their validator voted twice; undefined when they do. No clock and no chain is asked:
 * an honest validator never makes two such signatures (CometBFT evidence/verify.go, VerifyDuplicateVote).
 */
export function doubleVoteFault(
  chainId: string,
  { validator, height, round, type, votes }: DoubleVote,
): 'same block' | 'signature of the first' | 'signature of the second' | undefined {
  const [first, second] = votes
  if (isSameBlock(first, second)) return 'same block'
  const isSigned = ({ block, time, signature }: SignedVote) =>
    verifyZip215(keyBytes(validator), canonicalVote(chainId, { type, height, round, block, time }), fromBase64url(signature) ?? new Uint8Array(0)) // prettier-ignore
  if (!isSigned(first)) return 'signature of the first'
  if (!isSigned(second)) return 'signature of the second'
  return undefined
}
