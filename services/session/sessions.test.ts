import { beforeEach, describe, expect, test } from 'vitest'
import { testPublicKey, testSecretKey } from '#contracts/testing/consortium'
import { memberKey, participantKey } from '#contracts/membership/state'
import { signingKey } from '#ledger-adapter/application/operator-key'
import { toBase64url } from '#proof/base64url'
import type { Json } from '#proof/json'
import { loginBytes, type LoginClaim } from '#proof/login'
import { Sessions } from './sessions.ts'

const secret = new Uint8Array(32).fill(7)
let now = 0
let height = 10
let state: Map<string, Json>
const ledger = {
  chainId: 'chain',
  query: async (keys: readonly string[]) => ({ height, values: keys.map((key) => state.get(key)) }),
}
const create = (over: Partial<ConstructorParameters<typeof Sessions>[0]> = {}) =>
  new Sessions({ ledger, audience: 'node-a', secret, now: () => now, ...over })

const setKey = (fields: object = {}): void => {
  const { path } = memberKey('core', 'k')
  const key = {
    participant: 'core',
    operator: 'core:maker',
    keyId: 'k',
    curve: 'ed25519',
    publicKey: testPublicKey('core:maker'),
  }
  state.set(path, { ...key, functions: ['maker', 'checker'], fromHeight: 0, untilHeight: null, ...fields })
}
beforeEach(() => {
  now = 1_000_000
  height = 10
  state = new Map()
  state.set(participantKey('core').path, {
    id: 'core',
    name: { zh: '核心', en: 'Core' },
    uscc: 'x',
    roles: ['core-enterprise'],
    next: null,
  })
  setKey()
})

const answer = (sessions: Sessions, over: Partial<LoginClaim> = {}, who = 'core:maker') => {
  const { challenge, audience, chainId } = sessions.challenge('core', 'k')
  const claim = { chainId, audience, participant: 'core', keyId: 'k', challenge, ...over }
  return { challenge, signature: toBase64url(signingKey(testSecretKey(who)).sign(loginBytes(claim))) }
}
const signIn = (sessions: Sessions, ...args: [Partial<LoginClaim>?, string?]) => {
  const { challenge, signature } = answer(sessions, ...args)
  return sessions.signIn(challenge, signature)
}

describe('a challenge', () => {
  test('signed by the key gives a token of that key', async () => {
    const sessions = create()
    const { token, operator, functions } = await signIn(sessions)
    expect({ operator, functions }).toEqual({ operator: 'core:maker', functions: ['maker', 'checker'] })
    expect(await sessions.authenticate(token)).toMatchObject({ participant: 'core', roles: ['core-enterprise'] })
  })

  test.each<[string, Partial<LoginClaim>, string?]>([
    ['for another node', { audience: 'node-b' }],
    ['for another ledger', { chainId: 'other' }],
    ['for another participant', { participant: 'bank' }],
    ['of other text', { challenge: 'x' }],
    ['by another key', {}, 'core:checker'],
  ])('signed %s gives none', async (_what, over, who) => {
    await expect(signIn(create(), over, who)).rejects.toMatchObject({ status: 401, code: 'NOT_SIGNED_IN' })
  })

  test('is spent by its first answer, right or wrong, and by time', async () => {
    const sessions = create()
    const { challenge, signature } = answer(sessions)
    await sessions.signIn(challenge, signature)
    await expect(sessions.signIn(challenge, signature)).rejects.toMatchObject({ code: 'CHALLENGE_SPENT' })
    const late = answer(sessions)
    now += 60_000
    await expect(sessions.signIn(late.challenge, late.signature)).rejects.toMatchObject({ code: 'CHALLENGE_SPENT' })
  })

  test('does not stay open for ever when many are asked for: the oldest goes', async () => {
    const sessions = create()
    const first = answer(sessions)
    for (let i = 0; i < 10_000; i += 1) sessions.challenge('core', 'k')
    await expect(sessions.signIn(first.challenge, first.signature)).rejects.toMatchObject({ code: 'CHALLENGE_SPENT' })
  })
})

describe('a token', () => {
  test('ends with its time, and with another secret or node', async () => {
    const sessions = create()
    const { token } = await signIn(sessions)
    await expect(create({ secret: new Uint8Array(32).fill(8) }).authenticate(token)).rejects.toMatchObject({
      code: 'BAD_TOKEN',
    })
    await expect(create({ audience: 'node-b' }).authenticate(token)).rejects.toMatchObject({ code: 'BAD_TOKEN' })
    now += 15 * 60_000
    await expect(sessions.authenticate(token)).rejects.toMatchObject({ status: 401, code: 'TOKEN_EXPIRED' })
  })

  test('ends when the key does: at its next use', async () => {
    const sessions = create()
    const { token } = await signIn(sessions)
    setKey({ untilHeight: 12 })
    expect(await sessions.authenticate(token)).toMatchObject({ keyId: 'k' })
    height = 11 // the next block is 12, in which the key signs no more
    await expect(sessions.authenticate(token)).rejects.toMatchObject({ status: 401, code: 'KEY_REVOKED' })
    await expect(signIn(sessions)).rejects.toMatchObject({ code: 'NOT_SIGNED_IN' })
  })

  test('never grants more than the key had, nor what it lost since', async () => {
    const sessions = create()
    setKey({ functions: ['maker'] })
    const { token } = await signIn(sessions)
    setKey({ functions: ['maker', 'payer'] })
    expect((await sessions.authenticate(token)).functions).toEqual(['maker'])
    setKey({ functions: ['payer'] })
    expect((await sessions.authenticate(token)).functions).toEqual([])
  })

  test.each(['', '.', 'a.b', 'a.b.c', '..'])('of noise %j is refused', async (token) => {
    await expect(create().authenticate(token)).rejects.toMatchObject({ status: 401, code: 'BAD_TOKEN' })
  })
})

test('a short secret is refused at start', () => {
  expect(() => create({ secret: new Uint8Array(16) })).toThrow(/32 bytes/)
})
