import { describe, expect, it } from 'vitest'
import type { JsonObject } from '#proof/json'
import type { World } from '../kernel/testing/world.ts'
import { consortium, testPublicKey } from '../testing/consortium.ts'
import { callerOf } from './caller.ts'

const newKey = (keyId: string, functions?: string[]) => ({
  keyId,
  curve: 'ed25519',
  publicKey: testPublicKey(`new ${keyId}`),
  ...(functions && { functions }),
})
const OPERATOR = {
  participant: 'core',
  operator: 'core:new',
  kind: 'person',
  key: newKey('n', ['maker']),
  fromHeight: null,
}
const KEY = { participant: 'core', operator: 'core:maker', key: newKey('n', ['maker']), fromHeight: null }
const ROTATE = { participant: 'core', keyId: 'maker-key', successor: newKey('maker-2'), fromHeight: null }
const REVOKE = { participant: 'core', keyId: 'maker-key', fromHeight: null, reason: 'lost' }

const functionsAt = (world: World, keyId: string, height: number, participant = 'core') =>
  callerOf(world.read, participant, keyId, height)?.caller.functions
const admin = (world: World, method: string, args: JsonObject) =>
  world.does('core:service', `membership.${method}`, args)
/** A point of order 8, and the identity: both on the curve, neither of prime order. */
const TORSION = Buffer.from('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a', 'hex').toString(
  'base64url',
)
const IDENTITY = Buffer.from(`01${'00'.repeat(31)}`, 'hex').toString('base64url')

describe('who signs', () => {
  it('is answered with operator, roles and functions', () => {
    const known = callerOf(consortium().read, 'bank', 'service-key', 0)
    expect(known).toMatchObject({
      curve: 'ed25519',
      publicKey: testPublicKey('bank:service'),
      caller: { participant: 'bank', operator: 'bank:service', keyId: 'service-key', roles: ['supervisory-bank'] },
    })
  })

  it('is nobody for an unknown key, or a key of another participant', () => {
    const { read } = consortium()
    expect(callerOf(read, 'bank', 'nothing', 5)).toBeUndefined()
    expect(callerOf(read, 'nobody', 'service-key', 5)).toBeUndefined()
  })
})

describe('keys', () => {
  it('added hold from the block after, or from the height named', () => {
    const world = consortium()
    world.height = 10
    admin(world, 'addKey', KEY)
    expect([10, 11].map((height) => functionsAt(world, 'n', height))).toEqual([undefined, ['maker']])
    admin(world, 'addOperator', { ...OPERATOR, key: newKey('m', ['checker']), fromHeight: 20 })
    expect([19, 20].map((height) => functionsAt(world, 'm', height))).toEqual([undefined, ['checker']])
  })

  it('rotated hand over at one height, with the same operator and functions', () => {
    const world = consortium()
    admin(world, 'rotateKey', { ...ROTATE, fromHeight: 30 })
    expect([29, 30].map((height) => functionsAt(world, 'maker-key', height))).toEqual([['maker'], undefined])
    expect([29, 30].map((height) => functionsAt(world, 'maker-2', height))).toEqual([undefined, ['maker']])
    expect(callerOf(world.read, 'core', 'maker-2', 30)?.caller.operator).toBe('core:maker')
  })

  it('revoked end at a height; one that is to end later may end sooner', () => {
    const world = consortium()
    admin(world, 'revokeKey', { ...REVOKE, fromHeight: 40 })
    expect([39, 40].map((height) => functionsAt(world, 'maker-key', height))).toEqual([['maker'], undefined])
    expect(world.refused('core:service', 'membership.revokeKey', { ...REVOKE, fromHeight: 41 }).code).toBe('KEY_ENDED')
    expect(world.refused('core:service', 'membership.rotateKey', ROTATE).code).toBe('KEY_ENDED')
    admin(world, 'revokeKey', { ...REVOKE, fromHeight: 35 })
    expect(functionsAt(world, 'maker-key', 35)).toBeUndefined()
  })

  it('are in nobody else’s hand, the consortium’s operator included', () => {
    const world = consortium()
    for (const [method, args] of Object.entries({
      addKey: KEY,
      addOperator: OPERATOR,
      rotateKey: ROTATE,
      revokeKey: REVOKE,
    })) {
      expect(world.refused('operator:service', `membership.${method}`, args).code).toBe('NOT_YOUR_PARTICIPANT')
    }
  })

  it('cannot leave a participant without administrator', () => {
    const world = consortium()
    expect(world.refused('core:service', 'membership.revokeKey', { ...REVOKE, keyId: 'service-key' }).code).toBe(
      'REVOKES_ITSELF',
    )
    const second = { ...KEY, operator: 'core:service', key: newKey('admin-2', ['service:admin']) }
    admin(world, 'addKey', second)
    world.enrol('core:service2', {
      participant: 'core',
      operator: 'core:service',
      keyId: 'admin-2',
      roles: ['core-enterprise'],
      functions: ['service:admin'],
    })
    admin(world, 'revokeKey', { ...REVOKE, keyId: 'admin-2', fromHeight: 1000 })
    expect(world.refused('core:service2', 'membership.revokeKey', { ...REVOKE, keyId: 'service-key' }).code).toBe(
      'SIGNER_IS_ENDING',
    )
  })
})

describe('what is refused', () => {
  it.each([
    ['NOT_YOUR_PARTICIPANT', 'bank:service', 'addKey', KEY],
    ['NOT_YOUR_PARTICIPANT', 'bank:service', 'revokeKey', REVOKE],
    ['WRONG_FUNCTION', 'core:checker', 'addKey', KEY],
    ['WRONG_FUNCTION', 'core:maker', 'addOperator', OPERATOR],
    ['WRONG_FUNCTION', 'core:maker', 'rotateKey', ROTATE],
    ['WRONG_FUNCTION', 'core:maker', 'revokeKey', REVOKE],
    ['OPERATOR_NOT_FOUND', 'core:service', 'addKey', { ...KEY, operator: 'core:nobody' }],
    ['OPERATOR_EXISTS', 'core:service', 'addOperator', { ...OPERATOR, operator: 'core:maker' }],
    ['KEY_EXISTS', 'core:service', 'addKey', { ...KEY, key: newKey('maker-key', ['maker']) }],
    ['KEY_NOT_FOUND', 'core:service', 'rotateKey', { ...ROTATE, keyId: 'x' }],
    ['KEY_NOT_FOUND', 'core:service', 'revokeKey', { ...REVOKE, keyId: 'x' }],
    [
      'PUBLIC_KEY_TAKEN',
      'core:service',
      'addKey',
      { ...KEY, key: { ...KEY.key, publicKey: testPublicKey('core:checker') } },
    ],
    [
      'PUBLIC_KEY_TAKEN',
      'core:service',
      'addKey',
      { ...KEY, key: { ...KEY.key, publicKey: testPublicKey('bank:maker') } },
    ],
    ['BAD_PUBLIC_KEY', 'core:service', 'addKey', { ...KEY, key: { ...KEY.key, publicKey: TORSION } }],
    ['BAD_PUBLIC_KEY', 'core:service', 'addKey', { ...KEY, key: { ...KEY.key, publicKey: IDENTITY } }],
    ['BAD_ARGS', 'core:service', 'addKey', { ...KEY, key: { ...KEY.key, publicKey: 'short' } }],
    ['NOT_FOR_A_SERVICE', 'core:service', 'addKey', { ...KEY, operator: 'core:service' }],
    ['NOT_FOR_A_SERVICE', 'core:service', 'addOperator', { ...OPERATOR, kind: 'service' }],
    ['HEIGHT_PASSED', 'core:service', 'addKey', { ...KEY, fromHeight: 1 }],
    ['HEIGHT_PASSED', 'core:service', 'revokeKey', { ...REVOKE, fromHeight: 0 }],
  ])('%s: %s %s', (code, who, method, args) => {
    expect(consortium().refused(who, `membership.${method}`, args as JsonObject).code).toBe(code)
  })
})

describe('members', () => {
  it('are known to all', () => {
    for (const { topics } of consortium().events) expect(topics).toEqual(['public', 'regulator'])
  })
})
