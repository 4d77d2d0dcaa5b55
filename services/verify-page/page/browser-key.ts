/// <reference lib="dom" />
import type { ClientSigner } from '#client/client'
import { toBase64url } from '#proof/base64url'

/** An Ed25519 key of WebCrypto that cannot leave this browser: not even this page can read its secret part. */
export interface BrowserKey extends ClientSigner {
  /** base64url */
  readonly publicKey: string
}

interface StoredKey {
  readonly participant: string
  readonly keyId: string
  readonly publicKey: string
  readonly privateKey: CryptoKey
}

const DATABASE = 'sluice-keys'
const STORE = 'keys'
const CURRENT = 'current'

const settled = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error ?? new Error('the browser keeps no keys'))
  })

async function store(mode: IDBTransactionMode): Promise<IDBObjectStore> {
  const opening = indexedDB.open(DATABASE, 1)
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE)
  return (await settled(opening)).transaction(STORE, mode).objectStore(STORE)
}

const signerOf = ({ participant, keyId, publicKey, privateKey }: StoredKey): BrowserKey => ({
  participant,
  keyId,
  publicKey,
  sign: async (message) => new Uint8Array(await crypto.subtle.sign('Ed25519', privateKey, message.slice())),
})

/** Makes a key and keeps it in the browser under a participant's key id, in place of the one before. */
export async function makeKey(participant: string, keyId: string): Promise<BrowserKey> {
  const isExtractable = false
  const pair = (await crypto.subtle.generateKey('Ed25519', isExtractable, ['sign', 'verify'])) as CryptoKeyPair
  const publicKey = toBase64url(new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey)))
  const key: StoredKey = { participant, keyId, publicKey, privateKey: pair.privateKey }
  await settled((await store('readwrite')).put(key, CURRENT))
  return signerOf(key)
}

export async function keptKey(): Promise<BrowserKey | undefined> {
  const key = (await settled((await store('readonly')).get(CURRENT))) as StoredKey | undefined
  return key && signerOf(key)
}
