import { ed25519 } from '@noble/curves/ed25519.js'
import type { SignatureCheck } from '../ed25519.ts'

/**
 * CometBFT's rule for signatures (ZIP-215): non-canonical points are decoded, the equation is multiplied by the
 * cofactor, S < L. It is another rule than that of commands (LEDGER.md §2) and must accept whatever the validators
 * accepted, or a commit of theirs would look forged.
 */
export const verifyZip215: SignatureCheck = (publicKey, message, signature) => {
  if (publicKey.length !== 32 || signature.length !== 64) return false
  return ed25519.verify(signature, message, publicKey, { zip215: true })
}
