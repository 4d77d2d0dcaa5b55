import type { Readable } from 'node:stream'

/** What `proof/verify-export.ts` takes of one line. */
const MAX_LINE_BYTES = 64 << 20

/**
 * The bytes between line feeds, and after the last one what is left. Split at line feeds alone: readline also splits at
 * U+2028, which JSON text may hold.
 * @throws RangeError for a line that is too long to be one of an export
 */
export async function* splitLines(stream: AsyncIterable<Uint8Array> | Readable): AsyncIterable<Buffer> {
  let rest: Uint8Array[] = []
  let length = 0
  for await (const chunk of stream as AsyncIterable<Uint8Array>) {
    let from = 0
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, from)) {
      yield Buffer.concat([...rest, chunk.subarray(from, at)])
      rest = []
      length = 0
      from = at + 1
    }
    if (from === chunk.length) continue
    rest.push(chunk.subarray(from))
    length += chunk.length - from
    if (length > MAX_LINE_BYTES) throw new RangeError(`a line of more than ${MAX_LINE_BYTES} bytes`)
  }
  if (rest.length > 0) yield Buffer.concat(rest)
}
