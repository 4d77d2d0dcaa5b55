import { open, rename, rm, type FileHandle } from 'node:fs/promises'
import { hashInto } from '@chainsafe/hashtree'
import { decodeNode, type SumNode } from '#proof/sum-node'
import { MAX_LEVELS, SumTree, type HashBlocks, type SumProof } from '#proof/sum-tree'
import { isThere } from '../is-there.ts'

const NODE = 64
const MAGIC = Buffer.from('sluice/sum-tree/1')

export const nativeHash: HashBlocks = (blocks, hashes) => {
  hashInto(blocks, hashes)
}

/** Where the nodes of a level begin in a file, after a head of 64 bytes; only the used front of each level is stored. */
function offsets(levels: number, used: number): { starts: number[]; counts: number[] } {
  const counts = Array.from({ length: levels + 1 }, (_, up) => Math.ceil(used / 2 ** up))
  let at = NODE
  const starts = counts.map((count) => {
    const start = at
    at += count * NODE
    return start
  })
  return { starts, counts }
}

/**
 * Writes a tree to a file that is there whole or not at all. The file is a copy of what the database holds: torn by a
 * crash of the machine, its proofs and its root do not check, and it is made again.
 * @param used slots up to the last that was ever assigned
 */
export async function saveTree(path: string, tree: SumTree, used: number): Promise<void> {
  const temporary = `${path}.new`
  const file = await open(temporary, 'w', 0o600)
  try {
    const head = Buffer.alloc(NODE)
    MAGIC.copy(head)
    head.writeUInt32BE(tree.levels, 32)
    head.writeUInt32BE(used, 36)
    await file.write(head, 0, NODE, 0)
    const { starts, counts } = offsets(tree.levels, used)
    for (const [up, start] of starts.entries())
      await writeAll(file, tree.level(up).subarray(0, counts[up]! * NODE), start)
  } finally {
    await file.close()
  }
  await rename(temporary, path)
}

async function writeAll(file: FileHandle, bytes: Uint8Array, start: number): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, at, Math.min(bytes.length - at, 1 << 26), start + at)
    at += bytesWritten
  }
}

/** undefined when it is not of a tree. */
async function readHead(file: FileHandle): Promise<{ levels: number; used: number } | undefined> {
  const head = Buffer.alloc(NODE)
  await file.read(head, 0, NODE, 0)
  const [levels, used] = [head.readUInt32BE(32), head.readUInt32BE(36)]
  const isHead = head.subarray(0, MAGIC.length).equals(MAGIC) && levels <= MAX_LEVELS && used <= 2 ** levels
  return isHead ? { levels, used } : undefined
}

/**
 * The tree as it was saved; undefined when there is no such file, it is not whole, or it is of another size.
 * @throws what hinders reading: a file that may not be read is not one that is to be made again
 */
export async function loadTree(path: string, wanted: number): Promise<SumTree | undefined> {
  if (!(await isThere(path))) return undefined
  const file = await open(path, 'r')
  try {
    const head = await readHead(file)
    if (head?.levels !== wanted) return undefined
    const { levels, used } = head
    const tree = new SumTree(levels, nativeHash)
    const { starts, counts } = offsets(levels, used)
    for (const [up, start] of starts.entries()) {
      const bytes = tree.level(up).subarray(0, counts[up]! * NODE)
      for (let at = 0; at < bytes.length;) {
        const { bytesRead } = await file.read(bytes, at, Math.min(bytes.length - at, 1 << 26), start + at)
        if (bytesRead === 0) return undefined
        at += bytesRead
      }
    }
    return tree
  } finally {
    await file.close()
  }
}

/**
 * The path of one slot read from the file alone: a node a level, the tree stays on disk. undefined when there is no such
 * file, or it is not of a tree. @throws what hinders reading
 */
export async function readProof(path: string, slot: number): Promise<SumProof | undefined> {
  if (!(await isThere(path))) return undefined
  const file = await open(path, 'r')
  try {
    const head = await readHead(file)
    if (!head) return undefined
    const { levels, used } = head
    const { starts, counts } = offsets(levels, used)
    const siblings: SumNode[] = []
    const node = new Uint8Array(NODE)
    for (let up = 0, at = slot; up < levels; up += 1, at >>>= 1) {
      const sibling = at ^ 1
      node.fill(0)
      if (sibling < counts[up]!) await file.read(node, 0, NODE, starts[up]! + sibling * NODE)
      siblings.push(decodeNode(node))
    }
    return { slot, siblings }
  } finally {
    await file.close()
  }
}

export const removeTree = (path: string): Promise<void> => rm(path, { force: true })
