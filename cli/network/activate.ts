import { FolderBundleStore } from '#ledger-adapter/application/bundle/store'
import type { Say } from '#engines/say'
import type { Ask } from '#node/keys/person'
import { CommandFailure } from '../failure.ts'
import { decide } from './decide.ts'
import { nodeBundles, readManifest, type Manifest } from './manifest.ts'
import { institutionsOf } from './vote.ts'
import { words } from './words/index.ts'

/**
 * `sluice network activate`: has governance decide from which height a version of the contracts rules. A node without it
 * would stop at that height, so every node of this machine must have it before anything is proposed.
 * @param fromHeight not before it; null: from the block after the last approval
 * @throws CommandFailure naming the nodes that lack the bundle
 */
export async function activateBundle(options: {
  readonly home: string
  readonly bundle: string
  readonly fromHeight: number | null
  /** Shown what each institution signs. */
  readonly ask: Ask
  readonly print: Say
}): Promise<void> {
  const { home, bundle, fromHeight, ask, print } = options
  const manifest = await readManifest(home)
  requireEverywhere(home, manifest, bundle)
  const institutions = await institutionsOf(home, manifest, { through: manifest.nodes[0]!.name, ask, print })
  const subject = `bundle-${bundle.slice(0, 12)}`
  const reason = words('versionReason', { bundle: bundle.slice(0, 12) })
  const what = words('version', { bundle })
  await decide({ action: { kind: 'activateBundle', bundle }, subject, words: what, reason, fromHeight }, institutions)
  print(fromHeight === null ? words('rulesNext') : words('rulesFrom', { height: fromHeight }))
}

function requireEverywhere(home: string, { nodes }: Manifest, bundle: string): void {
  const folderOf = (node: string) => nodeBundles(home, node)
  const lacking = nodes.filter(({ name }) => new FolderBundleStore(folderOf(name)).text(bundle) === undefined)
  const [first] = lacking
  if (!first) return
  const who = lacking.map(({ name }) => name).join(', ')
  throw new CommandFailure(words('bundleLacking', { bundle, who, folder: folderOf(first.name) }), 2)
}
