import { open, rename, rm, stat, type FileHandle } from 'node:fs/promises'
import { hashInto } from '@chainsafe/hashtree'
import { decodeNode, type SumNode } from '#proof/sum-node'
import { SumTree, type HashBlocks, type SumProof } from '#proof/sum-tree'

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

async function readHead(file: FileHandle): Promise<{ levels: number; used: number }> {
  const head = Buffer.alloc(NODE)
  await file.read(head, 0, NODE, 0)
  if (!head.subarray(0, MAGIC.length).equals(MAGIC)) throw new Error('not a file of a sum tree')
  return { levels: head.readUInt32BE(32), used: head.readUInt32BE(36) }
}

/** The tree as it was saved; undefined when there is no such file, it is not whole, or it is of another size. */
export async function loadTree(path: string, wanted: number): Promise<SumTree | undefined> {
  if (!(await stat(path).catch(() => undefined))) return undefined
  const file = await open(path, 'r')
  try {
    const { levels, used } = await readHead(file)
    if (levels !== wanted) return undefined
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

/** The path of one slot read from the file alone: a node a level, the tree stays on disk. */
export async function readProof(path: string, slot: number): Promise<SumProof> {
  const file = await open(path, 'r')
  try {
    const { levels, used } = await readHead(file)
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
