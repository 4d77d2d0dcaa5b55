import { bytesToHex, concatBytes, hexToBytes, sha256Bytes, type Hash } from './hash.ts'

/**
 * The nodes of a Merkle *sum* tree (LEDGER.md §7) byte by byte. Encoding: node = hash(32) ‖ count(8) ‖ original(8) ‖
 * current(8) ‖ defaulted(8), integers big-endian, 64 bytes. Every preimage but the root's is one such block, so that a
 * whole level is hashed in one batch:
 *   leaf hash  = SHA-256(slot(8) ‖ content(32) ‖ original ‖ current ‖ defaulted)
 *   inner hash = SHA-256(SHA-256(left node) ‖ SHA-256(right node))
 *   root       = SHA-256(0x12 ‖ levels(1) ‖ top node)                                    66 bytes
 * A parent commits to its children's sums, else a prover could shift amounts between siblings. No tag tells leaf from
 * inner node: the root commits to the number of levels and a proof has exactly that many siblings, so depth tells.
 * An unassigned slot, and a parent of nothing but such slots, is 64 zero bytes.
 */
export interface AssetSums {
  readonly originalFen: bigint
  readonly currentFen: bigint
  readonly defaultedFen: bigint
}

/** What stands in a slot: the hash (or salted commitment) of the asset's record, and its amounts. */
export interface SumLeaf extends AssetSums {
  readonly content: Hash
}

export interface SumNode extends AssetSums {
  readonly hash: Hash
  readonly count: bigint
}

/** `hash` is the root hash that parties sign: it commits to levels, count and sums too. */
export interface SumRoot extends AssetSums {
  readonly hash: Hash
  /** Assigned slots. */
  readonly count: bigint
  /** The tree has 2^levels slots. */
  readonly levels: number
  /** The top node's own hash. */
  readonly top: Hash
}

export class SumTreeError extends Error {
  override readonly name = 'SumTreeError'
  constructor(
    readonly code: 'SLOT_OUT_OF_RANGE' | 'SLOT_TAKEN' | 'SLOT_EMPTY' | 'AMOUNT_OUT_OF_RANGE' | 'BAD_HASH' | 'BAD_PROOF',
    readonly details: { readonly slot?: number; readonly what?: string } = {},
  ) {
    super(`${code} ${JSON.stringify(details)}`)
  }
}

/** Sums are non-negative and fit a signed 64-bit column of any database. */
export const MAX_SUM = (1n << 63n) - 1n
export const MAX_LEVELS = 32
export const NODE_BYTES = 64
export const EMPTY_NODE = new Uint8Array(NODE_BYTES)
const HEX64 = /^[0-9a-f]{64}$/

/**
 * SHA-256 of each 64-byte block of `blocks` into consecutive 32 bytes of `hashes`. A server passes a native one that
 * hashes many blocks at once; the answer is the same.
 */
export type HashBlocks = (blocks: Uint8Array, hashes: Uint8Array) => void

export const hashBlocks: HashBlocks = (blocks, hashes) => {
  for (let at = 0; at < blocks.length; at += NODE_BYTES) {
    hashes.set(sha256Bytes(blocks.subarray(at, at + NODE_BYTES)), at / 2)
  }
}

export function leafNode(slot: number, leaf: SumLeaf): SumNode {
  const { content, originalFen, currentFen, defaultedFen } = leaf
  const block = new Uint8Array(NODE_BYTES)
  const view = new DataView(block.buffer)
  view.setBigUint64(0, BigInt(slot))
  block.set(hashBytes(content), 8)
  writeSums(view, 40, leaf, slot)
  return { hash: bytesToHex(sha256Bytes(block)), count: 1n, originalFen, currentFen, defaultedFen }
}

function writeSums(view: DataView, at: number, sums: AssetSums, slot?: number): void {
  const amounts = [sums.originalFen, sums.currentFen, sums.defaultedFen]
  amounts.forEach((amount, i) => {
    if (amount < 0n || amount > MAX_SUM) {
      throw new SumTreeError('AMOUNT_OUT_OF_RANGE', slot === undefined ? { what: 'sum' } : { what: 'leaf', slot })
    }
    view.setBigUint64(at + i * 8, amount)
  })
}

/** @throws SumTreeError AMOUNT_OUT_OF_RANGE, BAD_HASH */
export function encodeNode(node: SumNode): Uint8Array {
  const bytes = new Uint8Array(NODE_BYTES)
  bytes.set(hashBytes(node.hash))
  const view = new DataView(bytes.buffer)
  if (node.count < 0n || node.count > MAX_SUM) throw new SumTreeError('AMOUNT_OUT_OF_RANGE', { what: 'count' })
  view.setBigUint64(32, node.count)
  writeSums(view, 40, node)
  return bytes
}

export function decodeNode(bytes: Uint8Array): SumNode {
  const view = new DataView(bytes.buffer, bytes.byteOffset, NODE_BYTES)
  return {
    hash: bytesToHex(bytes.subarray(0, 32)),
    count: view.getBigUint64(32),
    originalFen: view.getBigUint64(40),
    currentFen: view.getBigUint64(48),
    defaultedFen: view.getBigUint64(56),
  }
}

/** A parent's bytes. @throws SumTreeError AMOUNT_OUT_OF_RANGE when a sum leaves 63 bits */
export function joinNodes(left: Uint8Array, right: Uint8Array): Uint8Array {
  if (isEmpty(left) && isEmpty(right)) return EMPTY_NODE
  const parent = new Uint8Array(NODE_BYTES)
  parent.set(sha256Bytes(concatBytes(sha256Bytes(left), sha256Bytes(right))))
  addSums(viewOf(left), 0, viewOf(right), 0, viewOf(parent), 0)
  return parent
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
const isEmpty = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0)

/** Count and sums of two nodes into a third, in halves of 32 bits: bigint would cost an allocation each. */
export function addSums(a: DataView, atA: number, b: DataView, atB: number, to: DataView, at: number): void {
  for (let field = 32; field < NODE_BYTES; field += 8) {
    const low = a.getUint32(atA + field + 4) + b.getUint32(atB + field + 4)
    const high = a.getUint32(atA + field) + b.getUint32(atB + field) + (low > 0xffffffff ? 1 : 0)
    if (high > 0x7fffffff) throw new SumTreeError('AMOUNT_OUT_OF_RANGE', { what: 'sum' })
    to.setUint32(at + field + 4, low >>> 0)
    to.setUint32(at + field, high)
  }
}

/** @throws SumTreeError BAD_HASH */
export function hashBytes(hash: Hash): Uint8Array {
  if (!HEX64.test(hash)) throw new SumTreeError('BAD_HASH')
  return hexToBytes(hash)
}

export function rootOf(node: SumNode, levels: number): SumRoot {
  const hash = bytesToHex(sha256Bytes(concatBytes(Uint8Array.of(0x12, levels), encodeNode(node))))
  const { count, originalFen, currentFen, defaultedFen } = node
  return { hash, count, originalFen, currentFen, defaultedFen, levels, top: node.hash }
}
