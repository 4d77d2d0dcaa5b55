import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalJson } from '#proof/canonical'
import type { Json } from '#proof/json'
import { rootFromStateProof } from '#proof/sparse-tree'
import { writtenOf } from '../testing/written.ts'
import { keyHash, valueHash } from './changes.ts'
import { CommittedState } from './state.ts'

const KEYS = Array.from({ length: 12 }, (_, n) => `notes/note/${n}`)
const writes = fc
  .dictionary(fc.constantFrom(...KEYS), fc.option(fc.string({ maxLength: 5 }), { nil: undefined }), { minKeys: 1 })
  .map((record) => new Map<string, Json | undefined>(Object.entries(record)))

describe('the state at one of the last heights', () => {
  it('has the root, proofs and values that it had then, and is refused when it is older than what is kept', () => {
    fc.assert(
      fc.property(fc.array(writes, { maxLength: 30 }), fc.integer({ min: 1, max: 8 }), (blocks, maxHeights) => {
        const state = new CommittedState(() => Promise.resolve(new Map()), undefined, 1_000, { maxHeights, maxBytes: 1 << 30 }) // prettier-ignore
        const model: { root: string; values: Map<string, Json> }[] = [{ root: state.tree.root(), values: new Map() }]
        for (const block of blocks) {
          const height = model.length
          const changes = state.changesOf(writtenOf(block))
          state.adopt(state.treeWith(changes), changes, height)
          const values = new Map(model.at(-1)!.values)
          for (const [key, value] of block) {
            if (value === undefined) values.delete(key)
            else values.set(key, value)
          }
          model.push({ root: state.tree.root(), values })
          for (let at = 0; at < model.length; at += 1) {
            const tree = state.treeAt(at)
            if (at < height - maxHeights) {
              expect(tree).toBeUndefined()
              continue
            }
            expect(tree!.root()).toBe(model[at]!.root)
            for (const key of KEYS) {
              const want = model[at]!.values.get(key)
              const found = state.valueAt(at, key)
              expect(found === 'head' ? state.value(key) : found).toEqual(found === 'head' ? want : { value: want })
              const hash = want === undefined ? undefined : valueHash(canonicalJson(want))
              expect(rootFromStateProof(keyHash(key), hash, tree!.prove(keyHash(key)))).toBe(model[at]!.root)
            }
          }
        }
      }),
      { numRuns: 40 },
    )
  })

  it('lets go of the oldest heights when they take more room than they may', () => {
    const state = new CommittedState(() => Promise.resolve(new Map()), undefined, 1_000, { maxHeights: 1_000, maxBytes: 20_000 }) // prettier-ignore
    for (let height = 1; height <= 100; height += 1) {
      const changes = state.changesOf(writtenOf([['a', height], ['b', height]])) // prettier-ignore
      state.adopt(state.treeWith(changes), changes, height)
    }
    expect(state.oldestHeight).toBeGreaterThan(50)
    expect(state.treeAt(100)!.root()).toBe(state.tree.root())
    expect(state.valueAt(99, 'a')).toEqual({ value: 99 })
  })
})
