import { describe, expect, it } from 'vitest'
import { sentenceOf } from '../describe.ts'
import type { World } from '../kernel/testing/world.ts'
import { callerOf } from '../membership/caller.ts'
import { rolesAt } from '../membership/roles.ts'
import { memberKey, participantKey } from '../membership/state.ts'
import { calendarOperatorsAt } from '../calendar/state.ts'
import { consortium, testPublicKey } from '../testing/consortium.ts'
import type { Action } from './actions.ts'
import { bundleAt, parametersAt, validatorsAt, validatorUpdates } from './read.ts'
import { proposalKey } from './state.ts'

// Of manager, custodian, bank, exchange and depository any three decide (contracts/testing/consortium.ts).
const HASH = 'ab'.repeat(32)
const newKey = (keyId: string) => ({ keyId, curve: 'ed25519' as const, publicKey: testPublicKey(`new ${keyId}`) })
const ADMIT: Action = {
  kind: 'admit',
  participant: 'supplier-3',
  name: { zh: '三级供应商', en: 'Third supplier' },
  uscc: '91350100M000100Y43',
  roles: ['supplier'],
  administrator: { operator: 'supplier-3:it', kind: 'service', key: newKey('admin') },
}
const ROLES: Action = { kind: 'setRoles', participant: 'supplier-1', roles: ['supplier', 'factor'] }
const BUNDLE: Action = { kind: 'activateBundle', bundle: HASH }
const VALIDATOR: Action = { kind: 'setValidator', participant: 'core', publicKey: testPublicKey('node'), power: 10 }

const proposal = (action: Action, over: object = {}) => ({
  proposal: 'p',
  action: action as never,
  fromHeight: null,
  expiresOn: '2011-01-15',
  reason: 'agreed',
  ...over,
})
const approval = (action: Action, over: object = {}) => ({
  proposal: 'p',
  action: action as never,
  fromHeight: null,
  ...over,
})

/** Proposes as the manager and approves as the others named. */
function decide(
  world: World,
  action: Action,
  { by = ['bank', 'custodian', 'exchange'], id = 'p', fromHeight = null as number | null } = {},
) {
  world.does('manager:maker', 'governance.propose', proposal(action, { proposal: id, fromHeight }))
  for (const who of by)
    world.does(`${who}:checker`, 'governance.approve', approval(action, { proposal: id, fromHeight }))
}
const refusedApproval = (world: World, who: string, action: Action, over: object = {}) =>
  world.refused(who, 'governance.approve', approval(action, over)).code
const rolesOf = (world: World, id: string, height: number) => rolesAt(world.read(participantKey(id))!, height)

describe('a decision', () => {
  it('needs three of five, and holds from the block after the third', () => {
    const world = consortium()
    decide(world, ROLES, { by: ['bank', 'custodian'] })
    expect(rolesOf(world, 'supplier-1', 99)).toEqual(['supplier'])
    const { height } = world
    const events = world.does('manager:checker', 'governance.approve', approval(ROLES))
    expect(events.map(({ event }) => event)).toEqual(['Approved', 'Enacted', 'RolesChanged'])
    expect(rolesOf(world, 'supplier-1', height)).toEqual(['supplier'])
    expect(rolesOf(world, 'supplier-1', height + 1)).toEqual(['supplier', 'factor'])
    expect(world.read(proposalKey('p'))?.state).toBe('enacted')
    expect(refusedApproval(world, 'exchange:checker', ROLES)).toBe('WRONG_STATE')
  })

  it('holds not before the height it names', () => {
    const world = consortium()
    decide(world, BUNDLE, { fromHeight: 500 })
    expect([499, 500].map((height) => bundleAt(world.read, height))).toEqual([null, HASH])
  })

  it('approved late holds from the next block', () => {
    const world = consortium()
    decide(world, BUNDLE, { fromHeight: 20, by: ['bank', 'custodian'] })
    world.height = 30
    world.does('exchange:checker', 'governance.approve', approval(BUNDLE, { fromHeight: 20 }))
    expect([30, 31].map((height) => bundleAt(world.read, height))).toEqual([null, HASH])
  })

  it('does not overtake one for a later height', () => {
    const world = consortium()
    decide(world, BUNDLE, { fromHeight: 500 })
    const other: Action = { kind: 'activateBundle', bundle: 'cd'.repeat(32) }
    expect(world.refused('manager:maker', 'governance.propose', proposal(other, { proposal: 'q' })).code).toBe(
      'CHANGE_PENDING',
    )
    decide(world, other, { id: 'r', fromHeight: 501 })
    expect([500, 501].map((height) => bundleAt(world.read, height))).toEqual([HASH, 'cd'.repeat(32)])
  })

  it('is shown to each signer in full', () => {
    const world = consortium()
    const command = { contract: 'governance', method: 'approve', args: approval(ADMIT) }
    const { zh, en } = sentenceOf(world.registry, command as never)
    for (const text of [zh, en])
      for (const part of ['supplier-3', '91350100M000100Y43', newKey('admin').publicKey]) {
        expect(text).toContain(part)
      }
  })
})

describe('an approval', () => {
  it.each([
    ['NOT_AN_INSTITUTION', 'core:checker', ROLES, {}],
    ['NOT_AN_INSTITUTION', 'operator:checker', ROLES, {}],
    ['WRONG_FUNCTION', 'bank:maker', ROLES, {}],
    ['WRONG_FUNCTION', 'bank:service', ROLES, {}],
    ['PROPOSAL_NOT_FOUND', 'bank:checker', ROLES, { proposal: 'q' }],
    ['NOT_WHAT_WAS_PROPOSED', 'bank:checker', { ...ROLES, roles: ['factor'] }, {}],
    ['NOT_WHAT_WAS_PROPOSED', 'bank:checker', ROLES, { fromHeight: 900 }],
  ] as const)('%s: %s', (code, who, action, over) => {
    const world = consortium()
    world.does('manager:maker', 'governance.propose', proposal(ROLES))
    expect(refusedApproval(world, who, action as Action, over)).toBe(code)
  })

  it('counts once for an institution', () => {
    const world = consortium()
    decide(world, ROLES, { by: ['bank'] })
    expect(refusedApproval(world, 'bank:checker', ROLES)).toBe('ALREADY_APPROVED')
  })

  it('withdrawn does not count, and can be given again', () => {
    const world = consortium()
    decide(world, ROLES, { by: ['bank', 'custodian'] })
    world.does('bank:checker', 'governance.withdrawApproval', { proposal: 'p' })
    expect(world.refused('bank:checker', 'governance.withdrawApproval', { proposal: 'p' }).code).toBe('NOT_APPROVED')
    world.does('exchange:checker', 'governance.approve', approval(ROLES))
    expect(world.read(proposalKey('p'))?.state).toBe('open')
    world.does('bank:checker', 'governance.approve', approval(ROLES))
    expect(world.read(proposalKey('p'))?.state).toBe('enacted')
  })

  it('by a key revoked from a later height stands; its institution takes it back with another', () => {
    const world = consortium()
    decide(world, ROLES, { by: ['bank', 'custodian'] })
    const revoke = { participant: 'bank', keyId: 'checker-key', fromHeight: null, reason: 'stolen' }
    world.does('bank:service', 'membership.revokeKey', revoke)
    world.does('exchange:checker', 'governance.approve', approval(ROLES))
    expect(world.read(proposalKey('p'))?.state).toBe('enacted')
  })

  it('of an institution that decides no more does not count', () => {
    const world = consortium()
    decide(world, ROLES, { by: ['bank', 'custodian'] })
    const others: Action = {
      kind: 'setInstitutions',
      institutions: ['manager', 'custodian', 'exchange', 'depository'],
      needed: 3,
    }
    decide(world, others, { id: 'q', by: ['custodian', 'exchange', 'depository'] })
    world.does('exchange:checker', 'governance.approve', approval(ROLES))
    expect(world.read(proposalKey('p'))?.state).toBe('open')
    expect(refusedApproval(world, 'bank:checker', ROLES)).toBe('NOT_AN_INSTITUTION')
    world.does('depository:checker', 'governance.approve', approval(ROLES))
    expect(world.read(proposalKey('p'))?.state).toBe('enacted')
  })

  it('comes too late after the business date that the proposal names', () => {
    const world = consortium()
    world.does('manager:maker', 'governance.propose', proposal(ROLES, { expiresOn: '2010-12-31' }))
    for (const who of ['bank', 'custodian']) world.does(`${who}:checker`, 'governance.approve', approval(ROLES))
    world.does('manager:service', 'calendar.roll', { date: '2011-01-01' })
    expect(refusedApproval(world, 'exchange:checker', ROLES)).toBe('PROPOSAL_EXPIRED')
    expect(rolesOf(world, 'supplier-1', 999)).toEqual(['supplier'])
  })

  it('is refused when the state has moved on, and nothing is recorded', () => {
    const world = consortium()
    decide(world, ADMIT, { by: ['bank', 'custodian'] })
    decide(
      world,
      { ...ADMIT, participant: 'supplier-4', administrator: { ...ADMIT.administrator, key: newKey('b') } } as Action,
      { id: 'q' },
    )
    expect(refusedApproval(world, 'exchange:checker', ADMIT)).toBe('USCC_TAKEN')
  })
})

describe('a proposal', () => {
  it.each([
    ['NOT_AN_INSTITUTION', 'core:maker', ROLES, {}],
    ['WRONG_FUNCTION', 'manager:service', ROLES, {}],
    ['BAD_EXPIRY', 'manager:maker', ROLES, { expiresOn: '2010-12-30' }],
    ['BAD_EXPIRY', 'manager:maker', ROLES, { expiresOn: '2011-02-30' }],
    ['BAD_EXPIRY', 'manager:maker', ROLES, { expiresOn: '2011-01-31' }],
    ['HEIGHT_PASSED', 'manager:maker', ROLES, { fromHeight: 1 }],
    ['PARTICIPANT_NOT_FOUND', 'manager:maker', { ...ROLES, participant: 'x' }, {}],
    ['BAD_ARGS', 'manager:maker', { ...ROLES, roles: ['king'] }, {}],
    ['BAD_ARGS', 'manager:maker', { ...ROLES, roles: [] }, {}],
    ['BAD_ARGS', 'manager:maker', { kind: 'anything' }, {}],
    ['PARTICIPANT_EXISTS', 'manager:maker', { ...ADMIT, participant: 'core' }, {}],
    ['BAD_USCC', 'manager:maker', { ...ADMIT, uscc: '91350100M000100Y4Z' }, {}],
    [
      'NEEDED_OUT_OF_RANGE',
      'manager:maker',
      { kind: 'setInstitutions', institutions: ['bank', 'core', 'manager'], needed: 3 },
      {},
    ],
    [
      'BAD_ARGS',
      'manager:maker',
      { kind: 'setInstitutions', institutions: ['bank', 'core', 'manager'], needed: 1 },
      {},
    ],
    [
      'PARTICIPANT_NOT_FOUND',
      'manager:maker',
      { kind: 'setInstitutions', institutions: ['bank', 'core', 'x'], needed: 2 },
      {},
    ],
    ['STILL_AN_INSTITUTION', 'manager:maker', { kind: 'remove', participant: 'bank' }, {}],
    ['KEY_NOT_FOUND', 'manager:maker', { kind: 'revokeKey', participant: 'bank', keyId: 'x', reason: 'lost' }, {}],
    ['VALIDATOR_NOT_FOUND', 'manager:maker', { ...VALIDATOR, power: 0 }, {}],
    ['BAD_VALIDATOR_KEY', 'manager:maker', { ...VALIDATOR, publicKey: 'A'.repeat(43) }, {}],
    ['NOTHING_CHANGES', 'manager:maker', { kind: 'activateBundle', bundle: null }, {}],
    ['BAD_ARGS', 'manager:maker', { kind: 'setParameters', parameters: {} }, {}],
    ['BAD_ARGS', 'manager:maker', { kind: 'setParameters', parameters: { maxBlockBytes: 1 } }, {}],
  ] as const)('%s: %s %o', (code, who, action, over) => {
    expect(consortium().refused(who, 'governance.propose', proposal(action as never, over)).code).toBe(code)
  })

  it('is made once, and withdrawn by its institution alone', () => {
    const world = consortium()
    world.does('manager:maker', 'governance.propose', proposal(ROLES))
    expect(world.refused('bank:maker', 'governance.propose', proposal(ROLES)).code).toBe('PROPOSAL_EXISTS')
    expect(world.refused('bank:maker', 'governance.withdraw', { proposal: 'p' }).code).toBe('NOT_THE_PROPOSER')
    world.does('manager:checker', 'governance.withdraw', { proposal: 'p' })
    expect(refusedApproval(world, 'bank:checker', ROLES)).toBe('WRONG_STATE')
  })
})

describe('what is decided', () => {
  it('admits a member, whose administrator adds the others', () => {
    const world = consortium()
    decide(world, ADMIT, { fromHeight: 50 })
    expect(callerOf(world.read, 'supplier-3', 'admin', 49)).toBeUndefined()
    const { caller } = callerOf(world.read, 'supplier-3', 'admin', 50)!
    expect(caller).toMatchObject({ roles: ['supplier'], functions: ['service:admin'] })
    world.enrol('supplier-3:it', caller)
    world.height = 50
    const key = { ...newKey('n'), functions: ['maker'] }
    const operator = { participant: 'supplier-3', operator: 'zhang', kind: 'person', key, fromHeight: null }
    world.does('supplier-3:it', 'membership.addOperator', operator)
    expect(world.read(memberKey('supplier-3', 'n'))?.operator).toBe('zhang')
  })

  it('removes a member: no key of it signs from the height on', () => {
    const world = consortium()
    decide(world, { kind: 'remove', participant: 'supplier-1' }, { fromHeight: 60 })
    const signs = (height: number) => callerOf(world.read, 'supplier-1', 'maker-key', height) !== undefined
    expect([59, 60, 61].map(signs)).toEqual([true, false, false])
    expect(world.refused('manager:maker', 'governance.propose', proposal(ROLES, { proposal: 'q' })).code).toBe(
      'CHANGE_PENDING',
    )
  })

  it('gives an institution that lost every key a new one, without its help', () => {
    const world = consortium()
    const successor = newKey('admin-2')
    const replace: Action = { kind: 'replaceKey', participant: 'bank', keyId: 'service-key', successor }
    decide(world, replace, { by: ['custodian', 'exchange', 'depository'] })
    const { height } = world
    expect(callerOf(world.read, 'bank', 'service-key', height)).toBeUndefined()
    expect(callerOf(world.read, 'bank', 'admin-2', height)).toMatchObject({
      publicKey: successor.publicKey,
      caller: { operator: 'bank:service' },
    })
  })

  it('revokes another’s key', () => {
    const world = consortium()
    decide(world, { kind: 'revokeKey', participant: 'bank', keyId: 'maker-key', reason: 'stolen' }, { fromHeight: 40 })
    expect([39, 40].map((height) => callerOf(world.read, 'bank', 'maker-key', height) !== undefined)).toEqual([
      true,
      false,
    ])
  })

  it('changes the validators, seen as updates once', () => {
    const world = consortium()
    decide(world, VALIDATOR, { fromHeight: 50 })
    world.height = 48
    decide(world, { ...VALIDATOR, publicKey: testPublicKey('other') } as Action, { id: 'q', fromHeight: 52 })
    expect([49, 50, 51, 52, 53].map((height) => validatorUpdates(world.read, height).length)).toEqual([0, 1, 0, 1, 0])
    world.height = 60
    decide(world, { ...VALIDATOR, power: 0 } as Action, { id: 'r' })
    const { height } = world
    expect(validatorUpdates(world.read, height)).toEqual([
      { participant: 'core', publicKey: testPublicKey('node'), power: 0 },
    ])
    expect(validatorsAt(world.read, height)).toHaveLength(1)
    const last: Action = { ...VALIDATOR, publicKey: testPublicKey('other'), power: 0 } as Action
    expect(world.refused('manager:maker', 'governance.propose', proposal(last, { proposal: 's' })).code).toBe(
      'NO_VALIDATOR_LEFT',
    )
    expect(
      world.refused(
        'manager:maker',
        'governance.propose',
        proposal({ kind: 'remove', participant: 'core' }, { proposal: 's' }),
      ).code,
    ).toBe('STILL_A_VALIDATOR')
  })

  it('moves the calendar to others, from a height; a member that rolls the date is not removed', () => {
    const world = consortium({ calendarOperators: ['core'] })
    const roll = (who: string, date: string) => world.call(`${who}:service`, 'calendar.roll', { date }).accepted
    expect(world.refused('manager:maker', 'governance.propose', proposal({ kind: 'remove', participant: 'core' }, { proposal: 's' })).code).toBe('STILL_A_CALENDAR_OPERATOR') // prettier-ignore
    const move: Action = { kind: 'setCalendarOperators', operators: ['depository', 'factor'] }
    decide(world, move, { fromHeight: 50 })
    expect(calendarOperatorsAt(world.read, 49)).toEqual(['core'])
    expect([roll('factor', '2011-01-01'), roll('core', '2011-01-01')]).toEqual([false, true])
    world.height = 50
    expect([roll('core', '2011-01-02'), roll('factor', '2011-01-02')]).toEqual([false, true])
    expect(world.refused('manager:maker', 'governance.propose', proposal(move, { proposal: 's' })).code).toBe('NOTHING_CHANGES') // prettier-ignore
    const strangers: Action = { kind: 'setCalendarOperators', operators: ['nobody'] }
    expect(world.refused('manager:maker', 'governance.propose', proposal(strangers, { proposal: 's' })).code).toBe('PARTICIPANT_NOT_FOUND') // prettier-ignore
    world.height = 60
    decide(world, { kind: 'remove', participant: 'core' }, { id: 'r' })
    expect(world.read(proposalKey('r'))?.state).toBe('enacted')
  })

  it('changes some limits and leaves the others', () => {
    const world = consortium()
    decide(world, { kind: 'setParameters', parameters: { maxBlockCommands: 500 } })
    expect(parametersAt(world.read, world.height)).toMatchObject({ maxBlockCommands: 500, proposalDays: 30 })
  })
})
