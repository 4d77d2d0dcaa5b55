import { KeyNotLoaded, type Key, type Read } from '#contracts/kernel/state'
import { canonicalJson } from '#proof/canonical'
import { utf8ToBytes } from '#proof/hash'
import type { Json } from '#proof/json'
import { compareBytes, SparseTree, type StateChange } from '#proof/sparse-tree'
import { sha256Native } from './verify-native.ts'

/** Canonical texts of the values under these keys; a key without a value is left out. */
export type ValueLoader = (keys: readonly string[]) => Promise<ReadonlyMap<string, string>>

/** A value as it is committed: its canonical text, or undefined when the key is gone. */
export interface Change {
  readonly key: string
  readonly value: Json | undefined
  readonly text: string | undefined
}

const DEFAULT_CACHED_VALUES = 200_000

export const keyHash = (key: string): Uint8Array => sha256Native(utf8ToBytes(key))
export const valueHash = (text: string): Uint8Array => sha256Native(utf8ToBytes(text))

/**
 * The committed state as the executor sees it: the whole tree, so that absence is known at once, and the values used of
 * late. Values are frozen: a contract that changed one in place would fork this node from the others.
 */
export class CommittedState {
  private readonly values = new Map<string, Json>()

  constructor(
    private readonly loader: ValueLoader,
    public tree: SparseTree = SparseTree.empty(sha256Native),
    private readonly maxCached = DEFAULT_CACHED_VALUES,
  ) {}

  readonly read: Read = <T>(key: Key<T>): T | undefined => this.value(key.path) as T | undefined

  /** @throws KeyNotLoaded when the key holds a value that is not in memory */
  value(key: string): Json | undefined {
    const value = this.values.get(key)
    if (value !== undefined) return value
    if (this.tree.get(keyHash(key)) === undefined) return undefined
    throw new KeyNotLoaded(key)
  }

  isAtHand(key: string): boolean {
    return this.values.has(key) || this.tree.get(keyHash(key)) === undefined
  }

  /** Brings values into memory and checks each against the tree. */
  async load(keys: readonly string[]): Promise<void> {
    const missing = [...new Set(keys)].filter((key) => !this.isAtHand(key))
    if (missing.length === 0) return
    const found = await this.loader(missing)
    for (const key of missing) {
      const text = found.get(key)
      const want = this.tree.get(keyHash(key))
      if (text === undefined || want === undefined || compareBytes(valueHash(text), want) !== 0) {
        throw new StateCorrupt(key)
      }
      this.values.set(key, freeze(JSON.parse(text) as Json))
    }
  }

  /** Those of the writes that change something, in the order of the keys, with their canonical texts. */
  changesOf(written: ReadonlyMap<string, Json | undefined>): Change[] {
    const changes: Change[] = []
    for (const key of [...written.keys()].sort(byCodeUnit)) {
      const value = written.get(key)
      const text = value === undefined ? undefined : canonicalJson(value)
      const before = this.tree.get(keyHash(key))
      const isSame = text === undefined ? before === undefined : before && compareBytes(before, valueHash(text)) === 0
      if (!isSame) changes.push({ key, value, text })
    }
    return changes
  }

  treeWith(changes: readonly Change[]): SparseTree {
    return this.tree.with(changes.map(leafOf))
  }

  /** Makes a committed block's changes visible. */
  adopt(tree: SparseTree, changes: readonly Change[]): void {
    this.tree = tree
    for (const { key, value } of changes) {
      this.values.delete(key)
      if (value !== undefined) this.values.set(key, freeze(value))
    }
    for (const key of this.values.keys()) {
      if (this.values.size <= this.maxCached) break
      this.values.delete(key)
    }
  }
}

export class StateCorrupt extends Error {
  override readonly name = 'StateCorrupt'
  constructor(readonly key: string) {
    super(`the stored value of ${key} is not the one the state root commits to`)
  }
}

export const leafOf = ({ key, text }: Pick<Change, 'key' | 'text'>): StateChange => ({
  keyHash: keyHash(key),
  valueHash: text === undefined ? undefined : valueHash(text),
})

export const byCodeUnit = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

function freeze<T extends Json>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const item of Object.values(value)) freeze(item as Json)
  }
  return value
}
