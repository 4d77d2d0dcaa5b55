import { KeyNotLoaded, type Key, type Read } from '#contracts/kernel/state'
import type { Json } from '#proof/json'
import { changesOver, flatOf, keyHash, type Change, type Hashes, type Written } from './changes.ts'
import { asDigest, digestOf, putBytes, type Digest } from './digest.ts'
import { FlatTree, type StateTree } from './tree/flat-tree.ts'
import { DEFAULT_UNDO_LIMITS, UndoLog, type UndoLimits } from './undo-log.ts'

/** Canonical texts of the values under these keys; a key without a value is left out. */
export type ValueLoader = (keys: readonly string[]) => Promise<ReadonlyMap<string, string>>

/** What a block is built on. */
export interface BlockBase {
  /** @throws KeyNotLoaded */
  readonly read: Read
  /** Brings values into memory; undefined when all are there. @throws StateCorrupt, and what the store throws */
  load(keys: readonly string[]): Promise<void> | undefined
  /** Those of the writes that change something, in the order of the keys, with their canonical texts. */
  changesOf(written: ReadonlyMap<string, Written>): Change[]
  treeWith(changes: readonly Change[]): StateTree
}

const DEFAULT_CACHED_VALUES = 40_000

/** A digest on its way into the tree. */
const asked = new Uint8Array(32)
function bytesOf(digest: Digest): Uint8Array {
  putBytes(digest, asked, 0)
  return asked
}

/** What is known of a key: one object, so that a question about the key looks it up once. */
interface Known {
  /** `elsewhere`: it has a value, which is in the store. */
  standing: 'here' | 'absent' | 'elsewhere'
  value: Json | undefined
  readonly keyHash: Digest
  /** Undefined when the key is absent. */
  valueHash: Digest | undefined
  /** Asked for since the last time it could have been let go. */
  isUsed: boolean
}

/**
 * The committed state as the executor sees it: the whole tree, so that absence is known at once, and the values used of
 * late. Values are frozen: a contract that changed one in place would fork this node from the others.
 */
export class CommittedState implements BlockBase {
  /** Values used of late, and keys asked for of late without one at hand: a split asks for each new id thrice. */
  private readonly known = new Map<string, Known>()
  /** How many of them are values: whoever asks for keys from outside must not push these out. */
  private here = 0
  /** Under way: many commands that wait for one value bring it once. */
  private readonly loadings = new Map<string, Promise<void>>()
  private readonly undo: UndoLog

  constructor(
    private readonly loader: ValueLoader,
    public tree: StateTree = FlatTree.empty(),
    private readonly maxCached = DEFAULT_CACHED_VALUES,
    undoLimits: UndoLimits = DEFAULT_UNDO_LIMITS,
  ) {
    this.undo = new UndoLog(undoLimits)
    if (tree instanceof FlatTree) tree.keep()
  }

  readonly read: Read = <T>(key: Key<T>): T | undefined => this.value(key.path) as T | undefined

  /** @throws KeyNotLoaded when the key holds a value that is not in memory */
  value(key: string): Json | undefined {
    const known = this.of(key)
    if (known.standing === 'elsewhere') throw new KeyNotLoaded(key)
    known.isUsed = true
    return known.value
  }

  /** Whether the key has a value, at hand or not. */
  has(key: string): boolean {
    return this.of(key).standing !== 'absent'
  }

  /** Keys of which something is remembered, values or not: bounded, whoever asks for what. */
  get remembered(): number {
    return this.known.size
  }

  isAtHand(key: string): boolean {
    return this.of(key).standing !== 'elsewhere'
  }

  private of(key: string): Known {
    const known = this.known.get(key)
    if (known !== undefined) return known
    const keyHash = digestOf(key)
    const found = this.tree.get(bytesOf(keyHash))
    const standing = found ? 'elsewhere' : 'absent'
    const valueHash = found && asDigest(found)
    if (this.known.size - this.here >= MAX_WITHOUT) this.forgetThoseWithout()
    const made: Known = { standing, value: undefined, keyHash, valueHash, isUsed: false }
    this.known.set(key, made)
    return made
  }

  /**
   * Brings values into memory and checks each against the tree; undefined when all are there.
   * @throws StateCorrupt, and what the loader throws
   */
  load(keys: readonly string[]): Promise<void> | undefined {
    let missing: Set<string> | undefined
    for (const key of keys) if (!this.isAtHand(key)) (missing ??= new Set()).add(key)
    return missing && this.bringing([...missing])
  }

  private async bringing(missing: readonly string[]): Promise<void> {
    const asked = missing.filter((key) => !this.loadings.has(key))
    if (asked.length > 0) {
      const bringing = this.bring(asked).finally(() => asked.forEach((key) => this.loadings.delete(key)))
      bringing.catch(() => undefined) // whoever waits is told below
      for (const key of asked) this.loadings.set(key, bringing)
    }
    for (const bringing of new Set(missing.map((key) => this.loadings.get(key)))) await bringing
  }

  private async bring(keys: readonly string[]): Promise<void> {
    let wrong = keys
    // Who asks while a block is on its way may see the store before the tree, or the tree before the store.
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      if (attempt > 0) await new Promise((resolve) => setTimeout(resolve, ATTEMPT_MS))
      const found = await this.loader(wrong)
      wrong = wrong.filter((key) => !this.take(key, found.get(key)))
      if (wrong.length === 0) return
    }
    throw new StateCorrupt(wrong[0]!)
  }

  private take(key: string, text: string | undefined): boolean {
    const known = this.of(key)
    if (known.standing !== 'elsewhere') return true
    if (text === undefined || digestOf(text) !== known.valueHash) return false
    known.value = freeze(JSON.parse(text) as Json)
    known.standing = 'here'
    known.isUsed = true
    this.here += 1
    return true
  }

  changesOf(written: ReadonlyMap<string, Written>): Change[] {
    return changesOver(written, (key) => this.hashesOf(key))
  }

  /** A key's hash, and that of the value it has. */
  hashesOf(key: string): Hashes {
    const known = this.known.get(key)
    if (known) return known
    const keyHash = digestOf(key)
    const found = this.tree.get(bytesOf(keyHash))
    return { keyHash, valueHash: found && asDigest(found) }
  }

  treeWith(changes: readonly Change[]): StateTree {
    return this.tree.withFlat(flatOf(changes))
  }

  /**
   * Makes a committed block's changes visible.
   * @param height of the block; without it the block has no place among those that can still be asked about
   */
  adopt(tree: StateTree, changes: readonly Change[], height?: number): void {
    if (height !== undefined) {
      const before = new Map<string, Json | undefined>()
      for (const { key } of changes) before.set(key, this.known.get(key)?.value)
      this.undo.push(height, this.tree, tree, before)
    } else this.undo.clear(this.tree, tree)
    this.tree = tree
    for (const change of changes) this.remember(change)
    this.forget()
  }

  private remember({ key, value, leaf, text }: Change): void {
    const known = this.known.get(key)
    if (known?.standing === 'here') this.here -= 1
    if (value === undefined) {
      this.known.delete(key)
      return
    }
    this.here += 1
    const valueHash = leaf ? leaf.valueHash : digestOf(text!)
    if (known === undefined) {
      const keyHash = leaf?.keyHash ?? digestOf(key)
      this.known.set(key, { standing: 'here', value: freeze(value), keyHash, valueHash, isUsed: false })
      return
    }
    // It stays where it stands, among older ones; but a new value, whose key was only asked for, has not been used.
    known.isUsed = known.standing !== 'absent'
    known.standing = 'here'
    known.value = freeze(value)
    known.valueHash = valueHash
  }

  /** Lets the oldest go, but for those used since they were last looked at: who signs and what day it is stays at hand. */
  private forget(): void {
    let looks = 2 * this.known.size
    for (const [key, known] of this.known) {
      if (this.here <= this.maxCached || (looks -= 1) < 0) break
      this.known.delete(key)
      if (known.standing !== 'here') continue
      if (known.isUsed) {
        known.isUsed = false
        this.known.set(key, known)
      } else this.here -= 1
    }
  }

  /** Between two blocks any number of keys may be asked for; what is known of those without a value is soon found again. */
  private forgetThoseWithout(): void {
    for (const [key, { standing }] of this.known) if (standing !== 'here') this.known.delete(key)
  }

  /** The tree after the block of this height, while it is one of the last that are kept. */
  treeAt(height: number): StateTree | undefined {
    return this.undo.treeAt(height)
  }

  /**
   * What is known of a key's value after the block of this height: the value that a later block replaced, that the value
   * of the head still stood, or (`unknown`) that the value must be looked up elsewhere.
   */
  valueAt(height: number, key: string): { readonly value: Json | undefined } | 'head' | 'unknown' {
    const found = this.undo.replacedAfter(height, key)
    if (!found) return 'head'
    if (found.value !== undefined) return { value: found.value }
    return this.undo.treeAt(height)?.get(keyHash(key)) === undefined ? { value: undefined } : 'unknown'
  }

  /** The oldest height that `treeAt` knows. */
  get oldestHeight(): number | undefined {
    return this.undo.oldestHeight
  }
}

/** So many keys without a value in memory are remembered beside those with one. */
const MAX_WITHOUT = 100_000
const MAX_ATTEMPTS = 50
const ATTEMPT_MS = 20

export class StateCorrupt extends Error {
  override readonly name = 'StateCorrupt'
  constructor(readonly key: string) {
    super(`the stored value of ${key} is not the one the state root commits to`)
  }
}

/** Deeply. A value from another realm too: freezing knows no realms. */
export function freeze<T extends Json>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const item of Object.values(value)) freeze(item as Json)
  }
  return value
}
