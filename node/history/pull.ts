import { createReadStream } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { splitLines } from './lines.ts'

export interface PullOptions {
  /** Address of a node that has the history. */
  readonly url: string
  /** A session token of that node. */
  readonly token: () => Promise<string>
  /** Where the lines are kept; what an earlier call left there is gone on with, whoever gave it. */
  readonly file: string
  /** The last block that is wanted. */
  readonly to: number
  /** After each block that has come. */
  readonly onBlock?: (height: number) => void
}

/** The node that was asked did not give the history; another may. */
export class HistoryNotGiven extends Error {
  override readonly name = 'HistoryNotGiven'
}

/**
 * Fetches a ledger's blocks from position 0 up to `to` into a file, as JSON lines. Cut short in any way, the next call
 * keeps every block that came whole. Nothing is believed of what comes: whoever uses the file verifies it.
 * @throws HistoryNotGiven
 */
export async function pullHistory({ url, token, file, to, onBlock }: PullOptions): Promise<void> {
  const kept = await keptOf(file)
  if (kept.last > to || (kept.last === to && kept.isWhole)) return
  const out = await open(file, 'a', 0o600)
  try {
    // The last block may have lines missing. Before block 0 stands what begins the file, which comes with it again.
    const from = Math.max(kept.last, 0)
    await out.truncate(from === 0 ? 0 : kept.lastAt)
    const response = await asked(`${url}/v1/history?from=${from}&to=${to}`, token)
    await append(out, response, { from, to, ...(onBlock && { onBlock }) })
    await out.sync()
  } finally {
    await out.close()
  }
}

async function asked(address: string, token: () => Promise<string>): Promise<AsyncIterable<Uint8Array>> {
  let response: Response
  try {
    response = await fetch(address, { headers: { authorization: `Bearer ${await token()}` } })
  } catch (error) {
    throw notGiven(error)
  }
  if (response.ok && response.body) return response.body as unknown as AsyncIterable<Uint8Array>
  const text = (await response.text().catch(() => '')).slice(0, 300)
  throw new HistoryNotGiven(`status ${response.status} ${text}`)
}

const notGiven = (error: unknown): HistoryNotGiven => {
  if (error instanceof HistoryNotGiven) return error
  const { message, cause } = error instanceof Error ? error : new Error(String(error))
  return new HistoryNotGiven(cause instanceof Error ? `${message}: ${cause.message}` : message, { cause: error })
}

/** Written in pieces of about so many bytes. */
const WRITE_BYTES = 1 << 18

async function append(
  out: FileHandle,
  body: AsyncIterable<Uint8Array>,
  { from, to, onBlock }: { from: number; to: number; onBlock?: (height: number) => void },
): Promise<void> {
  let held: Buffer[] = []
  let bytes = 0
  let last = from - 1
  let isWhole = false
  const write = async (): Promise<void> => {
    const piece = Buffer.concat(held)
    held = []
    bytes = 0
    await out.appendFile(piece)
  }
  try {
    for await (const line of splitLines(body)) {
      if (isWhole) throw new HistoryNotGiven('lines after the end')
      const mark = markOf(line)
      if (mark?.kind === 'block') {
        if (mark.height <= last || mark.height > to) throw new HistoryNotGiven(`block ${mark.height} after ${last}`)
        last = mark.height
        onBlock?.(last)
      }
      isWhole = mark?.kind === 'end'
      held.push(line, LINE_FEED)
      bytes += line.length
      if (bytes >= WRITE_BYTES) await write()
    }
    if (!isWhole) throw new HistoryNotGiven(`it was cut off after block ${last}`)
  } catch (error) {
    throw notGiven(error)
  } finally {
    await write()
  }
}

const LINE_FEED = Buffer.from('\n')

/** What the file holds: its last block, where that one begins, and whether an end was written after it. */
async function keptOf(file: string): Promise<{ last: number; lastAt: number; isWhole: boolean }> {
  const kept = { last: -1, lastAt: 0, isWhole: false }
  let at = 0
  try {
    for await (const line of splitLines(createReadStream(file, { highWaterMark: 1 << 18 }))) {
      const mark = markOf(line)
      if (mark?.kind === 'block') Object.assign(kept, { last: mark.height, lastAt: at })
      kept.isWhole = mark?.kind === 'end'
      at += line.length + 1
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  return kept
}

/** The lines between which blocks stand; undefined for all others, also for what is no line of an export. */
function markOf(
  line: Buffer,
): { readonly kind: 'block'; readonly height: number } | { readonly kind: 'end' } | undefined {
  if (!line.includes('"kind":"block"') && !line.includes('"kind":"end"')) return undefined
  try {
    const { kind, header } = JSON.parse(line.toString('utf8')) as { kind?: unknown; header?: { height?: unknown } }
    const height = header?.height
    if (kind === 'block' && Number.isSafeInteger(height)) return { kind, height: height as number }
    return kind === 'end' ? { kind } : undefined
  } catch {
    return undefined // a line that was cut off
  }
}
