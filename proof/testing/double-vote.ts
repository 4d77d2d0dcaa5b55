import { ed25519 } from '@noble/curves/ed25519.js'
import { toBase64url } from '../base64url.ts'
import { canonicalVote, type Vote } from '../cometbft/encoding.ts'
import type { DoubleVote, SignedVote } from '../cometbft/double-vote.ts'

/** Votes of one validator at one place for two blocks, or for those given. @param secret Ed25519 seed, 32 bytes */
export function testDoubleVote(
  chainId: string,
  secret: Uint8Array,
  place: Pick<Vote, 'height' | 'round' | 'type' | 'time'>,
  blocks: readonly [Vote['block'], Vote['block']] = [testBlockId('11'), testBlockId('22')],
): DoubleVote {
  const { time, ...at } = place
  const signed = (block: Vote['block']): SignedVote => ({
    block,
    time,
    signature: toBase64url(ed25519.sign(canonicalVote(chainId, { ...place, block }), secret)),
  })
  const validator = toBase64url(ed25519.getPublicKey(secret))
  return { validator, ...at, votes: [signed(blocks[0]), signed(blocks[1])] }
}

export const testBlockId = (byte: string) => ({ hash: byte.repeat(32), parts: { total: 1, hash: byte.repeat(32) } })
