import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, open, readdir, rename, rm, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { fileHash } from '../file-hash.ts'
import { ExchangeError } from './errors.ts'
import {
  addressOf,
  checkManifest,
  hashOf,
  isSigned,
  signed,
  type KeyLookup,
  type Manifest,
  type Receipt,
  type Signed,
  type Signer,
} from './manifest.ts'
import { unseal, type RecipientKey } from './seal.ts'

export interface PullOptions {
  /** Address of the sender's node. */
  readonly url: string
  /** A session token of that node, asked for at each request: it may have run out in between. */
  readonly token: () => Promise<string>
  /** What the ledger names. */
  readonly content: string
  readonly from: string
  readonly folder: string
  readonly key: RecipientKey
  readonly signer: Signer
  readonly keyOf: KeyLookup
  readonly now?: () => number
  readonly fetch?: typeof fetch
  readonly onProgress?: (progress: PullProgress) => void
}

/** In bytes of the encrypted file. */
export interface PullProgress {
  readonly bytes: number
  readonly of: number
  /** What an earlier transfer had left, which is not fetched again. */
  readonly before: number
  readonly bytesPerSecond: number
}

/**
 * Fetches a file from another organisation. Every piece is checked as it arrives and the first that is not in the signed
 * manifest ends the transfer; what was checked stays, and the next call goes on behind it. Then it is decrypted, compared
 * with the hash on the ledger, and signed for.
 * @returns the path of the decrypted file, and the receipt the sender now has
 * @throws ExchangeError TAMPERED (chunk), BAD_MANIFEST, NOT_FOR_YOU, UNREACHABLE (status)
 */
export async function pull(options: PullOptions): Promise<{ path: string; receipt: Signed<Receipt> }> {
  const { content, folder, from, key, signer, keyOf, now = Date.now } = options
  await mkdir(folder, { recursive: true })
  const document = await manifestOf(options)
  const manifest = document.body
  checkManifest(manifest)
  if (manifest.content !== content || manifest.from !== from)
    throw new ExchangeError('BAD_MANIFEST', { field: 'content' })
  if (!(await isSigned(document, from, keyOf))) throw new ExchangeError('BAD_MANIFEST', { field: 'signature' })
  const path = join(folder, content)
  // An earlier run may have ended between the file and its receipt.
  if ((await fileHash(path).catch(noFile)) !== content) {
    // By its address: the same content encrypted anew is another file, whose pieces must not be mixed with these.
    const part = join(folder, `${content}.${addressOf(manifest)}.part`)
    await fetchPieces(options, manifest, part)
    await decrypt(part, path, key, content)
    await rm(part, { force: true })
  }
  const receipt = signed<Receipt>(
    {
      format: 'sluice/exchange-receipt/1',
      content,
      address: addressOf(manifest),
      participant: signer.participant,
      receivedAt: now(),
    },
    signer,
  )
  await ask(options, '/receipts', {
    method: 'POST',
    body: JSON.stringify(receipt),
    headers: { 'content-type': 'application/json' },
  })
  return { path, receipt }
}

async function ask({ url, token, content, fetch: fetcher = fetch }: PullOptions, path: string, init: RequestInit = {}) {
  const headers = { ...(init.headers as Record<string, string>), authorization: `Bearer ${await token()}` }
  const response = await fetcher(new URL(`/v1/exchange/files/${content}${path}`, url), { ...init, headers })
  if (response.ok) return response
  await response.body?.cancel()
  throw new ExchangeError('UNREACHABLE', { status: response.status, path })
}

/** Deletes what was pulled of some contents: whole, or what was left of a transfer that was cut short. */
export async function discardPulled(folder: string, contents: readonly string[]): Promise<void> {
  const gone = new Set(contents)
  for (const name of (await readdir(folder).catch(noFile)) ?? [])
    if (gone.has(name.split('.')[0]!)) await rm(join(folder, name), { force: true })
}

function noFile(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT') return undefined
  throw error
}

/** A list of pieces for a file of a terabyte; whoever answers more is not asked further. */
const MAX_MANIFEST = 1 << 26

async function manifestOf(options: PullOptions): Promise<Signed<Manifest>> {
  const response = await ask(options, '')
  const read: Uint8Array[] = []
  let length = 0
  for await (const bytes of response.body as unknown as AsyncIterable<Uint8Array>) {
    length += bytes.length
    if (length > MAX_MANIFEST) throw new ExchangeError('BAD_MANIFEST', { field: 'length', most: MAX_MANIFEST })
    read.push(bytes)
  }
  try {
    const document = JSON.parse(Buffer.concat(read).toString('utf8')) as Signed<Manifest>
    if (typeof document.body === 'object' && document.body !== null) return document
  } catch {
    // said below, as of every answer that is no document
  }
  throw new ExchangeError('BAD_MANIFEST', { field: 'body' })
}

async function fetchPieces(options: PullOptions, manifest: Manifest, part: string): Promise<void> {
  const file = await open(part, 'a+', 0o600)
  try {
    let chunk = await checkedPieces(file, manifest)
    await file.truncate(Math.min(chunk * manifest.chunkSize, manifest.size))
    if (chunk === manifest.chunks.length) return
    const told = progressOf(options, manifest, chunk)
    const range = `bytes=${chunk * manifest.chunkSize}-`
    const response = await ask(options, '/body', { headers: { range } })
    if (chunk > 0 && response.status !== 206) throw new ExchangeError('UNREACHABLE', { status: response.status, range })
    let [held, length]: [Uint8Array[], number] = [[], 0]
    const take = async (piece: Buffer): Promise<void> => {
      if (hashOf(piece) !== manifest.chunks[chunk]) throw new ExchangeError('TAMPERED', { chunk })
      await file.write(piece)
      chunk += 1
      told(chunk)
    }
    told(chunk)
    for await (const bytes of response.body as unknown as AsyncIterable<Uint8Array>) {
      held.push(bytes)
      length += bytes.length
      while (length >= manifest.chunkSize) {
        const all = Buffer.concat(held)
        await take(all.subarray(0, manifest.chunkSize))
        held = [all.subarray(manifest.chunkSize)]
        length -= manifest.chunkSize
      }
    }
    if (length > 0) await take(Buffer.concat(held))
    if (chunk !== manifest.chunks.length) throw new ExchangeError('TAMPERED', { chunk, problem: 'ends too early' })
  } finally {
    await file.close()
  }
}

function progressOf({ onProgress }: PullOptions, { size, chunkSize }: Manifest, already: number) {
  const started = performance.now()
  const before = already * chunkSize
  return (chunk: number): void => {
    const bytes = Math.min(size, chunk * chunkSize)
    const bytesPerSecond = Math.round(((bytes - before) * 1000) / Math.max(1, performance.now() - started))
    onProgress?.({ bytes, of: size, before, bytesPerSecond })
  }
}

/** How many pieces an earlier transfer left that are right. */
async function checkedPieces(file: FileHandle, { chunks, chunkSize, size }: Manifest): Promise<number> {
  const buffer = Buffer.alloc(chunkSize)
  for (const [i, hash] of chunks.entries()) {
    const want = Math.min(chunkSize, size - i * chunkSize)
    const { bytesRead } = await file.read(buffer, 0, want, i * chunkSize)
    if (bytesRead < want || hashOf(buffer.subarray(0, want)) !== hash) return i
  }
  return chunks.length
}

async function decrypt(part: string, path: string, key: RecipientKey, content: string): Promise<void> {
  const hash = createHash('sha256')
  const temporary = `${path}.plain`
  const plain = async function* (): AsyncGenerator<Buffer> {
    for await (const chunk of unseal(createReadStream(part), key)) {
      hash.update(chunk)
      yield chunk
    }
  }
  try {
    await pipeline(Readable.from(plain()), createWriteStream(temporary, { mode: 0o600 }))
    const got = hash.digest('hex')
    if (got !== content) throw new ExchangeError('TAMPERED', { content, got })
    await rename(temporary, path)
  } finally {
    await rm(temporary, { force: true })
  }
}
