import { fromBase64url } from './base64url.ts'
import { isUsableKey, PUBLIC_KEY_BYTES } from './ed25519.ts'
import { decodeSm2Key, SM2_KEY_BYTES } from './sm2-key.ts'

export const CURVES = ['ed25519', 'sm2'] as const
/** How a key signs; a participant chooses for each of its keys (LEDGER.md §2). */
export type Curve = (typeof CURVES)[number]

/** The curve of a public key, which its length tells: 32 bytes are Ed25519, 33 a compressed point of SM2. */
export function curveOf(publicKey: Uint8Array): Curve | undefined {
  if (publicKey.length === PUBLIC_KEY_BYTES) return 'ed25519'
  return publicKey.length === SM2_KEY_BYTES ? 'sm2' : undefined
}

const FORMS: Readonly<Record<Curve, { problemOf: (bytes: Uint8Array) => string | undefined; bytes: number }>> = {
  ed25519: {
    bytes: PUBLIC_KEY_BYTES,
    problemOf: (bytes) => (isUsableKey(bytes) ? undefined : 'not the canonical encoding of a point of prime order'),
  },
  sm2: {
    bytes: SM2_KEY_BYTES,
    problemOf: (bytes) => (decodeSm2Key(bytes) ? undefined : 'not a compressed point of the SM2 curve'),
  },
}

/** Why this base64url text cannot be registered as a key of the curve; undefined when it can. */
export function publicKeyProblem(curve: Curve, text: string): string | undefined {
  const { bytes: length, problemOf } = FORMS[curve]
  const bytes = fromBase64url(text)
  if (!bytes || bytes.length !== length) return `base64url text of ${length} bytes expected`
  return problemOf(bytes)
}
