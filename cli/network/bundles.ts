import { BundleError, FolderBundleStore } from '#ledger-adapter/application/bundle/store'
import type { Hash } from '#proof/hash'
import { CommandFailure } from '../failure.ts'
import { nodeBundles, type Manifest } from './manifest.ts'
import { words } from './words/index.ts'

/**
 * Copies to a node every version of the contracts that others have and it lacks, each checked against its hash: it executes
 * every block from the first, and would stop at the height from which one of them rules.
 * @param host whose copies are taken where they are whole
 * @throws CommandFailure naming a version of which no copy is whole
 */
export function copyBundles(home: string, { nodes }: Manifest, host: string, to: string): void {
  const own = new FolderBundleStore(nodeBundles(home, to))
  const others = nodes.map(({ name }) => name).filter((name) => name !== host && name !== to)
  const stores = [host, ...others].map((node) => new FolderBundleStore(nodeBundles(home, node)))
  const there = new Set(own.hashes())
  for (const hash of new Set(stores.flatMap((store) => store.hashes()))) if (!there.has(hash)) own.put(wholeOf(stores, hash)) // prettier-ignore
}

function wholeOf(stores: readonly FolderBundleStore[], hash: Hash): string {
  let problem: BundleError | undefined
  for (const store of stores) {
    try {
      const text = store.text(hash)
      if (text !== undefined) return text
    } catch (error) {
      if (!(error instanceof BundleError)) throw error
      problem ??= error
    }
  }
  throw new CommandFailure(words('noWholeCopy', { hash }), 1, { cause: problem })
}
