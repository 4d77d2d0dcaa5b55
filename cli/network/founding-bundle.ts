// The version of the contracts by which a network begins: named in its genesis, kept by each of its nodes (docs/adr/037).
import { foundingGenesis } from '#contracts/genesis'
import type { EventRecord } from '#contracts/kernel/event'
import { buildBundle } from '#ledger-adapter/application/bundle/build-bundle'
import type { SandboxedContracts } from '#ledger-adapter/application/bundle/sandbox'
import { BundleError, FolderBundleStore } from '#ledger-adapter/application/bundle/store'
import type { JsonObject } from '#proof/json'
import { CommandFailure } from '../failure.ts'
import { bundleOf, loadedBundle } from '../stack/bundles.ts'
import { nodeBundles } from './manifest.ts'
import { words } from './words/index.ts'

/** The text of a bundle; null: none, every node runs its own sources; undefined: what this checkout's sources come to. */
export type AskedBundle = string | null | undefined

export interface FoundingBundle {
  readonly text: string
  readonly contracts: SandboxedContracts
}

/** @throws CommandFailure when the text is no bundle */
export async function foundingBundle(asked: AskedBundle): Promise<FoundingBundle | null> {
  if (asked === null) return null
  const { hash, text } = asked === undefined ? await buildBundle() : bundleOf(asked)
  return { text, contracts: loadedBundle(hash, text) }
}

/** An older version may not know what genesis says today; its nodes could not enter block 0. @throws CommandFailure */
export function requireEnters({ contracts }: FoundingBundle, genesis: readonly EventRecord[]): void {
  for (const record of genesis) {
    try {
      contracts.writesOf(record)
    } catch (error) {
      if (!(error instanceof BundleError)) throw error
      const about = { bundle: contracts.bundle, what: `${record.contract}.${record.event}`, problem: error.message }
      throw new CommandFailure(words('cannotEnter', about), 2)
    }
  }
}

/** A network that is there goes by the version that its genesis names, whatever the sources have become; another is refused. */
export function requireSameBundle(home: string, genesis: JsonObject, asked: AskedBundle): void {
  if (asked === undefined) return
  const want = asked === null ? null : bundleOf(asked).hash
  const was = foundingGenesis(genesis).governance.bundle
  if (was === want) return
  const named = (hash: string | null) => (hash === null ? words('ownSources') : words('contractsOf', { hash }))
  const how = words('otherBundle', { was: named(was), want: named(want) })
  throw new CommandFailure(words('otherNetwork', { home, how }))
}

/** Gives a node the versions that it may need. */
export function keepBundles(home: string, node: string, texts: readonly string[]): void {
  const store = new FolderBundleStore(nodeBundles(home, node))
  for (const text of texts) store.put(text)
}

/** Every version that a node keeps. @throws BundleError CORRUPT */
export function keptBundles(folder: string): string[] {
  const store = new FolderBundleStore(folder)
  return store.hashes().map((hash) => store.text(hash)!)
}
