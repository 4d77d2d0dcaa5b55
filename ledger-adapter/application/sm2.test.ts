import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { sm2 } from 'sm-crypto-v2'
import { describe, expect, it } from 'vitest'
import { toBase64url } from '#proof/base64url'
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from '#proof/hash'
import { publicKeyProblem } from '#proof/public-key'
import { sm2Identity, sm3, verifySm2 } from '#proof/sm2'
import { SM2_CURVE, Sm2Point } from '#proof/sm2-key'
import { sm2Cases } from '../../proof/testing/sm2-cases.ts'
import { verifyNative } from './verify-native.ts'
import { sm2SigningKey } from './sm2-native.ts'
import { fromBase64url } from '#proof/base64url'

const { n, p } = SM2_CURVE
const bytes32 = (value: bigint): Uint8Array => hexToBytes(value.toString(16).padStart(64, '0'))
const number = (bytes: Uint8Array): bigint => BigInt(`0x${bytesToHex(bytes)}`)
const publicOf = (secret: bigint): Uint8Array => Sm2Point.BASE.multiply(secret).toBytes(true)

/** OpenSSL's equation and ours: they must say the same of everything. */
function expectAll(answer: boolean, key: Uint8Array, message: Uint8Array, signature: Uint8Array, why = ''): void {
  expect(verifySm2(key, message, signature), `portable ${why}`).toBe(answer)
  expect(verifyNative(key, message, signature), `native ${why}`).toBe(answer)
}
/** The library that signs in browsers; it is never asked in earnest. `undefined`: it throws. */
const browserSays = (key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean | undefined => {
  const point = bytesToHex(Sm2Point.fromBytes(key).toBytes(false))
  try {
    return sm2.doVerifySignature(message, bytesToHex(signature), point, { hash: true, userId: '1234567812345678' })
  } catch {
    return undefined
  }
}

interface Vector {
  secret: string
  publicKey: string
  message: string
  sm3: string
  signature: string
}
const vectors = JSON.parse(
  readFileSync(new URL('../../testdata/sm2/vectors.json', import.meta.url), 'utf8'),
) as Vector[]

describe('SM2 with SM3', () => {
  it('meets the example of GM/T 0003.5-2012, Annex A', () => {
    const secret = hexToBytes('3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8')
    const key = publicOf(number(secret))
    expect(bytesToHex(key.subarray(1))).toBe('09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020')
    expect(bytesToHex(sm2Identity(key)!)).toBe('b2e14c5c79c6df5b85f4fe7ed8db7a262b9da7e07ccb0ea9f4747b8ccda8a4f3')
    const signature = hexToBytes(
      'f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3' +
        'b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa',
    )
    expectAll(true, key, utf8ToBytes('message digest'), signature)
    expect(browserSays(key, utf8ToBytes('message digest'), signature)).toBe(true)
  })

  it('hashes as GM/T 0004-2012 says', () => {
    expect(bytesToHex(sm3(utf8ToBytes('abc')))).toBe('66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0')
  })

  it('accepts what an independent implementation signed, and makes its keys and hashes', () => {
    expect(vectors).toHaveLength(40)
    for (const vector of vectors) {
      const key = fromBase64url(sm2SigningKey(hexToBytes(vector.secret)).publicKey)!
      expect(bytesToHex(Sm2Point.fromBytes(key).toBytes(false))).toBe(`04${vector.publicKey}`)
      const message = hexToBytes(vector.message)
      expect(bytesToHex(sm3(message))).toBe(vector.sm3)
      expectAll(true, key, message, hexToBytes(vector.signature))
    }
  })

  it('signs natively what all three accept, and nobody accepts it changed', () => {
    const secret = fc.bigInt(1n, n - 2n)
    fc.assert(
      fc.property(secret, fc.uint8Array({ maxLength: 300 }), fc.nat(64 * 8 - 1), (d, message, bit) => {
        const signer = sm2SigningKey(bytes32(d))
        const key = fromBase64url(signer.publicKey)!
        const signature = signer.sign(message)
        expectAll(true, key, message, signature)
        expect(browserSays(key, message, signature)).toBe(true)
        const changed = Uint8Array.from(signature)
        changed[bit >> 3]! ^= 1 << (bit & 7)
        expectAll(false, key, message, changed, 'signature')
        expectAll(false, key, concatBytes(message, Uint8Array.of(0)), signature, 'message')
        expectAll(false, publicOf(d === 1n ? 2n : d - 1n), message, signature, 'key')
      }),
      { numRuns: 40 },
    )
  })

  it('answers alike on numbers out of range and on signatures made to have r + s = n', () => {
    const key = publicOf(7n)
    const message = utf8ToBytes('m')
    const signature = sm2SigningKey(bytes32(7n)).sign(message)
    const [r, s] = [number(signature.subarray(0, 32)), number(signature.subarray(32))]
    const top = (1n << 256n) - 1n
    for (const [x, y] of [
      [0n, s],
      [r, 0n],
      [0n, 0n],
      [n, s],
      [r, n],
      [r, n - r],
      [n - 1n, 1n],
      [top, s],
      [r, top],
      [s, r],
      [n - r, s],
      [r, n - s],
    ] as const) {
      // prettier-ignore
      expectAll(false, key, message, concatBytes(bytes32(x), bytes32(y)), `${x} ${y}`)
    }
    // The other spelling of the same number, where it fits in 32 bytes.
    if (s + n <= top) expectAll(false, key, message, concatBytes(bytes32(r), bytes32(s + n)), 's + n')
    for (const length of [0, 1, 63, 65, 128])
      expectAll(false, key, message, new Uint8Array(length).fill(1), `${length}`)
  })

  it('answers alike on random and adversarial signatures, the point at infinity among them', () => {
    const seed = process.env['SLUICE_SEED'] ?? String(Date.now())
    const cases = sm2Cases(seed)
    expect(new Set(cases.map(({ why }) => why)).size).toBe(15)
    for (const [i, { why, ...hex }] of cases.entries()) {
      const [key, message, signature] = [hex.publicKey, hex.message, hex.signature].map(hexToBytes) as [Uint8Array, Uint8Array, Uint8Array] // prettier-ignore
      const place = `${why}, seed ${seed}, case ${i}`
      expectAll(why === 'honest', key, message, signature, place)
      // The browser's library takes the point at infinity for one whose x is 0. Nobody asks it whether a signature holds.
      const isTaken = why === 'honest' || why === 'sG + tP at infinity, r = e'
      expect(browserSays(key, message, signature) ?? false, `browser ${place}`).toBe(isTaken)
    }
  })

  it('answers alike on any 64 bytes under any key', () => {
    const bytes = fc.uint8Array({ minLength: 64, maxLength: 64 })
    fc.assert(
      fc.property(fc.bigInt(1n, n - 2n), fc.uint8Array({ maxLength: 40 }), bytes, (d, message, signature) => {
        expectAll(false, publicOf(d), message, signature)
      }),
      { numRuns: 60 },
    )
  })

  it('a signature over another identity, or over the bare message as generated keys make it, is none', () => {
    const secret = bytes32(11n)
    const key = publicOf(11n)
    const message = utf8ToBytes('which identity?')
    const hex = sm2.doSignature(message, bytesToHex(secret), { hash: true, userId: 'another' })
    expectAll(false, key, message, hexToBytes(hex))
    const bare = sm2.doSignature(message, bytesToHex(secret), { hash: false })
    expectAll(false, key, message, hexToBytes(bare))
    const good = sm2.doSignature(message, bytesToHex(secret), { hash: true, userId: '1234567812345678' })
    expectAll(true, key, message, hexToBytes(good))
  })

  it('names why a key is none', () => {
    const good = publicOf(5n)
    expect(publicKeyProblem('sm2', toBase64url(good))).toBeUndefined()
    expect(publicKeyProblem('ed25519', toBase64url(good))).toMatch('32 bytes')
    const compressed = (x: bigint, head = 2) => concatBytes(Uint8Array.of(head), bytes32(x))
    const offCurve = Array.from({ length: 20 }, (_, i) => BigInt(i + 1)).find(
      (x) => publicKeyProblem('sm2', toBase64url(compressed(x))) !== undefined,
    )!
    for (const bad of [
      compressed(offCurve),
      compressed(p),
      compressed(p + 1n),
      compressed((1n << 256n) - 1n),
      compressed(number(good.subarray(1)), 4),
      compressed(number(good.subarray(1)), 0),
      new Uint8Array(33),
      Sm2Point.fromBytes(good).toBytes(false),
    ]) {
      expect(publicKeyProblem('sm2', toBase64url(bad)), bytesToHex(bad)).toBeDefined()
      expectAll(false, bad, utf8ToBytes('x'), new Uint8Array(64).fill(1))
    }
    expect(() => sm2SigningKey(new Uint8Array(32))).toThrow(RangeError)
    expect(() => sm2SigningKey(bytes32(n - 1n))).toThrow(RangeError)
  })
})
