import hashtree from '@chainsafe/hashtree'
import { putDigest } from '../digest.ts'
import { RefList } from './ref-list.ts'

/**
 * A reference to a node: 0 is the empty subtree, n > 0 inner node n - 1, n < 0 leaf -n - 1. Plain small integers, so
 * that links stand in typed arrays outside the collected heap.
 */
export type Ref = number

const CHUNK_BITS = 15
/** Nodes in one chunk. Chunks instead of one array that doubles: growth copies nothing and frees nothing. */
const CHUNK = 1 << CHUNK_BITS
const MASK = CHUNK - 1
const HASH_WORDS = 8
/** key hash, value hash, leaf hash */
const LEAF_WORDS = 24
const LEAF_BYTES = LEAF_WORDS * 4
const INNER_BYTES = 2 * 4 + HASH_WORDS * 4

/**
 * The nodes of all versions of one state tree, in flat chunks: 40 bytes an inner node, 96 a leaf. A node is written
 * once and never changed while a version that holds it is kept; who frees it knows that none does.
 */
export class Nodes {
  private readonly links: Int32Array[] = []
  private readonly hashes: Uint32Array[] = []
  private readonly leafWords: Uint32Array[] = []
  private readonly leafBytes: Uint8Array[] = []
  /** Numbers given back, taken again first. */
  private readonly freeInner = new RefList()
  private readonly freeLeaf = new RefList()
  private inners = 0
  private leaves = 0
  private input = new Uint8Array(0)
  private inputWords = new Uint32Array(0)
  private output = new Uint8Array(0)
  private outputWords = new Uint32Array(0)

  /** Bytes of the nodes in use, over all versions that are kept. */
  get usedBytes(): number {
    return (this.inners - this.freeInner.size) * INNER_BYTES + (this.leaves - this.freeLeaf.size) * LEAF_BYTES
  }

  left(ref: Ref): Ref {
    return this.links[(ref - 1) >> CHUNK_BITS]![((ref - 1) & MASK) * 2]!
  }

  right(ref: Ref): Ref {
    return this.links[(ref - 1) >> CHUNK_BITS]![((ref - 1) & MASK) * 2 + 1]!
  }

  /** Bit of a leaf's key hash, the highest of the first byte first. */
  keyBit(leaf: Ref, depth: number): number {
    const at = -leaf - 1
    return (this.leafBytes[at >> CHUNK_BITS]![(at & MASK) * LEAF_BYTES + (depth >> 3)]! >> (7 - (depth & 7))) & 1
  }

  /** Whether the leaf stands for this key: its hash is at `offset` of the bytes. */
  isKey(leaf: Ref, bytes: Uint8Array, offset: number): boolean {
    const at = -leaf - 1
    const own = this.leafBytes[at >> CHUNK_BITS]!
    const from = (at & MASK) * LEAF_BYTES
    for (let i = 0; i < 32; i += 1) if (own[from + i] !== bytes[offset + i]) return false
    return true
  }

  keyHash(leaf: Ref): Uint8Array {
    return this.leafSlice(leaf, 0)
  }

  valueHash(leaf: Ref): Uint8Array {
    return this.leafSlice(leaf, 32)
  }

  /** Copies a leaf's key hash and value hash, 64 bytes. */
  copyLeaf(leaf: Ref, to: Uint8Array, offset: number): void {
    const at = -leaf - 1
    const from = (at & MASK) * LEAF_BYTES
    to.set(this.leafBytes[at >> CHUNK_BITS]!.subarray(from, from + 64), offset)
  }

  private leafSlice(leaf: Ref, offset: number): Uint8Array {
    const at = -leaf - 1
    const from = (at & MASK) * LEAF_BYTES + offset
    return this.leafBytes[at >> CHUNK_BITS]!.slice(from, from + 32)
  }

  /** The hash of any node; 32 zero bytes of the empty subtree. */
  hashOf(ref: Ref): Uint8Array {
    if (ref === 0) return new Uint8Array(32)
    if (ref < 0) return this.leafSlice(ref, 64)
    const at = ref - 1
    const from = (at & MASK) * HASH_WORDS
    return new Uint8Array(this.hashes[at >> CHUNK_BITS]!.slice(from, from + HASH_WORDS).buffer)
  }

  /** A leaf with its hash, SHA-256(0x00 ‖ key hash ‖ value hash). */
  newLeaf(keys: Uint8Array, values: Uint8Array, index: number): Ref {
    const at = this.freeLeaf.size > 0 ? this.freeLeaf.pop() : this.leaves++
    const chunk = at >> CHUNK_BITS
    if (chunk === this.leafWords.length) {
      const words = new Uint32Array(CHUNK * LEAF_WORDS)
      this.leafWords.push(words)
      this.leafBytes.push(new Uint8Array(words.buffer))
    }
    const bytes = this.leafBytes[chunk]!
    const from = (at & MASK) * LEAF_BYTES
    const source = index * 32
    for (let i = 0; i < 32; i += 1) {
      LEAF_PREIMAGE[1 + i] = bytes[from + i] = keys[source + i]!
      LEAF_PREIMAGE[33 + i] = bytes[from + 32 + i] = values[source + i]!
    }
    putDigest(LEAF_PREIMAGE, bytes, from + 64)
    return -at - 1
  }

  /** An inner node whose hash is still to come, from `hashLevel`. */
  newInner(left: Ref, right: Ref): Ref {
    const at = this.freeInner.size > 0 ? this.freeInner.pop() : this.inners++
    const chunk = at >> CHUNK_BITS
    if (chunk === this.links.length) {
      this.links.push(new Int32Array(CHUNK * 2))
      this.hashes.push(new Uint32Array(CHUNK * HASH_WORDS))
    }
    const links = this.links[chunk]!
    links[(at & MASK) * 2] = left
    links[(at & MASK) * 2 + 1] = right
    return at + 1
  }

  free(ref: Ref): void {
    if (ref > 0) this.freeInner.push(ref - 1)
    else this.freeLeaf.push(-ref - 1)
  }

  /** Hashes inner nodes in one batch; their children have their hashes. */
  hashLevel({ items, size }: RefList): void {
    for (let from = 0; from < size; from += BATCH) this.hashBatch(items, from, Math.min(from + BATCH, size))
  }

  private hashBatch(refs: Int32Array, from: number, to: number): void {
    const count = to - from
    this.makeRoom(count)
    const { inputWords, outputWords } = this
    for (let i = 0; i < count; i += 1) {
      const ref = refs[from + i]!
      this.copyHash(this.left(ref), inputWords, i * 16)
      this.copyHash(this.right(ref), inputWords, i * 16 + 8)
    }
    hashtree.hashInto(this.input.subarray(0, count * 64), this.output.subarray(0, count * 32))
    for (let i = 0; i < count; i += 1) {
      const at = refs[from + i]! - 1
      const hashes = this.hashes[at >> CHUNK_BITS]!
      const word = (at & MASK) * HASH_WORDS
      for (let w = 0; w < HASH_WORDS; w += 1) hashes[word + w] = outputWords[i * 8 + w]!
    }
  }

  private makeRoom(count: number): void {
    if (this.input.length >= count * 64) return
    const room = Math.min(BATCH, Math.max(256, count * 2))
    this.input = new Uint8Array(room * 64)
    this.inputWords = new Uint32Array(this.input.buffer)
    this.output = new Uint8Array(room * 32)
    this.outputWords = new Uint32Array(this.output.buffer)
  }

  private copyHash(ref: Ref, to: Uint32Array, word: number): void {
    if (ref === 0) {
      to.fill(0, word, word + HASH_WORDS)
      return
    }
    const at = ref > 0 ? ref - 1 : -ref - 1
    const source = (ref > 0 ? this.hashes : this.leafWords)[at >> CHUNK_BITS]!
    const from = ref > 0 ? (at & MASK) * HASH_WORDS : (at & MASK) * LEAF_WORDS + 16
    for (let w = 0; w < HASH_WORDS; w += 1) to[word + w] = source[from + w]!
  }
}

const BATCH = 1 << 14
const LEAF_PREIMAGE = new Uint8Array(65)
