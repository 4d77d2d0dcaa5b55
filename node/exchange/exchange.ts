import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createHash } from 'node:crypto'
import { canonicalJson } from '#proof/canonical'
import type { JsonObject } from '#proof/json'
import { isThere } from '../is-there.ts'
import { ExchangeError } from './errors.ts'
import {
  addressOf,
  CHUNK,
  hashOf,
  isSigned,
  signed,
  type KeyLookup,
  type Manifest,
  type Receipt,
  type Signed,
  type Signer,
} from './manifest.ts'
import type { Recipient } from './recipients.ts'
import { recipientsOf, seal } from './seal.ts'

const CONTENT = /^[0-9a-f]{64}$/
const PARTICIPANT = /^[A-Za-z0-9._-]{1,64}$/

/**
 * Files that one organisation holds ready for others: encrypted to their recipients, addressed by the hash of what is in
 * them (which the ledger carries), and pulled by them over HTTP (services/exchange). What lies here nobody but the
 * recipients can read, this node included.
 */
export class FileExchange {
  constructor(
    private readonly folder: string,
    private readonly keyOf: KeyLookup,
  ) {}

  /**
   * Encrypts a file and holds it ready. What is there already for the same recipients stays as it is: somebody may be
   * pulling it. @throws ExchangeError BAD_KEY; TAMPERED when it is not of this content
   */
  async offer(options: {
    readonly content: string
    readonly source: AsyncIterable<Uint8Array>
    readonly to: readonly Recipient[]
    readonly signer: Signer
  }): Promise<Signed<Manifest>> {
    const { content, source, to, signer } = options
    const there = await this.offered(content, signer.participant, to)
    if (there) return there
    await mkdir(this.folder, { recursive: true })
    await this.sweep(content)
    const path = this.path(content, 'sealed')
    const temporary = `${path}.${process.pid}.part`
    const hash = createHash('sha256')
    const counted = async function* (): AsyncGenerator<Uint8Array> {
      for await (const chunk of source) {
        hash.update(chunk)
        yield chunk
      }
    }
    try {
      const keys = to.map(({ publicKey }) => publicKey)
      await pipeline(Readable.from(seal(counted(), keys)), createWriteStream(temporary, { mode: 0o600 }))
      const got = hash.digest('hex')
      if (got !== content) throw new ExchangeError('TAMPERED', { content, got })
      const { size, chunks } = await piecesOf(temporary)
      const manifest: Manifest = {
        format: 'sluice/exchange/1',
        content,
        from: signer.participant,
        to: to.map(({ participant }) => participant),
        size,
        chunkSize: CHUNK,
        chunks,
      }
      const document = signed(manifest, signer)
      await rename(temporary, path)
      await this.write(content, 'json', document)
      return document
    } finally {
      await rm(temporary, { force: true })
    }
  }

  /** As an earlier offer left it, when that was by this sender to these keys. */
  private async offered(
    content: string,
    from: string,
    to: readonly Recipient[],
  ): Promise<Signed<Manifest> | undefined> {
    const found = await this.document(content)
    if (found?.body.from !== from || !(await isThere(this.path(content, 'sealed')))) return undefined
    const keys = await this.keysOf(content)
    const isSame =
      canonicalJson([...found.body.to]) === canonicalJson(to.map(({ participant }) => participant)) &&
      canonicalJson([...keys]) === canonicalJson(to.map(({ publicKey }) => publicKey))
    return isSame && (await isSigned(found, from, this.keyOf)) ? found : undefined
  }

  private async keysOf(content: string): Promise<string[]> {
    const sealed = this.read(content, 0)
    try {
      return await recipientsOf(sealed)
    } catch (error) {
      if (error instanceof ExchangeError) return [] // torn: it is made again
      throw error
    } finally {
      sealed.destroy()
    }
  }

  /** What an offer left that was killed. */
  private async sweep(content: string): Promise<void> {
    const left = (await readdir(this.folder)).filter((name) => name.startsWith(content) && name.endsWith('.part'))
    await Promise.all(left.map((name) => rm(join(this.folder, name), { force: true })))
  }

  private async document(content: string): Promise<Signed<Manifest> | undefined> {
    const text = CONTENT.test(content) ? await textOf(this.path(content, 'json')) : undefined
    return text === undefined ? undefined : (JSON.parse(text) as Signed<Manifest>)
  }

  /** A document that is there whole or not at all. */
  private async write(content: string, what: string, document: Signed<JsonObject>): Promise<void> {
    const path = this.path(content, what)
    const temporary = `${path}.${process.pid}.part`
    await writeFile(temporary, canonicalJson(document), { mode: 0o600, flush: true })
    await rename(temporary, path)
  }

  private async documentFor(content: string, asker: string): Promise<Signed<Manifest>> {
    const found = await this.document(content)
    if (found && (found.body.from === asker || found.body.to.includes(asker))) return found
    throw new ExchangeError('NOT_FOUND', { content: content.slice(0, 80) })
  }

  /** For its sender and recipients; to anybody else, and once it was removed, it is not there. @throws ExchangeError NOT_FOUND */
  async manifest(content: string, asker: string): Promise<Signed<Manifest>> {
    const found = await this.documentFor(content, asker)
    if (await isThere(this.path(content, 'sealed'))) return found
    throw new ExchangeError('NOT_FOUND', { content })
  }

  /** The encrypted bytes from an offset on. */
  read(content: string, from: number): Readable {
    return createReadStream(this.path(content, 'sealed'), { start: from, highWaterMark: 1 << 18 })
  }

  /** Keeps a recipient's receipt once its signature was checked. @throws ExchangeError NOT_FOUND, BAD_RECEIPT */
  async addReceipt(content: string, asker: string, receipt: Signed<Receipt>): Promise<void> {
    const { body: manifest } = await this.documentFor(content, asker)
    const { format, content: named, address, participant } = receipt.body
    const fits =
      format === 'sluice/exchange-receipt/1' &&
      named === content &&
      address === addressOf(manifest) &&
      participant === asker &&
      manifest.to.includes(asker)
    if (!fits) throw new ExchangeError('BAD_RECEIPT', { problem: 'not of this file and participant' })
    if (!(await isSigned(receipt, asker, this.keyOf))) throw new ExchangeError('BAD_RECEIPT', { problem: 'signature' })
    await this.write(content, `receipt.${asker}.json`, receipt)
  }

  /** What its recipients have signed for so far; also when it is no longer there. @throws ExchangeError NOT_FOUND */
  async receipts(content: string, asker: string): Promise<Signed<Receipt>[]> {
    const { body } = await this.documentFor(content, asker)
    const texts = await Promise.all(body.to.map((one) => textOf(this.path(content, `receipt.${one}.json`))))
    return texts.flatMap((text) => (text === undefined ? [] : [JSON.parse(text) as Signed<Receipt>]))
  }

  /** Deletes a file that this participant offered, if it did; what it was, and who signed for it, stays. */
  async remove(content: string, from: string): Promise<void> {
    if ((await this.document(content))?.body.from !== from) return
    await this.sweep(content)
    await rm(this.path(content, 'sealed'), { force: true })
  }

  private path(content: string, what: string): string {
    const [, participant] = /^receipt\.(.*)\.json$/.exec(what) ?? []
    if (!CONTENT.test(content) || (participant !== undefined && !PARTICIPANT.test(participant))) {
      throw new ExchangeError('NOT_FOUND', { content: content.slice(0, 80) })
    }
    return join(this.folder, `${content}.${what}`)
  }
}

async function piecesOf(path: string): Promise<{ size: number; chunks: string[] }> {
  const file = await open(path, 'r')
  try {
    const { size } = await file.stat()
    const chunks: string[] = []
    const buffer = Buffer.alloc(CHUNK)
    for (let at = 0; at < size; at += CHUNK) {
      const { bytesRead } = await file.read(buffer, 0, Math.min(CHUNK, size - at), at)
      chunks.push(hashOf(buffer.subarray(0, bytesRead)))
    }
    return { size, chunks }
  } finally {
    await file.close()
  }
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
