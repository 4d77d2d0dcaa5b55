import type { StateChange } from '#proof/sparse-tree'

/** Changes of a state tree in flat arrays: key hashes and value hashes of 32 bytes each; absent: the key is gone. */
export interface FlatChanges {
  readonly count: number
  readonly keys: Uint8Array
  readonly values: Uint8Array
  /** 1 where a value stands. */
  readonly present: Uint8Array
}

export function flatten(changes: readonly StateChange[]): FlatChanges {
  const count = changes.length
  const flat = { count, keys: new Uint8Array(count * 32), values: new Uint8Array(count * 32), present: new Uint8Array(count) } // prettier-ignore
  changes.forEach(({ keyHash, valueHash }, i) => {
    flat.keys.set(keyHash, i * 32)
    if (!valueHash) return
    flat.values.set(valueHash, i * 32)
    flat.present[i] = 1
  })
  return flat
}

/** Leaves gathered into flat arrays as they come: millions at a start. */
export class LeafWriter {
  private keys = new Uint8Array(32 * 1024)
  private values = new Uint8Array(32 * 1024)
  private count = 0

  /** Hashes of as many keys and values, 32 bytes each. */
  add(keys: Uint8Array, values: Uint8Array): void {
    if (keys.length !== values.length) throw new RangeError('a leaf is a key and a value')
    const at = this.count * 32
    while (this.keys.length < at + keys.length) {
      this.keys = doubled(this.keys)
      this.values = doubled(this.values)
    }
    this.keys.set(keys, at)
    this.values.set(values, at)
    this.count += keys.length / 32
  }

  flat(): FlatChanges {
    const { count, keys, values } = this
    return { count, keys, values, present: new Uint8Array(count).fill(1) }
  }
}

function doubled(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(bytes.length * 2)
  larger.set(bytes)
  return larger
}

const BUCKET_BITS = 16

/**
 * The numbers of the changes in the order of their key hashes; of one key's changes the earlier first. Hashes spread
 * evenly: a counting sort on the first 16 bits leaves buckets so small that insertion finishes them.
 */
export function sortedOrder({ count, keys }: FlatChanges): Uint32Array {
  if (count < 4096)
    return Uint32Array.from({ length: count }, (_, i) => i).sort((a, b) => compareAt(keys, a, b) || a - b)
  const starts = new Uint32Array((1 << BUCKET_BITS) + 1)
  const bucket = (i: number) => (keys[i * 32]! << 8) | keys[i * 32 + 1]!
  for (let i = 0; i < count; i += 1) starts[bucket(i) + 1]! += 1
  for (let b = 0; b < 1 << BUCKET_BITS; b += 1) starts[b + 1]! += starts[b]!
  const ends = starts.slice()
  const order = new Uint32Array(count)
  for (let i = 0; i < count; i += 1) order[ends[bucket(i)]!++] = i
  for (let b = 0; b < 1 << BUCKET_BITS; b += 1) {
    const [from, to] = [starts[b]!, starts[b + 1]!]
    // Insertion would be quadratic where somebody chose keys by their hashes, or one key changes very often.
    if (to - from > 512) order.subarray(from, to).sort((x, y) => compareAt(keys, x, y) || x - y)
    else insertionSort(order, from, to, keys)
  }
  return order
}

function insertionSort(order: Uint32Array, from: number, to: number, keys: Uint8Array): void {
  for (let i = from + 1; i < to; i += 1) {
    const item = order[i]!
    let at = i
    while (at > from && compareAt(keys, order[at - 1]!, item) > 0) {
      order[at] = order[at - 1]!
      at -= 1
    }
    order[at] = item
  }
}

export function compareAt(keys: Uint8Array, a: number, b: number): number {
  for (let i = 0; i < 32; i += 1) {
    const difference = keys[a * 32 + i]! - keys[b * 32 + i]!
    if (difference !== 0) return difference
  }
  return 0
}

/** Of each key the last change only; in the order of the key hashes. */
export function lastOfEach(flat: FlatChanges, order: Uint32Array): Uint32Array {
  let kept = 0
  for (let i = 0; i < order.length; i += 1) {
    if (i + 1 < order.length && compareAt(flat.keys, order[i]!, order[i + 1]!) === 0) continue
    order[kept++] = order[i]!
  }
  return order.subarray(0, kept)
}
