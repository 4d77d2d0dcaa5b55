import { createHash, randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { Writable } from 'node:stream'
import { isThere } from '../is-there.ts'

export class ContentError extends Error {
  override readonly name = 'ContentError'
  constructor(
    readonly code: 'NOT_FOUND' | 'CORRUPT' | 'BAD_ADDRESS',
    readonly address: string,
  ) {
    super(`${code} ${address}`)
  }
}

const ADDRESS = /^[0-9a-f]{64}$/

/**
 * Files between organisations, addressed by the SHA-256 of their content, in a folder. What the ledger carries is the
 * address; who fetches a file recomputes it while reading, so a changed byte is noticed.
 */
export class ContentStore {
  constructor(private readonly folder: string) {}

  /** Stores content and answers its address. The same content twice is stored once; a torn write is never visible. */
  async put(content: Uint8Array): Promise<string> {
    const address = createHash('sha256').update(content).digest('hex')
    await mkdir(this.folder, { recursive: true })
    if (await isThere(this.path(address))) return address
    const temporary = join(this.folder, `.${address}.${randomBytes(6).toString('hex')}`)
    const file = await open(temporary, 'wx', 0o600)
    try {
      await file.writeFile(content)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, this.path(address))
    return address
  }

  /** @throws ContentError NOT_FOUND, CORRUPT (the bytes do not hash to their address), BAD_ADDRESS */
  async get(address: string): Promise<Buffer> {
    if (!ADDRESS.test(address)) throw new ContentError('BAD_ADDRESS', address.slice(0, 80))
    if (!(await isThere(this.path(address)))) throw new ContentError('NOT_FOUND', address)
    const hash = createHash('sha256')
    const chunks: Buffer[] = []
    const collect = new Writable({
      write(chunk: Buffer, _encoding, done) {
        hash.update(chunk)
        chunks.push(chunk)
        done()
      },
    })
    await pipeline(createReadStream(this.path(address)), collect)
    if (hash.digest('hex') !== address) throw new ContentError('CORRUPT', address)
    return Buffer.concat(chunks)
  }

  async remove(address: string): Promise<void> {
    if (ADDRESS.test(address)) await rm(this.path(address), { force: true })
  }

  private path(address: string): string {
    return join(this.folder, address)
  }
}
