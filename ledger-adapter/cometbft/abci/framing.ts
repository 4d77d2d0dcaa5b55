/**
 * Messages on an ABCI socket: each an unsigned varint of its length, then that many bytes (protobuf's delimited form).
 * The reader keeps what came in pieces and never sets memory aside for a length that was only announced.
 */
export class FramingError extends Error {
  override readonly name = 'FramingError'
}

/** A uint64 has at most ten groups of seven bits; lengths here fit into five. */
const MAX_VARINT_BYTES = 5

export class FrameReader {
  private pieces: Uint8Array[] = []
  private size = 0

  constructor(private readonly maxMessageBytes: number) {}

  /** Bytes that wait for the rest of their message. */
  get waiting(): number {
    return this.size
  }

  /**
   * Takes what arrived and hands out each message that is whole.
   * @throws FramingError when a length is no varint or over the bound; the stream cannot be read on after that
   */
  *push(piece: Uint8Array): Iterable<Uint8Array> {
    if (piece.length > 0) {
      this.pieces.push(piece)
      this.size += piece.length
    }
    for (;;) {
      const head = this.header()
      if (!head || this.size < head.bytes + head.length) return
      const all = this.pieces.length === 1 ? this.pieces[0]! : Buffer.concat(this.pieces)
      const end = head.bytes + head.length
      this.pieces = all.length > end ? [all.subarray(end)] : []
      this.size = all.length - end
      yield all.subarray(head.bytes, end)
    }
  }

  private header(): { length: number; bytes: number } | undefined {
    let length = 0
    let bytes = 0
    for (const piece of this.pieces) {
      for (const byte of piece) {
        bytes += 1
        if (bytes > MAX_VARINT_BYTES) throw new FramingError('a length of more than five bytes')
        length += (byte & 0x7f) * 2 ** (7 * (bytes - 1))
        if (byte >= 0x80) continue
        if (length > this.maxMessageBytes) {
          throw new FramingError(`a message of ${length} bytes; the bound is ${this.maxMessageBytes}`)
        }
        return { length, bytes }
      }
    }
    return undefined
  }
}

/** A message with its length before it. */
export function frame(message: Uint8Array): Uint8Array {
  const head = varint(message.length)
  const out = new Uint8Array(head.length + message.length)
  out.set(head)
  out.set(message, head.length)
  return out
}

export function varint(value: number): Uint8Array {
  const bytes: number[] = []
  let rest = value
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80)
  bytes.push(rest)
  return Uint8Array.from(bytes)
}
