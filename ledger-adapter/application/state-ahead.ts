import type { Key, Read } from '#contracts/kernel/state'
import { changesOver, flatOf, type Change, type Written } from './changes.ts'
import { freeze, type BlockBase, type CommittedState } from './state.ts'
import type { StateTree } from './tree/flat-tree.ts'

/**
 * The state after a block that is built and not yet durable, for building the next one meanwhile. Nobody else sees it: what
 * is asked of the ledger is answered from the committed state. It stays the same when its block is adopted; when the
 * block comes to nothing, so does whatever was built on it.
 */
export class StateAhead implements BlockBase {
  private readonly changed: ReadonlyMap<string, Change>

  constructor(
    private readonly committed: CommittedState,
    block: { readonly changes: readonly Change[]; readonly tree: StateTree },
  ) {
    this.changed = new Map(block.changes.map((change) => [change.key, change]))
    this.tree = block.tree
  }

  private readonly tree: StateTree

  readonly read: Read = <T>(key: Key<T>): T | undefined => {
    const change = this.changed.get(key.path)
    if (!change) return this.committed.read(key)
    return (change.value === undefined ? undefined : freeze(change.value)) as T | undefined
  }

  load(keys: readonly string[]): Promise<void> | undefined {
    return this.committed.load(keys.filter((key) => !this.changed.has(key)))
  }

  changesOf(written: ReadonlyMap<string, Written>): Change[] {
    return changesOver(written, (key) => this.changed.get(key)?.leaf ?? this.committed.hashesOf(key))
  }

  treeWith(changes: readonly Change[]): StateTree {
    return this.tree.withFlat(flatOf(changes))
  }
}
