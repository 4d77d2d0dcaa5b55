import { ed25519 } from '@noble/curves/ed25519.js'
import { sha512 } from '@noble/hashes/sha2.js'
import { concatBytes } from '#proof/hash'
import { L, littleEndian } from '#proof/ed25519'

/** A number below 2²⁵⁶, as Ed25519 writes it. */
export function toLittleEndian(value: bigint): Uint8Array {
  const bytes = new Uint8Array(32)
  for (let i = 0, rest = value; i < 32; i += 1, rest >>= 8n) bytes[i] = Number(rest & 255n)
  return bytes
}

/**
 * A signature whose R is the identity and whose S was computed for it: the equation holds and R is canonical, so our rule
 * accepts it (LEDGER.md §2), where libraries that refuse every R of small order do not.
 */
export function identitySignature(seed: Uint8Array, message: Uint8Array): Uint8Array {
  const { scalar, pointBytes } = ed25519.utils.getExtendedPublicKey(seed)
  const identity = ed25519.Point.ZERO.toBytes()
  const k = littleEndian(sha512(concatBytes(identity, pointBytes, message))) % L
  return concatBytes(identity, toLittleEndian((k * scalar) % L))
}
