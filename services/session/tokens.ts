import { createHmac, timingSafeEqual } from 'node:crypto'
import type { KeyFunction } from '#contracts/kernel/method'

/** What a token says; everything but the claim to this key is read again from the ledger at each use. */
export interface TokenClaims {
  readonly chainId: string
  readonly audience: string
  readonly participant: string
  readonly operator: string
  readonly keyId: string
  /** What the key could be used for when the token was given: the token never grants more. */
  readonly functions: readonly KeyFunction[]
  readonly expiresAtMs: number
}

const mac = (secret: Uint8Array, payload: string): Buffer =>
  createHmac('sha256', secret).update(`sluice/token/v1\n${payload}`).digest()

/** `payload.mac`, both base64url; the secret never leaves the node. */
export function sealToken(secret: Uint8Array, claims: TokenClaims): string {
  const payload = Buffer.from(JSON.stringify(claims)).toString('base64url')
  return `${payload}.${mac(secret, payload).toString('base64url')}`
}

/** undefined when this node did not give the token; whether it still holds is another question. */
export function openToken(secret: Uint8Array, token: string): TokenClaims | undefined {
  const [payload = '', given = '', ...rest] = token.split('.')
  const want = mac(secret, payload)
  const have = Buffer.from(given, 'base64url')
  if (rest.length > 0 || have.length !== want.length || !timingSafeEqual(have, want)) return undefined
  return JSON.parse(Buffer.from(payload, 'base64url').toString()) as TokenClaims
}
