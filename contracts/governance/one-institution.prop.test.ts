import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { JsonObject } from '#proof/json'
import { businessDate } from '../calendar/business-date.ts'
import { calendarOperatorsAt } from '../calendar/state.ts'
import type { World } from '../kernel/testing/world.ts'
import { callerOf } from '../membership/caller.ts'
import { consortium, testPublicKey, withValidators } from '../testing/consortium.ts'
import { stateLines } from '../testing/replay.ts'
import type { Action } from './actions.ts'
import { institutionsAt } from './ballot.ts'
import { proposalKey } from './state.ts'

// Losing one institution's keys must not stop the consortium, and stealing them must not own it. Three of five decide.
const INSTITUTIONS = ['manager', 'custodian', 'bank', 'exchange', 'depository']
const VALIDATING = withValidators(...INSTITUTIONS)
const HANDS = ['maker', 'checker', 'payer', 'service']
const key = (name: string) => ({ keyId: name, curve: 'ed25519' as const, publicKey: testPublicKey(`one ${name}`) })

/** As the ledger does at admission: whoever signs with a key that is not valid at this height is not heard at all. */
function says(world: World, participant: string, keyId: string, name: string, args: JsonObject): boolean {
  const known = callerOf(world.read, participant, keyId, world.height)
  if (!known) return false
  world.enrol(`${participant}:${keyId}`, known.caller)
  return world.call(`${participant}:${keyId}`, name, args).accepted
}

/** Another consensus key for the validator of an institution. */
const rotate = (participant: string, successor: string): Action => ({
  kind: 'rotateValidatorKey',
  participant,
  publicKey: testPublicKey(`${participant} node`),
  successor: testPublicKey(successor),
})

let proposals = 0
/** Whether these institutions carry the action: the first proposes, each approves. */
function carry(world: World, who: readonly string[], action: Action): boolean {
  const proposal = `honest-${(proposals += 1)}`
  const what = { proposal, action: action as never, fromHeight: null }
  const due = { expiresOn: businessDate(world.read), reason: 'r' }
  says(world, who[0]!, 'maker-key', 'governance.propose', { ...what, ...due })
  for (const one of who) says(world, one, 'checker-key', 'governance.approve', what)
  return world.read(proposalKey(proposal))?.state === 'enacted'
}

const everyone = (lost: string): string[] => INSTITUTIONS.filter((one) => one !== lost)
const someone = fc.constantFrom(...INSTITUTIONS)
const member = fc.constantFrom(...INSTITUTIONS, 'core', 'supplier-1', 'operator')

const actions = (lost: string): fc.Arbitrary<Action> =>
  fc.constantFrom<Action>(
    { kind: 'setRoles', participant: 'supplier-1', roles: ['factor'] },
    { kind: 'setRoles', participant: lost, roles: ['regulator'] },
    { kind: 'remove', participant: 'supplier-2' },
    { kind: 'replaceKey', participant: lost, keyId: 'service-key', successor: key('new-admin') },
    { kind: 'revokeKey', participant: lost, keyId: 'maker-key', reason: 'stolen' },
    { kind: 'setInstitutions', institutions: everyone(lost), needed: 3 },
    { kind: 'setCalendarOperators', operators: everyone(lost) },
    { kind: 'setValidator', participant: 'core', publicKey: testPublicKey('one node'), power: 1 },
    rotate(lost, 'one new node'),
    { kind: 'activateBundle', bundle: 'ab'.repeat(32) },
    { kind: 'setParameters', parameters: { maxBlockCommands: 7 } },
  )

describe('an institution that lost every key', () => {
  it('stops nothing: the others decide whatever they like, and any three of them suffice', () => {
    const story = someone.chain((lost) =>
      fc.record({
        lost: fc.constant(lost),
        what: fc.array(actions(lost), { minLength: 1, maxLength: 4 }).map((list) => [...new Map(list.map((one) => [JSON.stringify(one), one])).values()]), // prettier-ignore
        who: fc.shuffledSubarray(everyone(lost), { minLength: 3 }),
      }),
    )
    fc.assert(
      fc.property(story, ({ lost, what, who }) => {
        const world = consortium({ ...VALIDATING, calendarOperators: [lost] })
        for (const action of what) expect(carry(world, who, action), action.kind).toBe(true)
      }),
      { numRuns: 100 },
    )
  })

  it('comes back: the others give it a key, and with that it makes the rest', () => {
    fc.assert(
      fc.property(someone, (lost) => {
        const world = consortium()
        const replace = (keyId: string): Action => ({
          kind: 'replaceKey',
          participant: lost,
          keyId,
          successor: key(`new-${keyId}`),
        })
        for (const hand of HANDS) expect(carry(world, everyone(lost), replace(`${hand}-key`))).toBe(true)
        for (const hand of HANDS) expect(callerOf(world.read, lost, `${hand}-key`, world.height)).toBeUndefined()
        const another = { ...key('another'), functions: ['maker'] }
        const mine = { participant: lost, operator: 'wang', kind: 'person', key: another, fromHeight: null }
        expect(says(world, lost, 'new-service-key', 'membership.addOperator', mine)).toBe(true)
        expect(callerOf(world.read, lost, 'another', world.height)?.caller.functions).toEqual(['maker'])
      }),
      { numRuns: 10 },
    )
  })

  it('does not stop the calendar either, though it alone rolled the date', () => {
    fc.assert(
      fc.property(someone, fc.shuffledSubarray([...INSTITUTIONS, 'core'], { minLength: 1 }), (lost, others) => {
        const world = consortium({ calendarOperators: [lost] })
        const operators = others.filter((one) => one !== lost)
        fc.pre(operators.length > 0)
        const roll = { date: '2011-01-01' }
        for (const one of operators) expect(says(world, one, 'service-key', 'calendar.roll', roll)).toBe(false)
        expect(carry(world, everyone(lost), { kind: 'setCalendarOperators', operators })).toBe(true)
        expect(says(world, operators[0]!, 'service-key', 'calendar.roll', roll)).toBe(true)
        expect(businessDate(world.read)).toBe('2011-01-01')
      }),
      { numRuns: 40 },
    )
  })
})

interface Attempt {
  readonly keyId: string
  readonly call: string
  readonly args: JsonObject
}

/** Whatever a thief may send who holds every key of an institution, and makes more of them. */
function attempts(victim: string): fc.Arbitrary<Attempt[]> {
  const keys = ['maker-key', 'checker-key', 'payer-key', 'service-key', 'mole-1', 'mole-2']
  const keyId = fc.constantFrom(...keys)
  const proposal = fc.constantFrom('evil', 'good', 'evil-2')
  const evil = fc.constantFrom<Action>(
    { kind: 'setInstitutions', institutions: [victim, 'core', 'supplier-1'], needed: 2 },
    { kind: 'replaceKey', participant: 'core', keyId: 'maker-key', successor: key('mine') },
    { kind: 'setCalendarOperators', operators: [victim] },
    { kind: 'activateBundle', bundle: 'ee'.repeat(32) },
    { kind: 'remove', participant: 'supplier-1' },
    rotate(victim, 'the thief’s node'),
    rotate(victim === 'bank' ? 'custodian' : 'bank', 'the thief’s node'),
    GOOD,
  )
  const whose = fc.oneof({ weight: 3, arbitrary: fc.constant(victim) }, { weight: 1, arbitrary: member })
  const made = fc.record({ participant: whose, operator: fc.constantFrom(`${victim}:maker`, `${victim}:checker`, 'mole'), key: fc.record({ id: fc.constantFrom('mole-1', 'mole-2'), functions: fc.constantFrom(['checker'], ['maker', 'checker'], ['service:admin', 'service:calendar']) }) }) // prettier-ignore
  const withKey = made.map(({ participant, operator, key: { id, functions } }) => ({ participant, operator, key: { ...key(id), functions }, fromHeight: null })) // prettier-ignore
  const call = fc.oneof(
    fc.tuple(proposal, evil).map(([id, action]) => ['governance.propose', { proposal: id, action, fromHeight: null, expiresOn: '2011-01-10', reason: 'r' }]), // prettier-ignore
    fc.tuple(proposal, evil).map(([id, action]) => ['governance.approve', { proposal: id, action, fromHeight: null }]),
    proposal.map((id) => ['governance.withdrawApproval', { proposal: id }]),
    proposal.map((id) => ['governance.withdraw', { proposal: id }]),
    withKey.map((args) => ['membership.addKey', args]),
    withKey.map((args) => ['membership.addOperator', { ...args, kind: args.key.functions[0]!.startsWith('service') ? 'service' : 'person' }]), // prettier-ignore
    fc.tuple(whose, keyId).map(([participant, id]) => ['membership.rotateKey', { participant, keyId: id, successor: key('mole-2'), fromHeight: null }]), // prettier-ignore
    fc.tuple(whose, keyId).map(([participant, id]) => ['membership.revokeKey', { participant, keyId: id, fromHeight: null, reason: 'r' }]), // prettier-ignore
    fc.integer({ min: 1, max: 9 }).map((day) => ['calendar.roll', { date: `2011-01-0${day}` }]),
  ) as fc.Arbitrary<[string, JsonObject]>
  // Mostly with the key that is made for it, so that much of it is heard.
  const fitting = (name: string): string =>
    name === 'governance.propose' ? 'maker-key' : name.startsWith('governance') ? 'checker-key' : 'service-key'
  const one = fc
    .record({ other: keyId, isFitting: fc.integer({ min: 0, max: 3 }), call })
    .map(({ other, isFitting, call: [name, args] }) => ({
      keyId: isFitting > 0 ? fitting(name) : other,
      call: name,
      args,
    }))
  return fc.array(one, { minLength: 5, maxLength: 30 })
}
const GOOD: Action = { kind: 'setParameters', parameters: { maxBlockCommands: 7 } }

describe('an institution whose every key was stolen', () => {
  it('owns nothing: its own keys and its own proposals are all that the thief can move, and the others put it out', () => {
    const story = someone.chain((victim) => fc.record({ victim: fc.constant(victim), tried: attempts(victim) }))
    let heard = 0
    fc.assert(
      fc.property(story, ({ victim, tried }) => {
        // By the wall clock, at noon of the first day: a thief who may roll the date cannot run ahead of it.
        const world = consortium({ ...VALIDATING, clock: 'wall', calendarOperators: INSTITUTIONS })
        world.blockTimeMs = Date.UTC(2011, 0, 1, 4)
        const [honest] = everyone(victim)
        const good = { proposal: 'good', action: GOOD as never, fromHeight: null }
        says(world, honest!, 'maker-key', 'governance.propose', { ...good, expiresOn: '2011-01-10', reason: 'r' })
        says(world, everyone(victim)[1]!, 'checker-key', 'governance.approve', good)
        const own = new RegExp(
          `^(governance/proposal/|calendar/date |membership/(key|operator)/${victim}/|membership/public-key/)`,
        )
        const guarded = () => stateLines(world).filter((line) => !own.test(line))
        const before = guarded()
        for (const { keyId, call, args } of tried) if (says(world, victim, keyId, call, args)) heard += 1
        expect(guarded()).toEqual(before)
        expect(businessDate(world.read) <= '2011-01-01').toBe(true)
        for (const id of ['evil', 'evil-2']) expect(world.read(proposalKey(id))?.state).not.toBe('enacted')

        // The others go on, whatever the thief sent, and end it: four steps, none of which needs the victim.
        const others = everyone(victim)
        expect(carry(world, others, { kind: 'setInstitutions', institutions: others, needed: 3 })).toBe(true)
        expect(carry(world, others, { kind: 'setCalendarOperators', operators: others })).toBe(true)
        // Whoever may hold its validator's key too: that goes first.
        const publicKey = testPublicKey(`${victim} node`)
        expect(carry(world, others, { kind: 'setValidator', participant: victim, publicKey, power: 0 })).toBe(true)
        expect(carry(world, others, { kind: 'remove', participant: victim })).toBe(true)
        expect(institutionsAt(world.read, world.height).institutions).toEqual(others)
        expect(calendarOperatorsAt(world.read, world.height)).toEqual(others)
        const after = stateLines(world)
        for (const { keyId, call, args } of tried) expect(says(world, victim, keyId, call, args)).toBe(false)
        expect(stateLines(world)).toEqual(after)
      }),
      { numRuns: 80 },
    )
    // The thief was heard now and then: the property is about what it did, not about its being refused.
    expect(heard).toBeGreaterThan(50)
  })
})
