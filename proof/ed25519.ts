import { ed25519 } from '@noble/curves/ed25519.js'
import { sha512 } from '@noble/hashes/sha2.js'
import { bytesToHex, concatBytes } from './hash.ts'

/**
 * Ed25519 as consensus code (LEDGER.md §2): canonical A and R, S < L, A of prime order, and the cofactorless equation
 * R = sB − kA compared as encodings. Libraries differ exactly where a signature has a torsion component (the cofactored
 * equation of RFC 8032 accepts it, this one does not), so the rule is written out instead of calling `verify`.
 * The native check in `ledger-adapter/application/verify-native.ts` must answer the same; a test compares them.
 */
export type SignatureCheck = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean

export const PUBLIC_KEY_BYTES = 32
export const SIGNATURE_BYTES = 64

const { Point } = ed25519
type Ed25519Point = InstanceType<typeof Point>

/** Order of the prime-order subgroup. */
export const L = Point.Fn.ORDER

export function littleEndian(bytes: Uint8Array): bigint {
  let hex = ''
  for (let i = bytes.length - 1; i >= 0; i -= 1) hex += bytes[i]!.toString(16).padStart(2, '0')
  return BigInt(`0x${hex}`)
}

/** Keys already decoded: a ledger sees few keys many times. Bounded; dropping an entry changes no answer. */
const known = new Map<string, Ed25519Point | undefined>()
const MAX_KNOWN = 4096

function decodeKey(publicKey: Uint8Array): Ed25519Point | undefined {
  if (publicKey.length !== PUBLIC_KEY_BYTES) return undefined
  const id = bytesToHex(publicKey)
  if (known.has(id)) return known.get(id)
  if (known.size >= MAX_KNOWN) known.clear()
  const point = decodePoint(publicKey)
  const usable = point && !point.is0() && point.isTorsionFree() ? point : undefined
  known.set(id, usable)
  return usable
}

function decodePoint(bytes: Uint8Array): Ed25519Point | undefined {
  let point: Ed25519Point
  try {
    point = Point.fromBytes(bytes, false)
  } catch {
    return undefined // not on the curve, or y ≥ p
  }
  return same(point.toBytes(), bytes) ? point : undefined
}

export const isUsableKey = (publicKey: Uint8Array): boolean => decodeKey(publicKey) !== undefined

/** S < L: without it every signature has a second form. */
export const hasReducedS = (signature: Uint8Array): boolean =>
  // L is a little above 2^252: of a signature's last byte almost always the answer can be read.
  signature[63]! < 0x10 || littleEndian(signature.subarray(32)) < L

export const verifyEd25519: SignatureCheck = (publicKey, message, signature) => {
  if (signature.length !== SIGNATURE_BYTES || !hasReducedS(signature)) return false
  const key = decodeKey(publicKey)
  if (!key) return false
  const r = signature.subarray(0, 32)
  const s = littleEndian(signature.subarray(32))
  const k = littleEndian(sha512(concatBytes(r, publicKey, message))) % L
  const expected = Point.BASE.multiplyUnsafe(s).add(key.multiplyUnsafe(k).negate())
  return same(expected.toBytes(), r) // a canonical encoding equals only a canonical R
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}
