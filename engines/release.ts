// A program from a published release: one archive for a platform, and beside it a file with the archives' checksums.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { messageOf } from './say.ts'

export interface Release {
  /** Where its files lie, without a slash at the end. */
  readonly url: string
  /** A tar, gzipped. */
  readonly archive: string
  /** Of lines `SHA-256 in hex, spaces, file name`, as sha256sum writes them. */
  readonly checksums: string
  /** The program's name in the archive. */
  readonly program: string
  /** Nothing larger is taken. */
  readonly maxBytes: number
}

const WITHIN_MS = 120_000
const MAX_CHECKSUMS = 1 << 20

/** The bytes as they come, at most so many. @throws naming the address: it does not answer, or there is too much */
async function* bytesAt(address: string, most: number, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    const response = await fetch(address, { signal })
    if (!response.ok || !response.body) throw new Error(`HTTP ${response.status}`)
    let size = 0
    for await (const piece of response.body as unknown as AsyncIterable<Uint8Array>) {
      size += piece.length
      if (size > most) throw new Error(`more than ${most} bytes`)
      yield piece
    }
  } catch (error) {
    const { cause } = error as Error // of `fetch failed`, why
    throw new Error(`${address}: ${messageOf(cause ?? error)}`, { cause: error })
  }
}

async function textAt(address: string, signal: AbortSignal): Promise<string> {
  const pieces: Uint8Array[] = []
  for await (const piece of bytesAt(address, MAX_CHECKSUMS, signal)) pieces.push(piece)
  return Buffer.concat(pieces).toString('utf8')
}

function checksumIn(text: string, { url, archive, checksums }: Release): string {
  for (const line of text.split('\n')) {
    const [, hash, file] = /^([0-9a-f]{64}) [ *](.+)$/.exec(line.trim()) ?? []
    if (hash !== undefined && file === archive) return hash
  }
  throw new Error(`${url}/${checksums} has no line for ${archive}`)
}

/**
 * Fetches a release's archive into the folder, compares it with the release's own checksums and takes the program out.
 * That finds what was cut off or changed on the way, and an archive that was exchanged alone; whoever can exchange both
 * files of the release is trusted, as is who signed the host's certificate.
 * @returns the program's path
 * @throws naming the address and what does not hold
 */
export async function downloadRelease(release: Release, folder: string): Promise<string> {
  const { url, archive, program, maxBytes } = release
  const signal = AbortSignal.timeout(WITHIN_MS)
  const expected = checksumIn(await textAt(`${url}/${release.checksums}`, signal), release)
  const file = join(folder, archive)
  const hash = createHash('sha256')
  const hashed = async function* () {
    for await (const piece of bytesAt(`${url}/${archive}`, maxBytes, signal)) {
      hash.update(piece)
      yield piece
    }
  }
  await pipeline(Readable.from(hashed()), createWriteStream(file))
  const found = hash.digest('hex')
  if (found !== expected) throw new Error(`${url}/${archive} has SHA-256 ${found}, ${release.checksums} says ${expected}`) // prettier-ignore
  const { status, stderr, error } = spawnSync('tar', ['-xzf', file, '-C', folder, program], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${archive}: ${error?.message ?? stderr.trim().split('\n')[0]}`)
  return join(folder, program)
}
