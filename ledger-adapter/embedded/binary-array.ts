// Postgres's binary form of one-dimensional arrays (array_recv in src/backend/utils/adt/arrayfuncs.c): a block's texts go
// to the server as they are, instead of being quoted here and unquoted there.
const INT4_OID = 23
const TEXT_OID = 25
const HEADER_BYTES = 20
/** Instead of a length. */
const NULL = -1

function header(buffer: Buffer, elementOid: number, length: number, hasNulls = false): number {
  buffer.writeInt32BE(1, 0) // dimensions
  buffer.writeInt32BE(hasNulls ? 1 : 0, 4)
  buffer.writeInt32BE(elementOid, 8)
  buffer.writeInt32BE(length, 12)
  buffer.writeInt32BE(1, 16) // index of the first element
  return HEADER_BYTES
}

/** A parameter for `$n::text[]`; undefined stands for NULL. */
export function textArray(texts: readonly (string | undefined)[]): Buffer {
  const sizes = texts.map((text) => (text === undefined ? NULL : Buffer.byteLength(text)))
  const bytes = sizes.reduce((sum, size) => sum + Math.max(size, 0) + 4, HEADER_BYTES)
  const buffer = Buffer.allocUnsafe(bytes)
  let at = header(buffer, TEXT_OID, texts.length, sizes.includes(NULL))
  texts.forEach((text, index) => {
    at = buffer.writeInt32BE(sizes[index]!, at)
    if (text !== undefined) at += buffer.write(text, at)
  })
  return buffer
}

/** A parameter for `$n::int[]`. */
export function intArray(numbers: readonly number[]): Buffer {
  const buffer = Buffer.allocUnsafe(HEADER_BYTES + numbers.length * 8)
  let at = header(buffer, INT4_OID, numbers.length)
  for (const number of numbers) {
    at = buffer.writeInt32BE(4, at)
    at = buffer.writeInt32BE(number, at)
  }
  return buffer
}
