import { createPublicKey, hash, verify, type KeyObject } from 'node:crypto'
import { createRequire } from 'node:module'
import hashtree from '@chainsafe/hashtree'
import { verifyZip215 } from '#proof/cometbft/index'
import { useSha256, type Sha256 } from '#proof/hash'
import { putDigest } from './digest.ts'
import { hasReducedS, isUsableKey, SIGNATURE_BYTES, type SignatureCheck } from '#proof/ed25519'
import type { Checks } from '#proof/verify-receipt'
import { curveOf } from '#proof/public-key'
import { verifySm2Native } from './sm2-native.ts'

const require = createRequire(import.meta.url)
/** Where libsodium's module is; a thread that has no file of its own loads it from there. */
export const SODIUM = require.resolve('sodium-native')
/** Ends the process where a length is wrong: lengths are asked before. */
const { crypto_sign_verify_detached: verifySodium } = require(SODIUM) as {
  readonly crypto_sign_verify_detached: SodiumCheck
}
type SodiumCheck = (signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array) => boolean

/**
 * Ed25519 by libsodium, a twentieth of the cost of the portable check, and what it refuses by OpenSSL (ADR 048). Both
 * compute R = sB − kA and compare encodings, which is the rule of LEDGER.md §2; libsodium refuses, beyond that rule, an R
 * of small order. That the key is canonical and of prime order is asked of `proof/` once per key.
 */
const verifyEd25519Native: SignatureCheck = (publicKey, message, signature) => {
  const key = preparedKey(publicKey, signature)
  return key !== undefined && (verifySodium(signature, message, publicKey) || verify(null, message, key, signature))
}

/**
 * The key to give OpenSSL for this signature, when our own rules (curve, lengths, canonical key of prime order, S < L)
 * leave nothing but the equation to check; undefined when they do not, or the curve is another.
 */
export const preparedKey = (publicKey: Uint8Array, signature: Uint8Array): KeyObject | undefined =>
  signature.length === SIGNATURE_BYTES && curveOf(publicKey) === 'ed25519' && hasReducedS(signature)
    ? keyObject(publicKey)
    : undefined

/** A signature of either curve, by libsodium and OpenSSL; answers as `proof/signature.ts` does. */
export const verifyNative: SignatureCheck = (publicKey, message, signature) =>
  (curveOf(publicKey) === 'sm2' ? verifySm2Native : verifyEd25519Native)(publicKey, message, signature)

/**
 * A validator's vote, by ZIP-215. What the equation without cofactor accepts, ZIP-215 accepts: its own is the same,
 * multiplied by the cofactor. So only what the native check refuses, hardly ever anything, is left to the portable one.
 */
export const verifyVoteNative: SignatureCheck = (publicKey, message, signature) =>
  verifyEd25519Native(publicKey, message, signature) || verifyZip215(publicKey, message, signature)

/** For the verifiers of `proof/`, in place of their portable ones. */
export const nativeChecks: Checks = { signature: verifyNative, votes: verifyVoteNative }

const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex')
const MAX_KNOWN = 4096
const known = new Map<string, KeyObject | undefined>()

function keyObject(publicKey: Uint8Array): KeyObject | undefined {
  const id = Buffer.from(publicKey.buffer, publicKey.byteOffset, publicKey.length).toString('latin1')
  if (known.has(id)) return known.get(id)
  if (known.size >= MAX_KNOWN) known.clear()
  const key = isUsableKey(publicKey)
    ? createPublicKey({ key: Buffer.concat([SPKI_PREFIX, publicKey]), format: 'der', type: 'spki' })
    : undefined
  known.set(id, key)
  return key
}

/** SHA-256 by OpenSSL. */
export function sha256Native(input: Uint8Array | string): Uint8Array {
  const bytes = new Uint8Array(32)
  putDigest(input, bytes, 0)
  return bytes
}

export const nativeSha256: Sha256 = {
  bytes: sha256Native,
  hex: (input) => hash('sha256', input, 'hex'),
  into: putDigest,
  pairs: (input, to) => hashtree.hashInto(input, to),
}

// Whoever verifies natively hashes natively, in `proof/` too.
useSha256(nativeSha256)
