import { hashInto } from '@chainsafe/hashtree'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sha256Hex, utf8ToBytes } from './hash.ts'
import {
  checkRoot,
  MAX_SUM,
  SumTree,
  updatedRoot,
  verifySumProof,
  type HashBlocks,
  type SumLeaf,
  type SumRoot,
} from './sum-tree.ts'

const content = fc.string().map((text) => sha256Hex(utf8ToBytes(text)))
const fen = fc.bigInt(0n, 10n ** 12n)
const leaf = fc.record({ content, originalFen: fen, currentFen: fen, defaultedFen: fen })
const leaves = fc.array(leaf, { minLength: 1, maxLength: 40 })

const total = (all: readonly SumLeaf[], field: 'originalFen' | 'currentFen' | 'defaultedFen'): bigint =>
  all.reduce((sum, one) => sum + one[field], 0n)

const nativeHashBlocks: HashBlocks = (blocks, hashes) => hashInto(blocks, hashes)
const text = (one: SumLeaf): string[] => Object.values(one).map(String)
const by = (seeds: Iterator<number>) => {
  const rank = new Map<unknown, number>()
  const rankOf = (one: unknown): number => rank.get(one) ?? rank.set(one, seeds.next().value as number).get(one)!
  return (a: unknown, b: unknown): number => rankOf(a) - rankOf(b)
}

describe('sum tree', () => {
  it('carries count and sums of all leaves, and proves each', () => {
    fc.assert(
      fc.property(leaves, fc.integer({ min: 0, max: 2 }), (all, spare) => {
        const tree = SumTree.of(all, Math.ceil(Math.log2(all.length)) + spare)
        const root = tree.root()
        expect(root.count).toBe(BigInt(all.length))
        expect(root.originalFen).toBe(total(all, 'originalFen'))
        expect(root.currentFen).toBe(total(all, 'currentFen'))
        expect(root.defaultedFen).toBe(total(all, 'defaultedFen'))
        checkRoot(root)
        all.forEach((one, slot) => verifySumProof(root, one, tree.proof(slot)))
        for (let slot = all.length; slot < tree.slots; slot += 1) verifySumProof(root, undefined, tree.proof(slot))
      }),
    )
  })

  it('updated in place, equals the tree built anew, and its root follows from the path alone', () => {
    fc.assert(
      fc.property(leaves, fc.array(fc.tuple(fc.nat(), leaf), { maxLength: 10 }), (all, changes) => {
        const tree = SumTree.of(all)
        const model = [...all]
        for (const [seed, after] of changes) {
          const slot = seed % all.length
          const followed = updatedRoot(tree.root(), model[slot]!, after, tree.proof(slot))
          tree.update([{ slot, leaf: after }])
          model[slot] = after
          expect(tree.root()).toEqual(followed)
        }
        expect(tree.root()).toEqual(SumTree.of(model).root())
      }),
    )
  })

  it('has one root for one assignment of slots, in whatever order and portions it is made', () => {
    fc.assert(
      fc.property(leaves, fc.infiniteStream(fc.nat()), fc.nat(40), (all, seeds, cut) => {
        const changes = all.map((leaf, slot) => ({ slot, leaf }))
        const order = [...changes].sort(by(seeds))
        const tree = new SumTree(6, nativeHashBlocks)
        tree.assign(order.slice(0, cut))
        tree.assign(order.slice(cut))
        expect(tree.root()).toEqual(SumTree.of(all, 6).root())
        expect(tree.grown(9).root()).toEqual(SumTree.of(all, 9).root())
        // The same leaves in other slots are another root, unless the two leaves that changed places are one.
        if (all.length > 1 && JSON.stringify(text(all[0]!)) !== JSON.stringify(text(all[1]!))) {
          const swapped = [all[1]!, all[0]!, ...all.slice(2)]
          expect(SumTree.of(swapped, 6).root().hash).not.toBe(tree.root().hash)
        }
      }),
    )
  })

  it('refuses a proof with another amount, another slot, or a root with other sums', () => {
    fc.assert(
      fc.property(leaves, fc.nat(), fc.bigInt(1n, 1000n), (all, seed, delta) => {
        const tree = SumTree.of(all, 6)
        const root = tree.root()
        const slot = seed % all.length
        const proof = tree.proof(slot)
        const one = all[slot]!
        const changed = { ...one, currentFen: one.currentFen + delta }
        expect(() => verifySumProof(root, changed, proof)).toThrow('BAD_PROOF')
        expect(() => verifySumProof(root, undefined, proof)).toThrow('BAD_PROOF')
        expect(() => verifySumProof(root, one, { ...proof, slot: slot ^ 1 })).toThrow('BAD_PROOF')
        const lying: SumRoot = { ...root, currentFen: root.currentFen + delta }
        expect(() => verifySumProof(lying, one, proof)).toThrow('BAD_PROOF')
        // Moving an amount between siblings keeps the parent's sum; the children's sums are hashed, so it shows.
        const [first, ...rest] = proof.siblings
        if (first!.currentFen >= delta) {
          const moved = { ...proof, siblings: [{ ...first!, currentFen: first!.currentFen - delta }, ...rest] }
          expect(() => verifySumProof(root, changed, moved)).toThrow('BAD_PROOF')
        }
      }),
    )
  })

  it('never reuses a slot, never updates an empty one, never overflows', () => {
    const one: SumLeaf = { content: 'a'.repeat(64), originalFen: 1n, currentFen: 1n, defaultedFen: 0n }
    const tree = SumTree.of([one], 2)
    expect(() => tree.assign([{ slot: 0, leaf: one }])).toThrow('SLOT_TAKEN')
    expect(() => tree.assign([{ slot: 1, leaf: one }, { slot: 1, leaf: one }])).toThrow('SLOT_TAKEN') // prettier-ignore
    expect(() => tree.update([{ slot: 1, leaf: one }])).toThrow('SLOT_EMPTY')
    expect(() => tree.assign([{ slot: 4, leaf: one }])).toThrow('SLOT_OUT_OF_RANGE')
    expect(() => tree.assign([{ slot: 1, leaf: { ...one, currentFen: -1n } }])).toThrow('AMOUNT_OUT_OF_RANGE')
    const before = tree.root()
    expect(() => tree.assign([{ slot: 3, leaf: { ...one, currentFen: MAX_SUM } }])).toThrow('AMOUNT_OUT_OF_RANGE')
    expect(tree.root()).toEqual(before)
    tree.assign([{ slot: 3, leaf: one }])
    expect(tree.root().count).toBe(2n)
  })
})
