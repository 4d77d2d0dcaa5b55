import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { flatten } from './tree/changes.ts'
import { FlatTree } from './tree/flat-tree.ts'
import { encodePath } from '#proof/asset'
import { toBase64url } from '#proof/base64url'
import { headerHash, headerSigningBytes, type BlockHeader } from '#proof/block'
import { canonicalJson } from '#proof/canonical'
import { commandDigest, commandKey, decodeSigned, encodeSigned, signingBytes, type Command } from '#proof/command'
import { EMPTY_FEED, eventDigest, extendFeed, type EventCore } from '#proof/feed'
import { bytesToHex, concatBytes, hexToBytes, sha256Bytes, utf8ToBytes } from '#proof/hash'
import { isBuiltOn } from '#proof/head'
import { EMPTY_HISTORY, extendHistory, historyLeaf, isInHistory, type BlockRoots } from '#proof/history'
import type { JsonObject } from '#proof/json'
import { listRoot, ListTree, rootFromProof } from '#proof/list-tree'
import { loginBytes, type LoginClaim } from '#proof/login'
import { endSigningBytes } from '#proof/predecessor'
import { MountainRange } from '#proof/mountain-range'
import { rootFromStateProof, SparseTree, type StateProof } from '#proof/sparse-tree'
import { decodeNode } from '#proof/sum-node'
import { SumTree, verifySumProof } from '#proof/sum-tree'

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
    /** Of every slot, assigned or not: siblings from the leaf upwards, each a node of 64 bytes. */
    paths: string[][]
  }[]
  header: { header: BlockHeader; hash: string; signed: string; ended: string }
  command: {
    command: Command
    digest: string
    signed: string
    record: { key: string; value: JsonObject; leaf: string }
    builtOn: { command: Command; digest: string }
  }
  login: { claim: LoginClaim; signed: string }
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

  it('sum tree: leaf, inner, unassigned slots, root, every path', () => {
    for (const { levels, leaves, top, root, paths } of vectors.sumTrees) {
      const tree = new SumTree(levels)
      const assigned = leaves.map(({ slot, content, ...sums }) => ({
        slot,
        leaf: {
          content,
          originalFen: BigInt(sums.originalFen),
          currentFen: BigInt(sums.currentFen),
          defaultedFen: BigInt(sums.defaultedFen),
        },
      }))
      tree.assign(assigned)
      const found = tree.root()
      expect(found.hash).toBe(root)
      expect(found.top).toBe(top.slice(0, 64))
      expect(found.count).toBe(BigInt(leaves.length))
      expect(paths).toHaveLength(2 ** levels)
      paths.forEach((path, slot) => {
        const siblings = path.map((node) => decodeNode(hexToBytes(node)))
        const proof = tree.proof(slot)
        expect(proof).toEqual({ slot, siblings })
        const leaf = assigned.find((one) => one.slot === slot)?.leaf
        expect(() => verifySumProof(found, leaf, proof)).not.toThrow()
        // As a receipt carries it.
        expect(encodePath(siblings)).toBe(toBase64url(hexToBytes(path.join(''))))
      })
    }
  })

  it('header, end of a ledger, command with its record, login, event and feed', () => {
    const { header, command, login, feed } = vectors
    expect(bytesToHex(endSigningBytes(header.hash))).toBe(header.ended)
    expect(bytesToHex(loginBytes(login.claim))).toBe(login.signed)
    const { key, value, leaf } = command.record
    expect(commandKey(command.command)).toBe(key)
    // Four fields and no other, of which the block gives two.
    const { height, index } = value
    expect(value).toEqual({ digest: command.digest, height, index, expiresAt: command.command.expiresAt })
    const one = FlatTree.empty().with([{ keyHash: hashed(key), valueHash: hashed(canonicalJson(value)) }])
    expect(one.root()).toBe(leaf)
    const { builtOn } = command
    expect(commandDigest(builtOn.command)).toBe(builtOn.digest)
    const { height: _, ...roots } = vectors.histories[0]!.blocks[0]!
    expect(isBuiltOn(builtOn.command.head!, roots)).toBe(true)
    const bytes = encodeSigned({ command: builtOn.command, signature: 'A'.repeat(86) })
    expect(decodeSigned(bytes).command).toEqual(builtOn.command)
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
