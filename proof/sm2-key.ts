import { weierstrass, type WeierstrassPoint } from '@noble/curves/abstract/weierstrass.js'
import { bytesToHex } from './hash.ts'

/** The curve of GB/T 32918.5-2017: 256 bits, cofactor 1. */
export const SM2_CURVE: Readonly<Record<'p' | 'a' | 'b' | 'n' | 'h' | 'Gx' | 'Gy', bigint>> = {
  p: 0xfffffffeffffffffffffffffffffffffffffffff00000000ffffffffffffffffn,
  a: 0xfffffffeffffffffffffffffffffffffffffffff00000000fffffffffffffffcn,
  b: 0x28e9fa9e9d9f5e344d5a9e4bcf6509a7f39789f515ab8f92ddbcbd414d940e93n,
  n: 0xfffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123n,
  h: 1n,
  Gx: 0x32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7n,
  Gy: 0xbc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0n,
}

export const Sm2Point = weierstrass(SM2_CURVE)
export type Sm2Point = WeierstrassPoint<bigint>

/** Compressed (SEC 1 §2.3.3): 0x02 or 0x03, then x. The one form in which a key is registered. */
export const SM2_KEY_BYTES = 33

/** Keys already decoded, as in `ed25519.ts`. */
const known = new Map<string, Sm2Point | undefined>()
const MAX_KNOWN = 4096

/** Undefined for what is not a compressed point of the curve; all of them have prime order. */
export function decodeSm2Key(publicKey: Uint8Array): Sm2Point | undefined {
  if (publicKey.length !== SM2_KEY_BYTES) return undefined
  const id = bytesToHex(publicKey)
  if (known.has(id)) return known.get(id)
  if (known.size >= MAX_KNOWN) known.clear()
  let point: Sm2Point | undefined
  try {
    point = Sm2Point.fromBytes(publicKey)
  } catch {
    point = undefined // another prefix, x ≥ p, or not on the curve
  }
  known.set(id, point)
  return point
}
