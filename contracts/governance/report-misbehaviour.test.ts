import { describe, expect, it } from 'vitest'
import { testDoubleVote } from '#proof/testing/double-vote'
import { consortium, testPublicKey, testSecretKey } from '../testing/consortium.ts'
import type { World } from '../kernel/testing/world.ts'
import { misbehaviourKey } from './state.ts'

/** Of the world that contracts are tested in. */
const TEST_CHAIN_ID = 'test'
const place = { height: 3, round: 0, type: 'precommit', time: { seconds: 1_767_225_600, nanos: 0 } } as const

/** A consortium in which `core` runs the validator `node`. */
function withValidator(): World {
  const world = consortium()
  const action = { kind: 'setValidator', participant: 'core', publicKey: testPublicKey('node'), power: 10 }
  const proposal = { proposal: 'p', action: action as never, fromHeight: null }
  world.does('manager:maker', 'governance.propose', { ...proposal, expiresOn: '2011-01-15', reason: 'agreed' })
  for (const who of ['bank', 'custodian', 'exchange']) world.does(`${who}:checker`, 'governance.approve', proposal)
  return world
}
const evidence = (key = 'node', over: object = {}) =>
  ({ ...testDoubleVote(TEST_CHAIN_ID, testSecretKey(key), place), ...over }) as never

describe('a validator that voted twice', () => {
  it('is recorded with its two signatures, whose it is and who reported it', () => {
    const world = withValidator()
    const report = evidence()
    const events = world.does('supplier-1:service', 'governance.reportMisbehaviour', report)
    expect(events).toMatchObject([{ event: 'MisbehaviourReported', topics: ['public', 'regulator'], data: report }])
    expect(world.read(misbehaviourKey(report))).toMatchObject({ participant: 'core', reporter: 'supplier-1' })
  })

  it('is reported once for one place, whoever brings which votes', () => {
    const world = withValidator()
    world.does('bank:service', 'governance.reportMisbehaviour', evidence())
    expect(world.refused('core:maker', 'governance.reportMisbehaviour', evidence()).code).toBe('ALREADY_REPORTED')
    const later = testDoubleVote(TEST_CHAIN_ID, testSecretKey('node'), { ...place, height: 4 })
    world.does('core:maker', 'governance.reportMisbehaviour', later as never)
  })

  it('is nobody who never voted here', () => {
    const world = withValidator()
    const { code } = world.refused('bank:service', 'governance.reportMisbehaviour', evidence('stranger'))
    expect(code).toBe('VALIDATOR_NOT_FOUND')
  })

  it('is shown by its own signatures alone', () => {
    const world = withValidator()
    const refusal = world.refused('bank:service', 'governance.reportMisbehaviour', evidence('node', { round: 1 }))
    expect(refusal).toMatchObject({ code: 'NOT_MISBEHAVIOUR', details: { fault: 'signature of the first' } })
    const forged = { ...testDoubleVote(TEST_CHAIN_ID, testSecretKey('thief'), place), validator: testPublicKey('node') }
    expect(world.refused('bank:service', 'governance.reportMisbehaviour', forged as never).code).toBe(
      'NOT_MISBEHAVIOUR',
    )
  })
})
