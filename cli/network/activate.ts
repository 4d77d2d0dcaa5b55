import { FolderBundleStore } from '#ledger-adapter/application/bundle/store'
import type { Say } from '#engines/say'
import type { Ask } from '#node/keys/person'
import { CommandFailure } from '../failure.ts'
import { decide } from './decide.ts'
import { nodeBundles, readManifest, type Manifest } from './manifest.ts'
import { institutionsOf } from './vote.ts'

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
  const reason = `every node has version ${bundle.slice(0, 12)}`
  const words = `version ${bundle} of the contracts`
  await decide({ action: { kind: 'activateBundle', bundle }, subject, words, reason, fromHeight }, institutions)
  print(fromHeight === null ? 'it rules from the next block on' : `it rules from height ${fromHeight} on`)
}

function requireEverywhere(home: string, { nodes }: Manifest, bundle: string): void {
  const folderOf = (node: string) => nodeBundles(home, node)
  const lacking = nodes.filter(({ name }) => new FolderBundleStore(folderOf(name)).text(bundle) === undefined)
  const [first] = lacking
  if (!first) return
  const who = lacking.map(({ name }) => name).join(', ')
  const how = `\`sluice bundle add FILE --store ${folderOf(first.name)}\``
  throw new CommandFailure(`no bundle ${bundle} at ${who}; ${how} puts it there`, 2)
}
