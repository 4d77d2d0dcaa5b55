import { expect, it } from 'vitest'
import { fromBase64url } from '#proof/base64url'
import { validatorAddress } from '#proof/cometbft/index'
import { testValidator } from '#proof/testing/comet-chain'
import { tellMisbehaviour } from './evidence.ts'
import type { CometbftRpc } from './rpc.ts'

const twice = testValidator('twice', 1)
const HEIGHT = 9
const TIME = '2026-01-05T00:00:00Z'

const vote = (hash: string) => ({
  type: 2,
  height: '7',
  round: 0,
  block_id: { hash: hash.repeat(32), parts: { total: 1, hash: hash.repeat(32) } },
  timestamp: TIME,
  validator_address: validatorAddress(twice.publicKey),
  signature: '',
})
const doubleVote = { type: 'tendermint/DuplicateVoteEvidence', value: { vote_a: vote('11'), vote_b: vote('22') } }

const NONE = { hash: '', parts: { total: 0, hash: '' } }
const HASHES = ['last_commit', 'data', 'validators', 'next_validators', 'consensus', 'app', 'last_results', 'evidence']
const header = {
  ...Object.fromEntries(HASHES.map((name) => [`${name}_hash`, ''])),
  ...{ version: { block: '11' }, chain_id: 'c', height: '99', time: TIME, last_block_id: NONE, proposer_address: '' },
}
const ofLater = {
  type: 'tendermint/LightClientAttackEvidence',
  value: {
    ConflictingBlock: {
      signed_header: { header, commit: { round: 0, block_id: NONE, signatures: [] } },
      validator_set: { validators: [] },
    },
  },
}

it('tells what a block’s evidence shows, also beside a header that is still to come', async () => {
  const validators = [
    {
      pub_key: {
        type: 'tendermint/PubKeyEd25519',
        value: Buffer.from(fromBase64url(twice.publicKey)!).toString('base64'),
      },
      voting_power: '1',
    },
  ]
  const answers: Record<string, unknown> = {
    block: { block: { evidence: { evidence: [ofLater, doubleVote] } } },
    validators: { validators, total: '1' },
  }
  const rpc = { call: (method: string) => Promise.resolve(answers[method]) } as unknown as CometbftRpc
  const [told, problems]: [string[], string[]] = [[], []]
  await tellMisbehaviour(rpc, HEIGHT, {
    isOpen: () => true,
    tell: ({ validator, height }) => told.push(`${validator} at ${height}`),
    problem: (error) => problems.push(String(error)),
  })
  expect(told).toEqual([`${twice.publicKey} at 7`])
  expect(problems).toEqual(["Error: block 9: its tendermint/LightClientAttackEvidence shows no validator's two votes"])
})
