import { ed25519 } from '@noble/curves/ed25519.js'
import { cometHeaderHash, lightBlockOfRpc, timestampOf, validatorAddress, validatorsOfRpc, voteSignBytes, type DoubleVote, type RpcSignedHeader, type RpcValidators, type SignedVote } from '#proof/cometbft/index' // prettier-ignore
import { fromBase64url } from '#proof/base64url'
import { testDoubleVote } from '#proof/testing/double-vote'
import { CometbftRpc, consensusValidators } from '../cometbft/rpc.ts'

/** The seed of a CometBFT key, whose file has seed ‖ public key in base64. */
export const seedOf = (secret: string): Uint8Array => Buffer.from(secret, 'base64').subarray(0, 32)

/**
 * A validator signs two blocks at the last height, and CometBFT is given both signatures, as a peer would that saw them.
 * @param seed of a validator of that height
 */
export async function voteTwice(rpcUrl: string, chainId: string, seed: Uint8Array): Promise<DoubleVote> {
  const rpc = new CometbftRpc(rpcUrl)
  const { sync_info } = await rpc.call<{ sync_info: { latest_block_height: string; latest_block_time: string } }>('status') // prettier-ignore
  const { latest_block_height: height, latest_block_time: blockTime } = sync_info
  const time = timestampOf(blockTime)
  const doubleVote = testDoubleVote(chainId, seed, { height: Number(height), round: 0, type: 'precommit', time })
  const validators = await consensusValidators(rpc, Number(height))
  const index = validators.findIndex(({ publicKey }) => publicKey === doubleVote.validator)
  const vote = ({ block, signature }: SignedVote) => ({
    type: 2,
    height,
    round: 0,
    block_id: { hash: block!.hash.toUpperCase(), parts: { total: 1, hash: block!.parts.hash.toUpperCase() } },
    timestamp: blockTime,
    validator_address: validatorAddress(doubleVote.validator).toUpperCase(),
    validator_index: index,
    signature: Buffer.from(fromBase64url(signature)!).toString('base64'),
    extension: null,
    extension_signature: null,
  })
  const [a, b] = doubleVote.votes
  const powers = validators.map(({ power }) => power)
  const value = {
    vote_a: vote(a),
    vote_b: vote(b),
    TotalVotingPower: String(powers.reduce((sum, power) => sum + power, 0)),
    ValidatorPower: String(powers[index]),
    Timestamp: blockTime,
  }
  await rpc.call('broadcast_evidence', { evidence: { type: 'tendermint/DuplicateVoteEvidence', value } as never })
  return doubleVote
}

/**
 * The one validator signs another header beside the chain's own, of the height before the last and in the same round, and
 * CometBFT is given it, as by a light client that was shown both.
 * @returns the height
 */
export async function forgeHeader(rpcUrl: string, seed: Uint8Array): Promise<number> {
  const rpc = new CometbftRpc(rpcUrl)
  const { sync_info } = await rpc.call<{ sync_info: { latest_block_height: string } }>('status')
  const height = String(Number(sync_info.latest_block_height) - 1)
  const { signed_header: own } = await rpc.call<{ signed_header: RpcSignedHeader }>('commit', { height })
  const { validators } = await rpc.call<RpcValidators>('validators', { height })
  const header = { ...own.header, data_hash: 'AB'.repeat(32) }
  const block = lightBlockOfRpc({ ...own, header }, validatorsOfRpc({ validators }))
  const hash = cometHeaderHash(block.header)
  const signature = ed25519.sign(voteSignBytes(block.header, hash, block.commit, block.commit.signatures[0]!), seed)
  const commit = {
    ...own.commit,
    block_id: { ...own.commit.block_id, hash: hash.toUpperCase() },
    signatures: [{ ...own.commit.signatures[0]!, signature: Buffer.from(signature).toString('base64') }],
  }
  const value = {
    ConflictingBlock: {
      signed_header: { header, commit },
      validator_set: { validators, proposer: validators[0] },
    },
    CommonHeight: height,
    ByzantineValidators: validators,
    TotalVotingPower: validators[0]!.voting_power,
    Timestamp: own.header.time,
  }
  await rpc.call('broadcast_evidence', { evidence: { type: 'tendermint/LightClientAttackEvidence', value } as never })
  return Number(height)
}
