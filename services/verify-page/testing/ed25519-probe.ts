/// <reference lib="dom" />
import { verifyEd25519 } from '#proof/ed25519'
import { hexToBytes } from '#proof/hash'
import type { SignatureCase } from '../../../proof/testing/ed25519-cases.ts'

/** Runs in a browser: what our check and WebCrypto's say of each signature; undefined when it throws. */
export interface Answers {
  readonly ours: boolean
  readonly browsers: boolean | undefined
}

async function byWebCrypto(key: Uint8Array, message: Uint8Array, signature: Uint8Array): Promise<boolean | undefined> {
  try {
    const imported = await crypto.subtle.importKey('raw', key.slice(), 'Ed25519', false, ['verify'])
    return await crypto.subtle.verify('Ed25519', imported, signature.slice(), message.slice())
  } catch {
    return undefined
  }
}

const probe = (cases: readonly SignatureCase[]): Promise<Answers[]> =>
  Promise.all(
    cases.map(async ({ publicKey, message, signature }) => {
      const parts = [publicKey, message, signature].map(hexToBytes) as [Uint8Array, Uint8Array, Uint8Array]
      return { ours: verifyEd25519(...parts), browsers: await byWebCrypto(...parts) }
    }),
  )

Object.assign(globalThis, { probe })
