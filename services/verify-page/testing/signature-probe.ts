/// <reference lib="dom" />
import { sm2 } from 'sm-crypto-v2'
import { bytesToHex, hexToBytes } from '#proof/hash'
import { curveOf } from '#proof/public-key'
import { verifySignature } from '#proof/signature'
import { Sm2Point } from '#proof/sm2-key'
import type { SignatureCase } from '../../../proof/testing/ed25519-cases.ts'

/**
 * Runs in a browser: what our check says of each signature, and what others there say: WebCrypto of Ed25519, the library
 * of SM2. undefined when they throw.
 */
export interface Answers {
  readonly ours: boolean
  readonly others: boolean | undefined
}

async function byWebCrypto(key: Uint8Array, message: Uint8Array, signature: Uint8Array): Promise<boolean> {
  const imported = await crypto.subtle.importKey('raw', key.slice(), 'Ed25519', false, ['verify'])
  return crypto.subtle.verify('Ed25519', imported, signature.slice(), message.slice())
}

const byLibrary = (key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean =>
  sm2.doVerifySignature(message, bytesToHex(signature), bytesToHex(Sm2Point.fromBytes(key).toBytes(false)), {
    hash: true,
    userId: '1234567812345678',
  })

const probe = (cases: readonly SignatureCase[]): Promise<Answers[]> =>
  Promise.all(
    cases.map(async ({ publicKey, message, signature }) => {
      const parts = [publicKey, message, signature].map(hexToBytes) as [Uint8Array, Uint8Array, Uint8Array]
      const asked = async () => (curveOf(parts[0]) === 'sm2' ? byLibrary : byWebCrypto)(...parts)
      return { ours: verifySignature(...parts), others: await asked().catch(() => undefined) }
    }),
  )

Object.assign(globalThis, { probe })
