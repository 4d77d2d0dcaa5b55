import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { testPublicKey, testSecretKey } from '#contracts/testing/consortium'
import { fromBase64url } from '#proof/base64url'
import { identitySignature } from '../testing/identity-signature.ts'
import { signingKey } from './operator-key.ts'
import { verifyNative } from './verify-native.ts'
import { VerifyPool } from './verify-pool.ts'

const people = ['core:maker', 'supplier-1:maker', 'factor:maker']
const keys = people.map((name) => fromBase64url(testPublicKey(name))!)
const signers = people.map((name) => signingKey(testSecretKey(name)))
const pool = new VerifyPool(2)
afterAll(() => pool.close())

/** A signature as it is, of another, of another message, cut short, with S not reduced, with R the identity, or under a key of small order. */
const question = fc.record({
  who: fc.nat(people.length - 1),
  as: fc.nat(people.length - 1),
  byte: fc.oneof(fc.constant(-1), fc.nat(63)), // -1: none is changed
  message: fc.uint8Array({ minLength: 50, maxLength: 50 }),
  form: fc.constantFrom('whole', 'short', 'large-s', 'identity-r', 'zero-key'),
})

describe('signatures checked on threads', () => {
  it('get the answers of the check in place, however many at once', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(question, { maxLength: 40 }), async (questions) => {
        const cases = questions.map(({ who, as, byte, message, form }) => {
          const secret = testSecretKey(people[who]!)
          let signature =
            form === 'identity-r' ? identitySignature(secret, message) : signers[who]!.sign(message).slice()
          if (byte >= 0) signature[byte]! ^= 1
          if (form === 'short') signature = signature.slice(0, 63)
          if (form === 'large-s') signature.fill(0xff, 32)
          return [form === 'zero-key' ? new Uint8Array(32) : keys[as]!, message, signature] as const
        })
        const want = cases.map((one) => verifyNative(...one))
        expect(await Promise.all(cases.map((one) => pool.check(...one)))).toEqual(want)
      }),
      { numRuns: 60 },
    )
  })

  it('are answered also when the pool closes meanwhile, and after', async () => {
    const own = new VerifyPool(1)
    const message = new Uint8Array(50)
    const signature = signers[0]!.sign(message)
    const asked = Promise.all(Array.from({ length: 300 }, () => own.check(keys[0]!, message, signature)))
    await new Promise((resolve) => setImmediate(resolve))
    await own.close()
    expect(new Set(await asked)).toEqual(new Set([true]))
    expect(await own.check(keys[0]!, message, signature)).toBe(true)
    expect(await own.check(keys[1]!, message, signature)).toBe(false)
  })
})
