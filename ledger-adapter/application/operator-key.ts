import { createPrivateKey, createPublicKey, randomBytes, sign } from 'node:crypto'
import { toBase64url } from '#proof/base64url'

/** A key that signs bytes: block headers here, commands in `node/keys`. The secret stays inside. */
export interface SigningKey {
  /** base64url: 43 characters (Ed25519), 44 (SM2) */
  readonly publicKey: string
  sign(message: Uint8Array): Uint8Array
}

const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex')

/** @param seed 32 secret bytes (RFC 8032 §5.1.5) */
export function signingKey(seed: Uint8Array): SigningKey {
  if (seed.length !== 32) throw new RangeError('an Ed25519 seed has 32 bytes')
  const secret = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: 'der', type: 'pkcs8' })
  const spki = createPublicKey(secret).export({ format: 'der', type: 'spki' })
  return { publicKey: toBase64url(spki.subarray(-32)), sign: (message) => sign(null, message, secret) }
}

export const newSeed = (): Uint8Array => new Uint8Array(randomBytes(32))
