import { ed25519 } from '@noble/curves/ed25519.js'
import { describe, expect, it } from 'vitest'
import { sentenceOf } from '../describe.ts'
import type { World } from '../kernel/testing/world.ts'
import { consortium, testPublicKey, withValidators } from '../testing/consortium.ts'
import { replayed, stateLines } from '../testing/replay.ts'
import type { Action } from './actions.ts'
import { validatorsAt, validatorUpdates } from './read.ts'
import { proposalKey, validatorsKey } from './state.ts'

// Four validators, of which `core` is none of the institutions that decide (contracts/testing/consortium.ts).
const VALIDATING = withValidators('bank', 'core', 'custodian', 'manager')
const world = () => consortium(VALIDATING)
const own = (participant: string): string => testPublicKey(`${participant} node`)
const NEW = testPublicKey('new node')
const rotation = (participant: string, over: object = {}): Action =>
  ({ kind: 'rotateValidatorKey', participant, publicKey: own(participant), successor: NEW, ...over }) as Action

const proposed = (action: Action, id = 'p') => ({ proposal: id, action: action as never, fromHeight: null })
const due = { expiresOn: '2011-01-15', reason: 'the key was seen elsewhere' }

/** Three of the five approve; answers the events of the last approval. */
function approved(it: World, action: Action, id = 'p') {
  for (const who of ['custodian', 'exchange']) it.does(`${who}:checker`, 'governance.approve', proposed(action, id))
  return it.does('depository:checker', 'governance.approve', proposed(action, id))
}
function decide(it: World, action: Action, id = 'p') {
  it.does('manager:maker', 'governance.propose', { ...proposed(action, id), ...due })
  return approved(it, action, id)
}
const refusal = (it: World, action: Action, who = 'manager:maker') =>
  it.refused(who, 'governance.propose', { ...proposed(action, 'other'), ...due }).code

describe('a validator’s key is rotated', () => {
  it('in one entry of the schedule: old out, new in, the same power, nobody counted twice', () => {
    const it = world()
    const { height } = it
    const events = decide(it, rotation('bank'))
    expect(events.map(({ event }) => event)).toEqual(['Approved', 'Enacted', 'ValidatorsSet', 'ValidatorKeyRotated'])
    const at = it.height
    expect(at).toBeGreaterThan(height)
    const keysAt = (h: number) => validatorsAt(it.read, h).map(({ publicKey }) => publicKey).sort() // prettier-ignore
    const others = ['core', 'custodian', 'manager'].map(own)
    expect(keysAt(at - 1)).toEqual([own('bank'), ...others].sort())
    expect(keysAt(at)).toEqual([NEW, ...others].sort())
    expect(it.read(validatorsKey)).toHaveLength(2)
    expect(validatorUpdates(it.read, at)).toEqual([
      { participant: 'bank', publicKey: own('bank'), power: 0 },
      { participant: 'bank', publicKey: NEW, power: 10 },
    ])
    expect(stateLines(replayed(it))).toEqual(stateLines(it))
  })

  it('each signer is shown whose, which key goes and which comes', () => {
    const command = { contract: 'governance', method: 'approve', args: proposed(rotation('bank')) }
    const { zh, en } = sentenceOf(world().registry, command as never)
    for (const text of [zh, en]) for (const part of ['bank', own('bank'), NEW]) expect(text).toContain(part)
  })

  it('the participant itself may ask, also one that decides nothing, and take it back; it decides nothing by that', () => {
    const it = world()
    const action = rotation('core')
    it.does('core:maker', 'governance.propose', { ...proposed(action), ...due })
    expect(it.refused('core:checker', 'governance.approve', proposed(action)).code).toBe('NOT_AN_INSTITUTION')
    expect(validatorsAt(it.read, 999).map(({ publicKey }) => publicKey)).toContain(own('core'))
    expect(it.refused('supplier-1:maker', 'governance.withdraw', { proposal: 'p' }).code).toBe('NOT_AN_INSTITUTION')
    expect(it.refused('bank:maker', 'governance.withdraw', { proposal: 'p' }).code).toBe('NOT_THE_PROPOSER')
    it.does('core:checker', 'governance.withdraw', { proposal: 'p' })
    expect(it.read(proposalKey('p'))?.state).toBe('withdrawn')

    it.does('core:maker', 'governance.propose', { ...proposed(action, 'q'), ...due })
    approved(it, action, 'q')
    expect(validatorsAt(it.read, it.height).find(({ participant }) => participant === 'core')?.publicKey).toBe(NEW)
  })

  it('nobody asks for another’s, or for anything else, without being an institution', () => {
    const it = world()
    expect(refusal(it, rotation('bank'), 'core:maker')).toBe('NOT_AN_INSTITUTION')
    const vote = { kind: 'setValidator', participant: 'core', publicKey: own('core'), power: 30 } as Action
    expect(refusal(it, vote, 'core:maker')).toBe('NOT_AN_INSTITUTION')
    expect(it.refused('core:checker', 'governance.withdraw', { proposal: 'none' }).code).toBe('NOT_AN_INSTITUTION')
    // Its own maker's key does, no other function of its own.
    expect(refusal(it, rotation('core'), 'core:service')).toBe('WRONG_FUNCTION')
  })

  // Points of order 4 and 1: what verifies under them, verifies for anybody.
  const smallOrder = Buffer.alloc(32).toString('base64url')
  const identity = Buffer.from(ed25519.Point.ZERO.toBytes()).toString('base64url')
  const notCanonical = Buffer.from(`ee${'ff'.repeat(30)}7f`, 'hex').toString('base64url')

  it.each([
    ['VALIDATOR_NOT_FOUND', 'supplier-1', {}],
    ['VALIDATOR_NOT_FOUND', 'bank', { publicKey: own('core') }],
    ['VALIDATOR_NOT_FOUND', 'nobody', { publicKey: own('core') }],
    ['VALIDATOR_KEY_TAKEN', 'bank', { successor: own('bank') }],
    ['VALIDATOR_KEY_TAKEN', 'bank', { successor: own('core') }],
    ['BAD_VALIDATOR_KEY', 'bank', { successor: smallOrder }],
    ['BAD_VALIDATOR_KEY', 'bank', { successor: identity }],
    ['BAD_VALIDATOR_KEY', 'bank', { successor: notCanonical }],
    ['BAD_VALIDATOR_KEY', 'bank', { successor: `A${'A'.repeat(43)}` }],
    ['BAD_ARGS', 'bank', { successor: 'short' }],
    ['BAD_ARGS', 'bank', { power: 20 }],
  ] as const)('refused %s: %s %o', (code, participant, over) => {
    expect(refusal(world(), rotation(participant, over))).toBe(code)
  })

  it('the key before never votes again, whoever wants it', () => {
    const it = world()
    decide(it, rotation('bank'))
    const back = (participant: string) => ({ kind: 'setValidator', participant, publicKey: own('bank'), power: 10 }) as Action // prettier-ignore
    for (const participant of ['bank', 'core']) expect(refusal(it, back(participant))).toBe('VALIDATOR_KEY_RETIRED')
    const third = testPublicKey('third node')
    it.height += 10
    decide(it, rotation('bank', { publicKey: NEW, successor: third }), 'q')
    for (const successor of [own('bank'), NEW])
      expect(refusal(it, rotation('bank', { publicKey: third, successor }))).toBe('VALIDATOR_KEY_RETIRED')
    // What has left the schedule meanwhile is remembered all the same.
    expect(it.read(validatorsKey)?.flatMap(({ value }) => value).map(({ publicKey }) => publicKey)).not.toContain(own('bank')) // prettier-ignore
  })

  it('a key that has not left yet is taken; what is decided for later holds first', () => {
    const it = world()
    const leaves: Action = { kind: 'setValidator', participant: 'core', publicKey: own('core'), power: 0 }
    it.does('manager:maker', 'governance.propose', { ...proposed(leaves), ...due, fromHeight: 500 })
    for (const who of ['custodian', 'exchange', 'depository'])
      it.does(`${who}:checker`, 'governance.approve', { ...proposed(leaves), fromHeight: 500 })
    expect(refusal(it, rotation('bank', { successor: own('core') }))).toBe('VALIDATOR_KEY_TAKEN')
    expect(refusal(it, rotation('bank'))).toBe('CHANGE_PENDING')
    expect(refusal(it, rotation('core'))).toBe('VALIDATOR_NOT_FOUND')
  })

  it('two that are asked for one key: the second is refused when it comes to be decided', () => {
    const it = world()
    const other = rotation('bank', { successor: testPublicKey('third node') })
    it.does('manager:maker', 'governance.propose', { ...proposed(other, 'q'), ...due })
    decide(it, rotation('bank'))
    for (const who of ['custodian', 'exchange']) it.does(`${who}:checker`, 'governance.approve', proposed(other, 'q'))
    expect(it.refused('depository:checker', 'governance.approve', proposed(other, 'q')).code).toBe('VALIDATOR_NOT_FOUND') // prettier-ignore
  })
})
