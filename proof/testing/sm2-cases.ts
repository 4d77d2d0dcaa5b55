import { sha512 } from '@noble/hashes/sha2.js'
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from '../hash.ts'
import { sm2Identity, sm3 } from '../sm2.ts'
import { SM2_CURVE, Sm2Point } from '../sm2-key.ts'
import type { SignatureCase } from './ed25519-cases.ts'

const { n, p } = SM2_CURVE
const TOP = 1n << 256n

export const thirtyTwo = (value: bigint): Uint8Array => hexToBytes(value.toString(16).padStart(64, '0'))
export const bigEndian = (bytes: Uint8Array): bigint => BigInt(`0x${bytesToHex(bytes)}`)
const mod = (value: bigint): bigint => ((value % n) + n) % n
const inverse = (value: bigint): bigint => Sm2Point.Fn.inv(mod(value))
const publicOf = (secret: bigint): Uint8Array => Sm2Point.BASE.multiply(secret).toBytes(true)
const digestOf = (key: Uint8Array, message: Uint8Array): bigint => bigEndian(sm3(concatBytes(sm2Identity(key)!, message))) % n // prettier-ignore

interface Keyed {
  readonly secret: bigint
  readonly key: Uint8Array
  readonly message: Uint8Array
}

/** GB/T 32918.2 §6.1 with a given k, which a signer draws at random. */
function signed({ secret, key, message }: Keyed, k: bigint): readonly [bigint, bigint] {
  const r = mod(digestOf(key, message) + Sm2Point.BASE.multiply(k).toAffine().x)
  return [r, mod(inverse(1n + secret) * (k - r * secret))]
}

/**
 * An s for which sG + tP is the point at infinity, which has no x: s = −r·d / (1 + d). With r = e it holds for whoever
 * takes that x for 0. Only the key's owner can make it, and then some nodes would take it and others not.
 */
const toInfinity = ({ secret }: Keyed, r: bigint): bigint => mod(-r * secret * inverse(1n + secret))

/** What a check of SM2 must answer, by cases that differ with the seed; the honest ones hold, all others do not. */
export function sm2Cases(seed: string, count = 12): SignatureCase[] {
  const cases: SignatureCase[] = []
  const random = (what: string): bigint => bigEndian(sha512(utf8ToBytes(`${seed} sm2 ${what}`)).subarray(0, 32))
  const scalar = (what: string): bigint => (random(what) % (n - 2n)) + 1n
  const add = (why: string, publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array | readonly [bigint, bigint]): void => {
    const bytes = signature instanceof Uint8Array ? signature : concatBytes(thirtyTwo(signature[0]), thirtyTwo(signature[1]))
    cases.push({ why, publicKey: bytesToHex(publicKey), message: bytesToHex(message), signature: bytesToHex(bytes) })
  } // prettier-ignore
  for (let i = 0; i < count; i += 1) {
    const secret = scalar(`key ${i}`)
    const key = publicOf(secret)
    const message = thirtyTwo(random(`message ${i}`)).subarray(0, i * 3)
    const keyed = { secret, key, message }
    const [r, s] = signed(keyed, scalar(`k ${i}`))
    add('honest', key, message, [r, s])
    const flipped = concatBytes(thirtyTwo(r), thirtyTwo(s))
    const bit = Number(random(`bit ${i}`) % 512n)
    flipped[bit >> 3]! ^= 1 << (bit & 7)
    add('one bit changed', key, message, flipped)
    add('of another message', key, thirtyTwo(random(`other ${i}`)), [r, s])
    add('of another key', publicOf(scalar(`other key ${i}`)), message, [r, s])
    add('of the negated key', Sm2Point.fromBytes(key).negate().toBytes(true), message, [r, s])
    add('random r and s', key, message, [random(`r ${i}`), random(`s ${i}`)])
    add('random r and s in range', key, message, [scalar(`r ${i}`), scalar(`s ${i}`)])
    add('random s', key, message, [r, scalar(`s ${i}`)])
    add('r and s exchanged', key, message, [s, r])
    add('s negated', key, message, [r, mod(-s)])
    add('r negated', key, message, [mod(-r), s])
    add('r + s = n', key, message, [r, mod(-r)])
    add('sG + tP at infinity, r = e', key, message, [digestOf(key, message), toInfinity(keyed, digestOf(key, message))])
    add('sG + tP at infinity', key, message, [r, toInfinity(keyed, r)])
    for (const [x, y] of [
      [0n, s],
      [r, 0n],
      [n, s],
      [r, n],
      [TOP - 1n, s],
      [r, TOP - 1n],
      [p, s],
    ] as const)
      // prettier-ignore
      add('out of range', key, message, [x, y])
  }
  return cases
}
