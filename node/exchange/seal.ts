import {
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  randomBytes,
  type KeyObject,
} from 'node:crypto'
import { canonicalJson } from '#proof/canonical'
import { ExchangeError } from './errors.ts'

/**
 * A file encrypted to its recipients, readable as a stream. The construction is that of age (age-encryption.org/v1): a
 * random file key, wrapped for each recipient by X25519 and HKDF-SHA256, and a payload in chunks that are each
 * authenticated, counted, and marked when they are the last (STREAM), so that none can be changed, moved, left out or cut
 * off. The cipher is AES-256-GCM, which Node has natively.
 *   head    = one line of canonical JSON: format, and for each recipient the ephemeral key and the wrapped file key
 *   payload = chunks of 64 KiB, each with a tag of 16 bytes; nonce = counter(11) ‖ last(1)
 */
export interface RecipientKey {
  /** X25519, 32 bytes, base64url: what others encrypt to. */
  readonly publicKey: string
  readonly secretKey: KeyObject
}

const FORMAT = 'sluice/sealed/1'
export const SEALED_CHUNK = 65_536
const TAG = 16
const MAX_HEAD = 65_536
const CIPHER = 'aes-256-gcm'

export function newRecipientKey(): RecipientKey {
  const { privateKey, publicKey } = generateKeyPairSync('x25519')
  return { secretKey: privateKey, publicKey: publicKey.export({ format: 'jwk' }).x! }
}

/** A key from the 32 bytes that a key file holds. */
export function recipientKeyOf(secret: Uint8Array): RecipientKey {
  if (secret.length !== 32) throw new ExchangeError('BAD_KEY', { problem: '32 bytes are needed' })
  // PKCS #8 of an X25519 key is this prefix and the bytes (RFC 8410).
  const der = Buffer.concat([Buffer.from('302e020100300506032b656e04220420', 'hex'), secret])
  const secretKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  return { secretKey, publicKey: createPublicKey(secretKey).export({ format: 'jwk' }).x! }
}

const publicKeyOf = (text: string): KeyObject => {
  try {
    return createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x: text }, format: 'jwk' })
  } catch {
    throw new ExchangeError('BAD_KEY', { problem: 'not an X25519 public key' })
  }
}

/** @throws ExchangeError BAD_KEY also for a key of small order, with which the secret would be known to everybody */
function wrappingKey(own: KeyObject, other: KeyObject, ephemeral: string, recipient: string): Buffer {
  let shared: Buffer
  try {
    shared = diffieHellman({ privateKey: own, publicKey: other })
  } catch {
    throw new ExchangeError('BAD_KEY', { problem: 'a key of small order' })
  }
  return Buffer.from(hkdfSync('sha256', shared, `${ephemeral}.${recipient}`, `${FORMAT} file key`, 32))
}

interface Stanza {
  readonly ephemeral: string
  readonly recipient: string
  readonly wrapped: string
}

function wrap(fileKey: Buffer, recipient: string): Stanza {
  const { secretKey, publicKey: ephemeral } = newRecipientKey()
  const key = wrappingKey(secretKey, publicKeyOf(recipient), ephemeral, recipient)
  // The wrapping key is used once: its ephemeral half is forgotten here.
  const cipher = createCipheriv(CIPHER, key, Buffer.alloc(12))
  const wrapped = Buffer.concat([cipher.update(fileKey), cipher.final(), cipher.getAuthTag()])
  return { ephemeral, recipient, wrapped: wrapped.toString('base64url') }
}

function unwrap({ ephemeral, recipient, wrapped }: Stanza, { secretKey }: RecipientKey): Buffer {
  const key = wrappingKey(secretKey, publicKeyOf(ephemeral), ephemeral, recipient)
  const bytes = Buffer.from(wrapped, 'base64url')
  if (bytes.length !== 32 + TAG) throw new ExchangeError('NOT_FOR_YOU', {})
  const decipher = createDecipheriv(CIPHER, key, Buffer.alloc(12)).setAuthTag(bytes.subarray(32))
  try {
    return Buffer.concat([decipher.update(bytes.subarray(0, 32)), decipher.final()])
  } catch {
    throw new ExchangeError('NOT_FOR_YOU', {})
  }
}

const nonceOf = (counter: number, isLast: boolean): Buffer => {
  const nonce = Buffer.alloc(12)
  nonce.writeUIntBE(counter, 5, 6)
  nonce[11] = isLast ? 1 : 0
  return nonce
}

/** Pieces of exactly `size` bytes, the last of what is left; at least one, and the last is told apart. */
async function* pieces(content: AsyncIterable<Uint8Array>, size: number) {
  let [held, length]: [Uint8Array[], number] = [[], 0]
  for await (const chunk of content) {
    held.push(chunk)
    length += chunk.length
    if (length <= size) continue
    const all = Buffer.concat(held)
    let at = 0
    // A full piece is held back until more follows: it may be the last.
    for (; all.length - at > size; at += size) yield { piece: all.subarray(at, at + size), isLast: false }
    held = [all.subarray(at)]
    length = all.length - at
  }
  yield { piece: Buffer.concat(held), isLast: true }
}

/** @param recipients X25519 public keys */
export async function* seal(content: AsyncIterable<Uint8Array>, recipients: readonly string[]): AsyncGenerator<Buffer> {
  if (recipients.length === 0) throw new ExchangeError('BAD_KEY', { problem: 'no recipient' })
  const fileKey = randomBytes(32)
  const head = { format: FORMAT, recipients: recipients.map((recipient) => ({ ...wrap(fileKey, recipient) })) }
  const line = Buffer.from(`${canonicalJson(head)}\n`)
  yield line
  const key = payloadKey(fileKey, line)
  let counter = 0
  for await (const { piece, isLast } of pieces(content, SEALED_CHUNK)) {
    const cipher = createCipheriv(CIPHER, key, nonceOf(counter, isLast))
    counter += 1
    yield Buffer.concat([cipher.update(piece), cipher.final(), cipher.getAuthTag()])
  }
}

/** Bound to the head: a stanza added or taken away spoils the payload. */
const payloadKey = (fileKey: Buffer, head: Buffer): Buffer =>
  Buffer.from(hkdfSync('sha256', fileKey, head, `${FORMAT} payload`, 32))

/** The keys that a file is encrypted to. @throws ExchangeError TAMPERED */
export async function recipientsOf(sealed: AsyncIterable<Uint8Array>): Promise<string[]> {
  const { line } = await headOf(sealed[Symbol.asyncIterator]())
  return stanzasOf(line).map(({ recipient }) => recipient)
}

async function headOf(source: AsyncIterator<Uint8Array>): Promise<{ line: Buffer; rest: Buffer }> {
  let read = Buffer.alloc(0)
  for (let end = -1; ; end = read.indexOf(10)) {
    if (end >= 0) return { line: read.subarray(0, end + 1), rest: read.subarray(end + 1) }
    const next = await source.next()
    if (next.done || read.length > MAX_HEAD) throw new ExchangeError('TAMPERED', { problem: 'no head' })
    read = Buffer.concat([read, next.value])
  }
}

/** The content as it arrives. @throws ExchangeError NOT_FOR_YOU, TAMPERED (chunk: the first that does not hold), BAD_KEY */
export async function* unseal(sealed: AsyncIterable<Uint8Array>, key: RecipientKey): AsyncGenerator<Buffer> {
  const source = sealed[Symbol.asyncIterator]()
  const { line, rest: first } = await headOf(source)
  const stanza = stanzasOf(line).find(({ recipient }) => recipient === key.publicKey)
  if (!stanza) throw new ExchangeError('NOT_FOR_YOU', {})
  const secret = payloadKey(unwrap(stanza, key), line)
  const rest = async function* (): AsyncGenerator<Uint8Array> {
    yield first
    for (let next = await source.next(); !next.done; next = await source.next()) yield next.value
  }
  let counter = 0
  for await (const { piece, isLast } of pieces(rest(), SEALED_CHUNK + TAG)) {
    yield open(secret, piece, counter, isLast)
    counter += 1
  }
}

function open(key: Buffer, piece: Buffer, counter: number, isLast: boolean): Buffer {
  if (piece.length < TAG) throw new ExchangeError('TAMPERED', { chunk: counter, problem: 'cut off' })
  const decipher = createDecipheriv(CIPHER, key, nonceOf(counter, isLast))
  decipher.setAuthTag(piece.subarray(piece.length - TAG))
  try {
    return Buffer.concat([decipher.update(piece.subarray(0, piece.length - TAG)), decipher.final()])
  } catch {
    throw new ExchangeError('TAMPERED', { chunk: counter })
  }
}

function stanzasOf(line: Buffer): readonly Stanza[] {
  try {
    const head = JSON.parse(line.toString('utf8')) as { format: string; recipients: Stanza[] }
    if (head.format === FORMAT && Array.isArray(head.recipients)) return head.recipients
  } catch {
    // said below, as of every head that is not one
  }
  throw new ExchangeError('TAMPERED', { problem: 'the head is not of this form' })
}
