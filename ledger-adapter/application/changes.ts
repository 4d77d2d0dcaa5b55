import { canonicalJson } from '#proof/canonical'
import type { Json } from '#proof/json'
import type { StateChange } from '#proof/sparse-tree'
import { digestOf, putBytes, type Digest } from './digest.ts'
import type { FlatChanges } from './tree/changes.ts'

/** What is to stand under a key; undefined when the key goes. */
export interface Written {
  readonly value: Json | undefined
  /** The value's canonical text, where it has been written already. */
  readonly text?: string | undefined
}

/** Of a key and of a value under it; undefined where it has none. */
export interface Hashes {
  readonly keyHash: Digest
  readonly valueHash: Digest | undefined
}

/** A value as it is committed: its canonical text, or undefined when the key is gone. */
export interface Change {
  readonly key: string
  readonly value: Json | undefined
  readonly text: string | undefined
  /** Whether the key had no value before; unknown where the state before is not at hand. */
  readonly isNew?: boolean
  /** The hashes of both, when they have been computed already. */
  readonly leaf?: Hashes
}

export function changesOver(written: ReadonlyMap<string, Written>, hashesOf: (key: string) => Hashes): Change[] {
  const changes: Change[] = []
  // By code units, as a sort without a comparison of its own does.
  for (const key of [...written.keys()].sort()) {
    const { value, text = value === undefined ? undefined : canonicalJson(value) } = written.get(key)!
    const { keyHash, valueHash: before } = hashesOf(key)
    const after = text === undefined ? undefined : digestOf(text)
    if (before !== after)
      changes.push({ key, value, text, isNew: before === undefined, leaf: { keyHash, valueHash: after } })
  }
  return changes
}

function hashOf(text: string): Uint8Array {
  const bytes = new Uint8Array(32)
  putBytes(digestOf(text), bytes, 0)
  return bytes
}

/** SHA-256 of the key's UTF-8 form: its place in the tree. */
export const keyHash = hashOf
/** SHA-256 of a value's canonical text. */
export const valueHash = hashOf

export const leafOf = ({ key, text }: Pick<Change, 'key' | 'text'>): StateChange => ({
  keyHash: keyHash(key),
  valueHash: text === undefined ? undefined : valueHash(text),
})

/** The changes as the tree takes them. */
export function flatOf(changes: readonly Change[]): FlatChanges {
  const count = changes.length
  const [keys, values, present] = [new Uint8Array(count * 32), new Uint8Array(count * 32), new Uint8Array(count)]
  changes.forEach(({ key, text, leaf }, i) => {
    putBytes(leaf?.keyHash ?? digestOf(key), keys, i * 32)
    if (text === undefined) return
    putBytes(leaf?.valueHash ?? digestOf(text), values, i * 32)
    present[i] = 1
  })
  return { count, keys, values, present }
}
