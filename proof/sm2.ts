import { sm3 as sm3Hex } from 'sm-crypto-v2'
import { concatBytes, hexToBytes, utf8ToBytes } from './hash.ts'
import type { SignatureCheck } from './ed25519.ts'
import { decodeSm2Key, SM2_CURVE, Sm2Point } from './sm2-key.ts'

/**
 * SM2 signatures with SM3 (GB/T 32918.2-2016) as consensus code: e = SM3(Z ‖ M) with the standard's usual identity,
 * and a signature is r ‖ s of 32 bytes each, so that it has one spelling. The native check in
 * `ledger-adapter/application/sm2-native.ts` must answer the same; a test compares them.
 */
const IDENTITY = utf8ToBytes('1234567812345678')
export const SM2_SIGNATURE_BYTES = 64

const { n, a, b, Gx, Gy } = SM2_CURVE

export const sm3 = (bytes: Uint8Array): Uint8Array => hexToBytes(sm3Hex(bytes))

const thirtyTwo = (value: bigint): Uint8Array => hexToBytes(value.toString(16).padStart(64, '0'))
const bigEndian = (bytes: Uint8Array): bigint => bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n)

/**
 * What identifies the signer in every digest: Z = SM3(ENTL ‖ ID ‖ a ‖ b ‖ x_G ‖ y_G ‖ x_A ‖ y_A), GB/T 32918.2 §5.5.
 * @returns undefined when the key is none
 */
export function sm2Identity(publicKey: Uint8Array): Uint8Array | undefined {
  const point = decodeSm2Key(publicKey)
  if (!point) return undefined
  const { x, y } = point.toAffine()
  const bits = IDENTITY.length * 8
  return sm3(concatBytes(Uint8Array.of(bits >> 8, bits & 255), IDENTITY, ...[a, b, Gx, Gy, x, y].map(thirtyTwo)))
}

/** GB/T 32918.2 §7.1: r and s in [1, n−1], t = r + s ≠ 0 and r = e + x(sG + tP), all mod n. */
export const verifySm2: SignatureCheck = (publicKey, message, signature) => {
  if (signature.length !== SM2_SIGNATURE_BYTES) return false
  const identity = sm2Identity(publicKey)
  const key = decodeSm2Key(publicKey)
  if (!identity || !key) return false
  const r = bigEndian(signature.subarray(0, 32))
  const s = bigEndian(signature.subarray(32))
  if (r === 0n || s === 0n || r >= n || s >= n) return false
  const t = (r + s) % n
  if (t === 0n) return false
  const point = Sm2Point.BASE.multiplyUnsafe(s).add(key.multiplyUnsafe(t))
  if (point.is0()) return false
  const e = bigEndian(sm3(concatBytes(identity, message)))
  return (e + point.toAffine().x) % n === r
}
