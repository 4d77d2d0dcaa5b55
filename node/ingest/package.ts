import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { canonicalJson } from '#proof/canonical'
import { MAX_LEVELS } from '#proof/sum-tree'
import { BatchError } from './errors.ts'
import type { BatchKind } from './store.ts'

/** What a servicer says about the file it hands over; with it the custodian comes to the same tree, or to another. */
export interface PackageHead {
  readonly format: 'sluice/tape/1'
  readonly deal: string
  readonly version: number
  readonly kind: BatchKind
  readonly asOf: string
  /** The root of the version that it builds on. */
  readonly previous: string | null
  readonly levels: number
  /** Where the salts of new assets come from; null for an update, which brings none. */
  readonly saltSeed: string | null
  readonly fileName: string
}

/**
 * The package of a batch: one line of canonical JSON, then the file as it is. Its SHA-256 is the batch's `contentHash`
 * on the ledger; the seed in it is random, so the hash says nothing about the file to who does not hold it.
 */
export async function* packageStream(head: PackageHead, file: string): AsyncGenerator<Buffer> {
  yield Buffer.from(`${canonicalJson({ ...head })}\n`)
  yield* createReadStream(file, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>
}

export async function packageHash(head: PackageHead, file: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of packageStream(head, file)) hash.update(chunk)
  return hash.digest('hex')
}

/** Where a recipient takes a package apart; there as long as that goes on, or until the batch is settled if it was killed. */
export const unpackedFolder = (folder: string, contentHash: string): string => join(folder, `unpacked-${contentHash}`)

const MAX_HEAD = 65_536

/**
 * Takes a package apart into its head and a file in `folder`, which appears only when the whole is what the ledger says.
 * @throws BatchError BAD_PACKAGE
 */
export async function unpack(
  content: AsyncIterable<Uint8Array>,
  folder: string,
  contentHash: string,
): Promise<{ head: PackageHead; file: string }> {
  const hash = createHash('sha256')
  const temporary = `${folder}/package.part`
  let line: Buffer | undefined = Buffer.alloc(0)
  let head: PackageHead | undefined
  await pipeline(
    Readable.from(
      (async function* () {
        for await (const chunk of content) {
          hash.update(chunk)
          if (head) {
            yield chunk
            continue
          }
          line = Buffer.concat([line!, chunk])
          const end = line.indexOf(10)
          if (end < 0 && line.length > MAX_HEAD) throw new BatchError('BAD_PACKAGE', { problem: 'no head' })
          if (end < 0) continue
          head = headOf(line.subarray(0, end).toString('utf8'))
          yield line.subarray(end + 1)
          line = undefined
        }
      })(),
    ),
    createWriteStream(temporary),
  )
  if (!head) throw new BatchError('BAD_PACKAGE', { problem: 'no head' })
  const got = hash.digest('hex')
  if (got !== contentHash) throw new BatchError('BAD_PACKAGE', { problem: 'hash', want: contentHash, got })
  const file = `${folder}/${head.fileName.endsWith('.gz') ? 'tape.csv.gz' : 'tape.csv'}`
  await rename(temporary, file)
  return { head, file }
}

const KINDS: readonly string[] = ['initial', 'purchase', 'update']

function headOf(text: string): PackageHead {
  let head: PackageHead
  try {
    head = JSON.parse(text) as PackageHead
  } catch {
    throw new BatchError('BAD_PACKAGE', { problem: 'the head is not JSON' })
  }
  const isRight =
    head.format === 'sluice/tape/1' &&
    typeof head.deal === 'string' &&
    Number.isInteger(head.version) &&
    KINDS.includes(head.kind) &&
    /^\d{4}-\d{2}-\d{2}$/.test(head.asOf) &&
    Number.isInteger(head.levels) &&
    head.levels >= 0 &&
    head.levels <= MAX_LEVELS &&
    (head.kind === 'update' ? head.saltSeed === null : /^[0-9a-f]{64}$/.test(head.saltSeed ?? '')) &&
    typeof head.fileName === 'string'
  if (!isRight) throw new BatchError('BAD_PACKAGE', { problem: 'the head is not of this form' })
  return head
}
