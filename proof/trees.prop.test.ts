import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bytesToHex, concatBytes, hexToBytes, sha256Bytes, sha256Hex, utf8ToBytes, type Hash } from './hash.ts'
import { listProof, listRoot, rootFromProof } from './list-tree.ts'
import {
  compareBytes,
  decodeSiblings,
  encodeSiblings,
  rootFromStateProof,
  SparseTree,
  type StateChange,
} from './sparse-tree.ts'

const hashed = (text: string): Uint8Array => sha256Bytes(utf8ToBytes(text))
const ZERO = new Uint8Array(32)

/** The definition, written without any sharing: what is in a subtree alone decides its hash. */
function naiveRoot(entries: readonly (readonly [key: Uint8Array, value: Uint8Array])[], depth = 0): Uint8Array {
  if (entries.length === 0) return ZERO
  if (entries.length === 1) return sha256Bytes(concatBytes(Uint8Array.of(0), entries[0]![0], entries[0]![1]))
  const bit = (key: Uint8Array) => (key[depth >> 3]! >> (7 - (depth & 7))) & 1
  const left = entries.filter(([key]) => bit(key) === 0)
  const right = entries.filter(([key]) => bit(key) === 1)
  return sha256Bytes(concatBytes(naiveRoot(left, depth + 1), naiveRoot(right, depth + 1)))
}

const name = fc.integer({ min: 0, max: 60 }).map((n) => `key/${n}`)
/** Blocks of changes: key to value, or to nothing. */
const blocks = fc.array(fc.dictionary(name, fc.option(fc.string(), { nil: undefined }), { maxKeys: 20 }), {
  maxLength: 8,
})

describe('bytes in order', () => {
  it('compares as the platform does, whatever the lengths', () => {
    const bytes = fc.uint8Array({ maxLength: 6, max: 3 })
    fc.assert(
      fc.property(bytes, bytes, (a, b) => {
        expect(Math.sign(compareBytes(a, b))).toBe(Buffer.compare(a, b))
      }),
    )
    expect(compareBytes(Uint8Array.of(1), Uint8Array.of(1, 0))).toBeLessThan(0)
    expect(compareBytes(Uint8Array.of(1, 0), Uint8Array.of(1))).toBeGreaterThan(0)
  })
})

describe('siblings in short', () => {
  it('are read back as they were, and anything but whole hashes is refused', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.string().map((text) => sha256Hex(utf8ToBytes(text))),
          { maxLength: 40 },
        ),
        (siblings) => {
          const text = encodeSiblings({ siblings, neighbour: null })
          expect(decodeSiblings(text)).toEqual({ siblings, neighbour: null })
          expect(decodeSiblings(`${text}AA`)).toBeUndefined()
        },
      ),
    )
  })
})

describe('sparse tree', () => {
  it('has the root of the naive model after any blocks, and proves each key present or absent', () => {
    fc.assert(
      fc.property(blocks, (all) => {
        let tree = SparseTree.empty()
        const model = new Map<string, Uint8Array>()
        const versions: { tree: SparseTree; root: Hash }[] = []
        for (const block of all) {
          const changes: StateChange[] = Object.entries(block).map(([key, value]) => ({
            keyHash: hashed(key),
            valueHash: value === undefined ? undefined : hashed(value),
          }))
          tree = tree.with(changes)
          for (const [key, value] of Object.entries(block)) {
            if (value === undefined) model.delete(key)
            else model.set(key, hashed(value))
          }
          const root = bytesToHex(naiveRoot([...model].map(([key, value]) => [hashed(key), value])))
          expect(tree.root()).toBe(root)
          versions.push({ tree, root })
        }
        for (const { tree: version, root } of versions) expect(version.root()).toBe(root)
        for (let n = 0; n <= 61; n += 1) {
          const key = `key/${n}`
          const proof = tree.prove(hashed(key))
          const value = model.get(key)
          expect(tree.get(hashed(key))).toEqual(value)
          expect(rootFromStateProof(hashed(key), value, proof)).toBe(tree.root())
          // Never the other answer, nor another value, nor another key.
          expect(rootFromStateProof(hashed(key), value ? undefined : hashed('x'), proof)).not.toBe(tree.root())
          expect(rootFromStateProof(hashed(key), hashed('forged'), proof)).not.toBe(tree.root())
          if (value) expect(rootFromStateProof(hashed('key/other'), value, proof)).not.toBe(tree.root())
        }
      }),
      { numRuns: 60 },
    )
  })

  it('does not take a proof with a sibling changed, dropped or added', () => {
    const tree = SparseTree.empty().with(
      Array.from({ length: 50 }, (_, n) => ({ keyHash: hashed(`key/${n}`), valueHash: hashed(`v${n}`) })),
    )
    for (const [key, value] of [['key/7', hashed('v7')], ['key/none', undefined]] as const) {
      const proof = tree.prove(hashed(key))
      expect(rootFromStateProof(hashed(key), value, proof)).toBe(tree.root())
      proof.siblings.forEach((_, i) => {
        const changed = { ...proof, siblings: proof.siblings.with(i, sha256Hex(Uint8Array.of(i))) }
        expect(rootFromStateProof(hashed(key), value, changed)).not.toBe(tree.root())
        const dropped = { ...proof, siblings: proof.siblings.toSpliced(i, 1) }
        expect(rootFromStateProof(hashed(key), value, dropped)).not.toBe(tree.root())
      })
      const added = { ...proof, siblings: [...proof.siblings, '0'.repeat(64)] }
      expect(rootFromStateProof(hashed(key), value, added)).not.toBe(tree.root())
    }
  }) // prettier-ignore

  it('refuses a key that changes twice in one block', () => {
    const change = { keyHash: hashed('a'), valueHash: hashed('b') }
    expect(() => SparseTree.empty().with([change, change])).toThrow('changes twice')
  })
})

const items = fc.array(fc.string().map((text) => sha256Hex(utf8ToBytes(text))), { minLength: 1, maxLength: 40 }) // prettier-ignore

describe('list tree', () => {
  it('proves each item at its index and count, and nowhere else', () => {
    fc.assert(
      fc.property(items, (list) => {
        const root = listRoot(list)
        list.forEach((item, index) => {
          const proof = listProof(list, index)
          expect(rootFromProof(item, proof)).toBe(root)
          expect(rootFromProof(sha256Hex(hexToBytes(item)), proof)).not.toBe(root)
          expect(rootFromProof(item, { ...proof, count: proof.count + 1 })).not.toBe(root)
          expect(rootFromProof(item, { ...proof, path: [...proof.path, item] })).not.toBe(root)
          for (let other = 0; other < list.length; other += 1) {
            if (list[other] !== item) expect(rootFromProof(item, { ...proof, index: other })).not.toBe(root)
          }
        })
      }),
    )
  })

  it('an item more, less or elsewhere is another root', () => {
    fc.assert(
      fc.property(items, fc.nat(), (list, seed) => {
        const root = listRoot(list)
        const at = seed % list.length
        expect(listRoot([...list, list[at]!])).not.toBe(root)
        expect(listRoot(list.toSpliced(at, 1))).not.toBe(root)
        const swapped = list.with(0, list[at]!).with(at, list[0]!)
        if (swapped.some((item, i) => item !== list[i])) expect(listRoot(swapped)).not.toBe(root)
      }),
    )
    expect(listRoot([])).not.toBe(listRoot(['0'.repeat(64)]))
  })
})
