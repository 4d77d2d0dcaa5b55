import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { flatten } from './tree/changes.ts'
import { FlatTree } from './tree/flat-tree.ts'
import { headerHash, headerSigningBytes, type BlockHeader } from '#proof/block'
import { commandDigest, signingBytes, type Command } from '#proof/command'
import { EMPTY_FEED, eventDigest, extendFeed, type EventCore } from '#proof/feed'
import { bytesToHex, concatBytes, hexToBytes, sha256Bytes, utf8ToBytes } from '#proof/hash'
import { EMPTY_HISTORY, extendHistory, historyLeaf, isInHistory, type BlockRoots } from '#proof/history'
import { listRoot, ListTree, rootFromProof } from '#proof/list-tree'
import { MountainRange } from '#proof/mountain-range'
import { rootFromStateProof, SparseTree, type StateProof } from '#proof/sparse-tree'
import { SumTree } from '#proof/sum-tree'

/** Made by testdata/ledger-nodes/generate.py from the definitions, without any of this code. */
interface Vectors {
  empty: { sparse: string; list: string }
  sparseLeaf: { keyHash: string; valueHash: string; hash: string }
  sparseTrees: { entries: [string, string][]; root: string; proofs: { key: string; proof: StateProof }[] }[]
  listTrees: { items: string[]; root: string; paths: string[][] }[]
  histories: { blocks: (BlockRoots & { height: number })[]; leaves: string[]; peaks: string[]; paths: string[][] }[]
  sumTrees: {
    levels: number
    leaves: { slot: number; content: string; originalFen: string; currentFen: string; defaultedFen: string }[]
    top: string
    root: string
  }[]
  header: { header: BlockHeader; hash: string; signed: string }
  command: { command: Command; digest: string; signed: string }
  feed: { events: EventCore[]; steps: { digest: string; count: number; hash: string }[] }
}
const file = new URL('../../testdata/ledger-nodes/nodes.json', import.meta.url)
const vectors = JSON.parse(readFileSync(file, 'utf8')) as Vectors
const hashed = (text: string) => sha256Bytes(utf8ToBytes(text))

describe('node formats, against an independent writing of the definitions', () => {
  it('sparse tree: empty, leaf, inner, proofs of presence and absence; reference and flat', () => {
    expect(SparseTree.empty().root()).toBe(vectors.empty.sparse)
    expect(FlatTree.empty().root()).toBe(vectors.empty.sparse)
    const { keyHash, valueHash, hash } = vectors.sparseLeaf
    const one = [{ keyHash: hexToBytes(keyHash), valueHash: hexToBytes(valueHash) }]
    expect(FlatTree.empty().with(one).root()).toBe(hash)
    expect(bytesToHex(sha256Bytes(concatBytes(Uint8Array.of(0), one[0]!.keyHash, one[0]!.valueHash)))).toBe(hash)
    for (const { entries, root, proofs } of vectors.sparseTrees) {
      const changes = entries.map(([key, value]) => ({ keyHash: hashed(key), valueHash: hashed(value) }))
      for (const tree of [
        SparseTree.empty().with(changes),
        FlatTree.empty().with(changes),
        FlatTree.of(flatten(changes)),
      ]) {
        expect(tree.root()).toBe(root)
        for (const { key, proof } of proofs) {
          expect(tree.prove(hashed(key))).toEqual(proof)
          expect(rootFromStateProof(hashed(key), tree.get(hashed(key)), proof)).toBe(root)
        }
      }
    }
  })

  it('list tree: leaf, inner, root with its count, every path', () => {
    expect(listRoot([])).toBe(vectors.empty.list)
    for (const { items, root, paths } of vectors.listTrees) {
      const tree = new ListTree(items)
      expect(tree.root()).toBe(root)
      paths.forEach((path, index) => {
        expect(tree.proof(index)).toEqual({ index, count: items.length, path })
        expect(rootFromProof(items[index]!, { index, count: items.length, path })).toBe(root)
      })
    }
  })

  it('history: leaves, peaks, every path', () => {
    for (const { blocks, leaves, peaks, paths } of vectors.histories) {
      expect(blocks.map(({ height, ...roots }) => historyLeaf(height, roots))).toEqual(leaves)
      const history = leaves.reduce(extendHistory, EMPTY_HISTORY)
      expect(history).toEqual({ count: leaves.length, peaks })
      const range = MountainRange.of(leaves)
      expect(range.historyAt()).toEqual(history)
      paths.forEach((path, index) => {
        expect(range.path(index)).toEqual(path)
        expect(isInHistory(history, leaves[index]!, index, path)).toBe(true)
      })
    }
  })

  it('sum tree: leaf, inner, unassigned slots, root', () => {
    for (const { levels, leaves, top, root } of vectors.sumTrees) {
      const tree = new SumTree(levels)
      tree.assign(
        leaves.map(({ slot, content, ...sums }) => ({
          slot,
          leaf: {
            content,
            originalFen: BigInt(sums.originalFen),
            currentFen: BigInt(sums.currentFen),
            defaultedFen: BigInt(sums.defaultedFen),
          },
        })),
      )
      const found = tree.root()
      expect(found.hash).toBe(root)
      expect(found.top).toBe(top.slice(0, 64))
      expect(found.count).toBe(BigInt(leaves.length))
    }
  })

  it('header, command, event and feed', () => {
    const { header, command, feed } = vectors
    expect(headerHash(header.header)).toBe(header.hash)
    expect(bytesToHex(headerSigningBytes(header.hash))).toBe(header.signed)
    expect(commandDigest(command.command)).toBe(command.digest)
    expect(bytesToHex(signingBytes(command.command))).toBe(command.signed)
    let chain = EMPTY_FEED
    feed.events.forEach((event, n) => {
      const { digest, ...after } = feed.steps[n]!
      expect(eventDigest(event)).toBe(digest)
      chain = extendFeed(chain, digest)
      expect(chain).toEqual(after)
    })
  })
})
