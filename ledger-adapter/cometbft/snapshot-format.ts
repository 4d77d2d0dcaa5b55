import type { BlockHeader } from '#proof/block'
import { canonicalBytes, CanonicalError, parseCanonical } from '#proof/canonical'
import * as f from '#proof/form'
import { headerForm } from '#proof/forms'
import { bytesToHex, sha256Bytes, type Hash } from '#proof/hash'
import type { Json, JsonObject } from '#proof/json'

/** Of the metadata and the chunks below; a node is offered only what it can read. */
export const SNAPSHOT_FORMAT = 1

/** Where a chunk ends: after the row that reaches it. CometBFT takes 16 MB. */
export const CHUNK_BYTES = 4 << 20
const MAX_CHUNK_BYTES = 15 << 20
const MAX_CHUNKS = 10_000
/** CometBFT's own bound on what announces a snapshot is 4 MB. */
const MAX_METADATA_BYTES = 2 << 20

/** What announces a snapshot: the state after the block of this height, whose last change is the header's. */
export interface SnapshotMetadata {
  readonly chainId: string
  /** Of consensus. */
  readonly height: number
  /** Of the last block with commands up to that height. */
  readonly header: BlockHeader
  /** SHA-256 of each chunk. */
  readonly chunks: readonly Hash[]
}

export type StateRow = readonly [key: string, text: string]

/** Not a snapshot of this form. */
export class SnapshotMalformed extends Error {
  override readonly name = 'SnapshotMalformed'
}

const metadataForm = f.fields({ chainId: f.text, height: f.count, header: headerForm, chunks: f.listOf(f.hash, MAX_CHUNKS) }) // prettier-ignore

export const metadataBytes = (metadata: SnapshotMetadata): Uint8Array =>
  canonicalBytes(metadata as unknown as JsonObject)

/** @throws SnapshotMalformed */
export function readMetadata(bytes: Uint8Array): SnapshotMetadata {
  try {
    const value = parseCanonical(bytes, MAX_METADATA_BYTES)
    metadataForm(value, 'metadata')
    return value as unknown as SnapshotMetadata
  } catch (error) {
    if (error instanceof CanonicalError || error instanceof f.FormError) throw malformed(error.message, error)
    throw error
  }
}

const malformed = (why: string, cause?: unknown) => new SnapshotMalformed(why, { cause })

const encoder = new TextEncoder()

/** Rows in the order of their keys' bytes, a JSON line each: the same state gives the same chunks on every node. */
export async function* chunksOf(
  rows: AsyncIterable<readonly StateRow[]>,
  chunkBytes = CHUNK_BYTES,
): AsyncIterable<Uint8Array> {
  let lines: string[] = []
  let size = 0
  const take = () => {
    const chunk = encoder.encode(lines.join(''))
    lines = []
    size = 0
    return chunk
  }
  for await (const batch of rows) {
    for (const row of batch) {
      const line = `${JSON.stringify(row)}\n`
      size += line.length
      lines.push(line)
      if (size >= chunkBytes) yield take()
    }
  }
  if (lines.length > 0) yield take()
}

export const chunkHash = (chunk: Uint8Array): Hash => bytesToHex(sha256Bytes(chunk))

/**
 * The rows of a chunk. That they are what was committed is seen at the state root, not here.
 * @param after the last key of the chunk before
 * @throws SnapshotMalformed naming the row
 */
export function rowsOf(chunk: Uint8Array, after?: string): readonly StateRow[] {
  if (chunk.length > MAX_CHUNK_BYTES) throw malformed(`a chunk of ${chunk.length} bytes`)
  const text = textOf(chunk)
  if (!text.endsWith('\n')) throw malformed('a chunk ends with a line')
  let last = after === undefined ? undefined : encoder.encode(after)
  return text
    .slice(0, -1)
    .split('\n')
    .map((line, n) => {
      const row = jsonOf(line)
      if (!isRow(row)) throw malformed(`row ${n}: not a key and a value`)
      const key = encoder.encode(row[0])
      if (last && Buffer.compare(last, key) >= 0) throw malformed(`row ${n}: not in the order of the keys`)
      last = key
      return row
    })
}

function textOf(chunk: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(chunk)
  } catch (error) {
    throw malformed('a chunk that is not UTF-8', error)
  }
}

function jsonOf(line: string): Json {
  try {
    return JSON.parse(line) as Json
  } catch (error) {
    throw malformed('a row that is not JSON', error)
  }
}

const isRow = (row: Json): row is [string, string] =>
  Array.isArray(row) && row.length === 2 && row.every((each) => typeof each === 'string')
