import { ed25519 } from '@noble/curves/ed25519.js'
import { sha512 } from '@noble/hashes/sha2.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { verifyNative, verifyVoteNative } from './verify-native.ts'
import { signingKey } from './operator-key.ts'
import { verifyZip215 } from '#proof/cometbft/index'
import { fromBase64url, toBase64url } from '#proof/base64url'
import { isUsableKey, L, littleEndian, SIGNATURE_BYTES, verifyEd25519 } from '#proof/ed25519'
import { publicKeyProblem } from '#proof/public-key'
import { identitySignature, toLittleEndian } from '../testing/identity-signature.ts'
import { concatBytes, hexToBytes, utf8ToBytes } from '#proof/hash'

const { Point } = ed25519

/** Both implementations must give this one answer; and of the same bytes as a validator's vote, both of that rule one. */
function expectBoth(
  answer: boolean,
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
  why = '',
): void {
  expect(verifyEd25519(publicKey, message, signature), `portable ${why}`).toBe(answer)
  expect(verifyNative(publicKey, message, signature), `native ${why}`).toBe(answer)
  const vote = verifyZip215(publicKey, message, signature)
  expect(verifyVoteNative(publicKey, message, signature), `native vote ${why}`).toBe(vote)
  if (answer) expect(vote, `vote ${why}`).toBe(true)
}

const seedOf = (text: string) => sha512(utf8ToBytes(text)).subarray(0, 32)
const secretScalar = (seed: Uint8Array): bigint => {
  const head = sha512(seed).slice(0, 32)
  head[0]! &= 248
  head[31] = (head[31]! & 127) | 64
  return littleEndian(head) % L
}

/** The eight points of small order, in their canonical encodings (y of order 8 is the known constant). */
const SMALL_ORDER = [
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0000000000000000000000000000000000000000000000000000000000000080',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
].map(hexToBytes)

/** y ≥ p, or x = 0 with the sign bit: other spellings of points that have a canonical one. */
const NOT_CANONICAL = [
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
  'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
  '0100000000000000000000000000000000000000000000000000000000000080',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
].map(hexToBytes)

const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 })

describe('Ed25519, portable and native', () => {
  it('both accept what RFC 8032 §7.1 signs', () => {
    const key = hexToBytes('3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c')
    const signature = hexToBytes(
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da' +
        '085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
    )
    expectBoth(true, key, hexToBytes('72'), signature)
    expectBoth(false, key, hexToBytes('73'), signature)
  })

  it('both accept every honest signature and refuse it with any one bit changed', () => {
    fc.assert(
      fc.property(bytes32, fc.uint8Array({ maxLength: 80 }), fc.nat(8 * SIGNATURE_BYTES - 1), (seed, message, bit) => {
        const key = signingKey(seed)
        const publicKey = fromBase64url(key.publicKey)!
        const signature = new Uint8Array(key.sign(message))
        expectBoth(true, publicKey, message, signature)
        signature[bit >> 3]! ^= 1 << (bit & 7)
        expectBoth(false, publicKey, message, signature, `bit ${bit}`)
      }),
      { numRuns: 40 },
    )
  })

  it('both answer the same on random bytes, and on random points and scalars', () => {
    fc.assert(
      fc.property(bytes32, bytes32, bytes32, fc.boolean(), (a, r, s, isPoint) => {
        const key = isPoint ? Point.BASE.multiply((littleEndian(a) % (L - 1n)) + 1n).toBytes() : a
        const commitment = isPoint ? Point.BASE.multiply((littleEndian(r) % (L - 1n)) + 1n).toBytes() : r
        expectBoth(false, key, a, concatBytes(commitment, isPoint ? toLittleEndian(littleEndian(s) % L) : s))
      }),
      { numRuns: 60 },
    )
  })

  it('both refuse S + L, the second form of an honest signature', () => {
    const key = signingKey(seedOf('malleable'))
    const message = utf8ToBytes('pay once')
    const signature = key.sign(message)
    const s = littleEndian(signature.subarray(32))
    const second = concatBytes(signature.subarray(0, 32), toLittleEndian(s + L))
    expectBoth(true, fromBase64url(key.publicKey)!, message, signature)
    expectBoth(false, fromBase64url(key.publicKey)!, message, second)
  })

  it('both refuse a signature with a torsion component, which the cofactored equation accepts', () => {
    const seed = seedOf('torsion')
    const publicKey = fromBase64url(signingKey(seed).publicKey)!
    const message = utf8ToBytes('a torsion component')
    const torsion = Point.fromBytes(SMALL_ORDER[4]!)
    // R' = rB + T with T of order 8; S = r + k·a as always, k over R'.
    const r = littleEndian(sha512(utf8ToBytes('nonce'))) % L
    const commitment = Point.BASE.multiply(r).add(torsion).toBytes()
    const k = littleEndian(sha512(concatBytes(commitment, publicKey, message))) % L
    const signature = concatBytes(commitment, toLittleEndian((r + k * secretScalar(seed)) % L))
    expect(ed25519.verify(signature, message, publicKey, { zip215: true })).toBe(true)
    expectBoth(false, publicKey, message, signature)
    // The same without the torsion point holds, so it is the torsion alone that is refused.
    const honest = Point.BASE.multiply(r).toBytes()
    const k2 = littleEndian(sha512(concatBytes(honest, publicKey, message))) % L
    expectBoth(true, publicKey, message, concatBytes(honest, toLittleEndian((r + k2 * secretScalar(seed)) % L)))
  })

  it('refuses keys of small or mixed order and other spellings, at registration and in both checks', () => {
    const mixed = Point.BASE.add(Point.fromBytes(SMALL_ORDER[4]!)).toBytes()
    for (const key of [...SMALL_ORDER, ...NOT_CANONICAL, mixed]) {
      expect(isUsableKey(key)).toBe(false)
      expect(publicKeyProblem('ed25519', toBase64url(key))).toMatch(/prime order/)
      // S = 0 and R = A of order 1 holds for any message where a library allows it.
      expectBoth(false, key, utf8ToBytes('anything'), concatBytes(SMALL_ORDER[0]!, new Uint8Array(32)))
      expectBoth(false, key, utf8ToBytes('anything'), concatBytes(key, new Uint8Array(32)))
    }
    expect(publicKeyProblem('ed25519', signingKey(seedOf('x')).publicKey)).toBeUndefined()
    expect(publicKeyProblem('ed25519', 'short')).toMatch(/32 bytes/)
    expect(publicKeyProblem('ed25519', `${signingKey(seedOf('x')).publicKey}=`)).toMatch(/32 bytes/)
  })

  it('both refuse R of small order or in another spelling', () => {
    const seed = seedOf('small R')
    const publicKey = fromBase64url(signingKey(seed).publicKey)!
    const message = utf8ToBytes('small R')
    for (const r of NOT_CANONICAL) {
      const k = littleEndian(sha512(concatBytes(r, publicKey, message))) % L
      expectBoth(false, publicKey, message, concatBytes(r, toLittleEndian((k * secretScalar(seed)) % L)))
    }
    // R = identity, honestly computed: the equation holds and the encoding is canonical, so both accept it.
    expectBoth(true, publicKey, message, identitySignature(seed, message))
  })
})

describe('base64url', () => {
  it('has one text per byte string', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70 }), (bytes) => {
        const text = toBase64url(bytes)
        expect(text).toBe(Buffer.from(bytes).toString('base64url'))
        expect(fromBase64url(text)).toEqual(bytes)
      }),
    )
    for (const text of ['A', 'AB', 'AAB', 'AA==', 'A+', 'é', 'AA\n']) expect(fromBase64url(text), text).toBeUndefined()
  })
})
