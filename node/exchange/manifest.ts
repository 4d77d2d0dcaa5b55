import { createHash } from 'node:crypto'
import { verifyNative } from '#ledger-adapter/application/verify-native'
import { canonicalJson } from '#proof/canonical'
import { fromBase64url, toBase64url } from '#proof/base64url'
import { sha256Hex, utf8ToBytes } from '#proof/hash'
import type { JsonObject } from '#proof/json'
import type { Signer as KeySigner } from '../keys/signer.ts'
import { ExchangeError } from './errors.ts'

/**
 * What one blob of the exchange is: an encrypted file in pieces whose hashes are listed, so that whoever pulls it refuses
 * the first piece that is not the one meant, and goes on where a broken transfer ended. Signed by the sender, whose key
 * membership knows; its hash is the blob's address.
 */
export interface Manifest extends JsonObject {
  readonly format: 'sluice/exchange/1'
  /** SHA-256 of the file before encryption: what the ledger names. */
  readonly content: string
  readonly from: string
  /** Participants who may pull it. */
  readonly to: readonly string[]
  readonly size: number
  readonly chunkSize: number
  /** SHA-256 of each piece. */
  readonly chunks: readonly string[]
}

export interface Signer {
  readonly participant: string
  readonly keyId: string
  sign(message: Uint8Array): Uint8Array
}

/** An operator's key as the exchange uses it. */
export const fileSigner = (key: KeySigner): Signer => ({
  participant: key.participant,
  keyId: key.keyId,
  sign: (message) => key.signMessage(message),
})

export interface Signed<T extends JsonObject> extends JsonObject {
  readonly body: T
  readonly keyId: string
  readonly signature: string
}

/** That a participant has the whole file and found it to be what the ledger names. */
export interface Receipt extends JsonObject {
  readonly format: 'sluice/exchange-receipt/1'
  readonly content: string
  readonly address: string
  readonly participant: string
  readonly receivedAt: number
}

export const CHUNK = 1 << 20
export const addressOf = (manifest: Manifest): string => sha256Hex(utf8ToBytes(canonicalJson(manifest)))
export const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** The purpose is part of what is signed: a signature for one is none for the other. */
const messageOf = (body: JsonObject): Uint8Array =>
  utf8ToBytes(`${String(body['format'])}\n${sha256Hex(utf8ToBytes(canonicalJson(body)))}`)

export const signed = <T extends JsonObject>(body: T, signer: Signer): Signed<T> => ({
  body,
  keyId: signer.keyId,
  signature: toBase64url(signer.sign(messageOf(body))),
})

/** The public key (base64url) of a participant's key as membership has it now; undefined when it signs no more. */
export type KeyLookup = (participant: string, keyId: string) => Promise<string | undefined>

export async function isSigned(signedBody: Signed<JsonObject>, by: string, keyOf: KeyLookup): Promise<boolean> {
  const { body, keyId, signature } = signedBody
  const key = await keyOf(by, keyId)
  const [publicKey, bytes] = [key && fromBase64url(key), fromBase64url(signature)]
  return !!publicKey && !!bytes && verifyNative(publicKey, messageOf(body), bytes)
}

const HASH = /^[0-9a-f]{64}$/

/** @throws ExchangeError BAD_MANIFEST naming what is wrong */
export function checkManifest(manifest: Manifest): void {
  const { format, content, size, chunkSize, chunks, from, to } = manifest
  const bad = (field: string): never => {
    throw new ExchangeError('BAD_MANIFEST', { field })
  }
  if (format !== 'sluice/exchange/1') bad('format')
  if (typeof content !== 'string' || !HASH.test(content)) bad('content')
  if (typeof from !== 'string') bad('from')
  if (!Array.isArray(to) || to.some((one) => typeof one !== 'string')) bad('to')
  if (!Number.isSafeInteger(size) || size < 1) bad('size')
  if (chunkSize !== CHUNK) bad('chunkSize')
  if (!Array.isArray(chunks) || chunks.length !== Math.ceil(size / chunkSize)) bad('chunks')
  if (chunks.some((hash) => typeof hash !== 'string' || !HASH.test(hash))) bad('chunks')
}
