import { createCipheriv, createDecipheriv, randomBytes, scrypt } from 'node:crypto'
import { KEY_FUNCTIONS, type KeyFunction } from '#contracts/kernel/method'
import { canonicalBytes } from '#proof/canonical'
import { ID_PATTERN } from '#proof/command'
import type { Json } from '#proof/json'
import { CURVES } from '#proof/public-key'
import type { KeyDescription } from './signer.ts'

/** One key at rest: its public description, and its seed under scrypt and AES-256-GCM. */
export interface KeyFile extends KeyDescription {
  readonly format: 'sluice/key/v1'
  readonly kdf: {
    readonly name: 'scrypt'
    readonly N: number
    readonly r: number
    readonly p: number
    readonly salt: string
  }
  readonly cipher: { readonly name: 'aes-256-gcm'; readonly iv: string; readonly tag: string; readonly data: string }
}

export class KeyFileError extends Error {
  override readonly name = 'KeyFileError'
  constructor(
    readonly code: 'WRONG_PASSPHRASE' | 'MALFORMED' | 'EXISTS' | 'NOT_FOUND' | 'WRONG_PARTICIPANT' | 'UNSAFE_MODE',
    readonly file: string,
    problem: string,
  ) {
    super(`${code} ${file}: ${problem}`)
  }
}

type Kdf = KeyFile['kdf']

/** About 80 ms and 32 MB: what RFC 7914 calls interactive use, doubled. */
const COST = { N: 1 << 15, r: 8, p: 1 }
const MAX_N = 1 << 20

export const newKdf = (): Kdf => ({ name: 'scrypt', ...COST, salt: randomBytes(16).toString('base64url') })

/** The key that encrypts the files of one folder; derived once per folder, since it is meant to be slow. */
export function deriveKey(passphrase: string, { N, r, p, salt }: Kdf): Promise<Buffer> {
  const maxmem = 256 * N * r
  return new Promise((resolve, reject) => {
    scrypt(passphrase.normalize('NFKC'), Buffer.from(salt, 'base64url'), 32, { N, r, p, maxmem }, (error, key) => {
      if (error) reject(error)
      else resolve(key)
    })
  })
}

/** The public fields are authenticated with the secret: who edits one makes the file unreadable. */
const bound = ({ participant, operator, keyId, curve, publicKey, functions }: KeyDescription): Uint8Array =>
  canonicalBytes({ participant, operator, keyId, curve, publicKey, functions: [...functions] })

/** A secret at rest. @param bound what is in clear beside it: whoever changes a byte of it makes the secret unreadable */
export function sealSecret(secret: Uint8Array, bound: Uint8Array, key: Buffer): KeyFile['cipher'] {
  const iv = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', key, iv)
  cipher.setAAD(bound)
  const data = Buffer.concat([cipher.update(secret), cipher.final()])
  const text = (bytes: Buffer) => bytes.toString('base64url')
  return { name: 'aes-256-gcm', iv: text(iv), tag: text(cipher.getAuthTag()), data: text(data) }
}

/** @throws KeyFileError WRONG_PASSPHRASE */
export function openSecret(file: string, sealed: KeyFile['cipher'], bound: Uint8Array, key: Buffer): Uint8Array {
  const bytes = (text: string) => Buffer.from(text, 'base64url')
  const { iv, tag, data } = sealed
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, bytes(iv), { authTagLength: 16 })
    decipher.setAAD(bound)
    decipher.setAuthTag(bytes(tag))
    return new Uint8Array(Buffer.concat([decipher.update(bytes(data)), decipher.final()]))
  } catch {
    throw new KeyFileError('WRONG_PASSPHRASE', file, 'wrong passphrase, or the file was changed')
  }
}

export const seal = (description: KeyDescription, seed: Uint8Array, key: Buffer, kdf: Kdf): KeyFile => ({
  format: 'sluice/key/v1',
  ...description,
  kdf,
  cipher: sealSecret(seed, bound(description), key),
})

/** @throws KeyFileError WRONG_PASSPHRASE */
export const unseal = (file: string, sealed: KeyFile, key: Buffer): Uint8Array =>
  openSecret(file, sealed.cipher, bound(sealed), key)

/** @throws KeyFileError MALFORMED, naming the field */
export function parseKeyFile(file: string, text: string): KeyFile {
  const fail = (field: string): never => {
    throw new KeyFileError('MALFORMED', file, `${field} is missing or not what it should be`)
  }
  let value: Json
  try {
    value = JSON.parse(text) as Json
  } catch {
    throw new KeyFileError('MALFORMED', file, 'not JSON')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return fail('the document')
  const sealed = value as unknown as { [field in keyof KeyFile]?: KeyFile[field] }
  const id = new RegExp(ID_PATTERN)
  if (sealed.format !== 'sluice/key/v1') fail('format')
  for (const field of ['participant', 'operator', 'keyId'] as const) if (!isText(sealed[field], id)) fail(field)
  if (!CURVES.some((curve) => curve === sealed.curve)) fail('curve')
  if (!isText(sealed.publicKey, /^[A-Za-z0-9_-]{43,44}$/)) fail('publicKey')
  const { functions } = sealed
  if (!Array.isArray(functions) || !functions.every((name) => (KEY_FUNCTIONS as readonly string[]).includes(name as KeyFunction))) fail('functions') // prettier-ignore
  checkProtection(sealed, fail)
  return sealed as KeyFile
}

const isText = (text: unknown, pattern: RegExp): boolean => typeof text === 'string' && pattern.test(text)

/** How a secret is kept, as far as it can be seen without the passphrase. @param fail is told the field */
export function checkProtection(
  { kdf, cipher }: { readonly [field in 'kdf' | 'cipher']?: KeyFile[field] },
  fail: (field: string) => unknown,
): void {
  const isCost = (cost: unknown, max: number) =>
    Number.isInteger(cost) && (cost as number) > 0 && (cost as number) <= max
  if (kdf?.name !== 'scrypt' || !isCost(kdf.N, MAX_N) || !isCost(kdf.r, 32) || !isCost(kdf.p, 16)) fail('kdf')
  if (!isText(kdf?.salt, /^[A-Za-z0-9_-]{22,}$/)) fail('kdf.salt')
  if (cipher?.name !== 'aes-256-gcm') fail('cipher')
  if (!isText(cipher?.iv, /^[A-Za-z0-9_-]{16}$/)) fail('cipher.iv')
  if (!isText(cipher?.tag, /^[A-Za-z0-9_-]{22}$/)) fail('cipher.tag')
  if (!isText(cipher?.data, /^[A-Za-z0-9_-]{43}$/)) fail('cipher.data')
}
