import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sha256Bytes, utf8ToBytes } from '#proof/hash'
import { rootFromStateProof, SparseTree, type StateChange } from '#proof/sparse-tree'
import { flatten } from './changes.ts'
import { FlatTree } from './flat-tree.ts'

const hashed = (text: string): Uint8Array => sha256Bytes(utf8ToBytes(text))

/** Keys whose hashes agree in many first bits, where paths are long and collapse far. */
const crowded = (n: number): Uint8Array => {
  const key = new Uint8Array(32)
  key[n & 1 ? 31 : 17] = n
  return key
}
const keyOf = (n: number): Uint8Array => (n < 40 ? hashed(`key/${n}`) : crowded(n))
const KEYS = 60

const block = fc
  .dictionary(fc.nat(KEYS - 1).map(String), fc.option(fc.string(), { nil: undefined }), { maxKeys: 25 })
  .map((values) =>
    Object.entries(values).map(([n, value]): StateChange => ({
      keyHash: keyOf(Number(n)),
      valueHash: value === undefined ? undefined : hashed(value),
    })),
  )

function expectSame(flat: FlatTree, reference: SparseTree): void {
  expect(flat.root()).toBe(reference.root())
  for (let n = 0; n <= KEYS; n += 1) {
    const key = keyOf(n)
    expect(flat.get(key)).toEqual(reference.get(key))
    expect(flat.prove(key)).toEqual(reference.prove(key))
  }
}

describe('flat tree', () => {
  it('has the roots and proofs of the reference tree, at every version that is kept', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(block, block), { maxLength: 12 }),
        fc.integer({ min: 1, max: 5 }),
        (blocks, keep) => {
          const flat = [FlatTree.empty()]
          const reference = [SparseTree.empty()]
          for (const [abandoned, changes] of blocks) {
            const base = flat.at(-1)!
            const attempt = base.with(abandoned)
            const next = base.with(changes)
            if (next === base) continue
            // The attempt that was given up is not to be read any more, and left nothing behind.
            if (attempt !== base) expect(() => attempt.root()).toThrow('no longer kept')
            next.keep()
            flat.push(next)
            reference.push(reference.at(-1)!.with(changes))
            if (flat.length > keep) {
              FlatTree.letGo(flat[0]!, flat[1]!)
              expect(() => flat[0]!.root()).toThrow('no longer kept')
              flat.shift()
              reference.shift()
            }
            flat.forEach((version, i) => expectSame(version, reference[i]!))
          }
          // Nothing leaks: with one version left, its nodes are all that is in use.
          while (flat.length > 1) FlatTree.letGo(flat.shift()!, flat[0]!)
          const last = flat[0]!
          const leaves = [...last.leafBatches(7)].flatMap((batch) =>
            Array.from({ length: batch.length / 64 }, (_, i) => batch.slice(i * 64, i * 64 + 64)),
          )
          expect(leaves).toHaveLength(last.size)
          const rebuilt = FlatTree.of(
            flatten(leaves.map((leaf) => ({ keyHash: leaf.slice(0, 32), valueHash: leaf.slice(32) }))),
          )
          expect(rebuilt.root()).toBe(last.root())
          expect(last.memory.usedBytes).toBe(rebuilt.memory.usedBytes)
        },
      ),
      { numRuns: 40 },
    )
  })

  it('is built from leaves written one after another, the last of a key counting', () => {
    fc.assert(
      fc.property(fc.array(block, { maxLength: 6 }), (blocks) => {
        const reference = blocks.reduce((tree, changes) => tree.with(changes), SparseTree.empty())
        expectSame(FlatTree.of(flatten(blocks.flat())), reference)
      }),
    )
  })

  it('is the same for many keys at once as for the same in blocks', () => {
    const changes = Array.from({ length: 20_000 }, (_, n) => ({ keyHash: hashed(`k${n % 15_000}`), valueHash: hashed(`v${n}`) })) // prettier-ignore
    let tree = FlatTree.empty()
    let reference = SparseTree.empty()
    for (let from = 0; from < changes.length; from += 5_000) {
      const next = tree.with(changes.slice(from, from + 5_000))
      reference = reference.with(changes.slice(from, from + 5_000))
      next.keep()
      FlatTree.letGo(tree, next)
      tree = next
    }
    const whole = FlatTree.of(flatten(changes))
    expect(tree.root()).toBe(reference.root())
    expect(whole.root()).toBe(tree.root())
    expect(whole.size).toBe(15_000)
    expect(tree.memory.usedBytes).toBe(whole.memory.usedBytes)
  })

  it('proves keys of a tree that fills more than one chunk', () => {
    const count = 70_000
    const [keys, values] = [new Uint8Array(count * 32), new Uint8Array(count * 32)]
    const keyAt = (n: number) => hashed(`k${n}`)
    for (let n = 0; n < count; n += 1) {
      keys.set(keyAt(n), n * 32)
      values[n * 32] = n & 255
    }
    const tree = FlatTree.of({ count, keys, values, present: new Uint8Array(count).fill(1) })
    expect(tree.size).toBe(count)
    for (let n = 0; n < count; n += 2_657) {
      const valueHash = values.slice(n * 32, n * 32 + 32)
      expect(rootFromStateProof(keyAt(n), valueHash, tree.prove(keyAt(n)))).toBe(tree.root())
    }
  })

  it('refuses a key that changes twice in one block', () => {
    const change = { keyHash: hashed('a'), valueHash: hashed('b') }
    expect(() => FlatTree.empty().with([change, change])).toThrow('changes twice')
  })
})
