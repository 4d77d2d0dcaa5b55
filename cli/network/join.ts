import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cometKey } from '#engines/cometbft/keys'
import type { Say } from '#engines/say'
import { CommandFailure } from '../failure.ts'
import { copyBundles } from './bundles.ts'
import { writeCometHome, writeConfigs } from './create.ts'
import { changeManifest, cometHome, portsFor, readManifest, type Manifest, type NetworkNode } from './manifest.ts'
import { findState } from './sync.ts'
import { words } from './words/index.ts'

export interface JoinOptions {
  /** Execute every block from the first, whatever the others have. */
  readonly replay?: boolean
  /** Told by what it comes to the present state, and whom it trusts for that. */
  readonly say?: Say
}

/**
 * Gives an organisation that another one hosted a node of its own. It takes the present state from the others where one
 * of them has a snapshot of it, and then their history; or executes every block from the first. From then on it follows:
 * keeps its own record and proves from it, and has no vote (the regulator's case) until governance gives its key one.
 * Asked again it changes nothing. A network that runs takes it up within seconds.
 * @throws CommandFailure when there is no such organisation, or two nodes have different headers at one height
 */
export async function joinNetwork(
  home: string,
  organisation: string,
  { replay = false, say = () => undefined }: JoinOptions = {},
): Promise<{ manifest: Manifest; node: NetworkNode; made: boolean }> {
  const before = await readManifest(home)
  const there = before.nodes.find(({ name }) => name === organisation)
  const served = before.organisations.find(({ id }) => id === organisation)
  if (served) copyBundles(home, before, served.node, organisation)
  if (there) return { manifest: before, node: there, made: false }
  if (!served)
    throw new CommandFailure(words('noOrganisation', { organisation, there: before.organisations.map(({ id }) => id).join(', ') }), 2) // prettier-ignore
  const sync = replay ? undefined : await syncOf(home, before, organisation, say)
  const [ports] = await portsFor(1)
  const keys = { node: cometKey(), validator: cometKey() }
  const node: NetworkNode = {
    name: organisation,
    isValidator: false,
    peerId: keys.node.id,
    publicKey: keys.validator.publicKey,
    ports: ports!,
    ...(sync === undefined ? {} : { sync }),
  }
  const genesis = await readFile(join(cometHome(home, before.nodes[0]!.name), 'config', 'genesis.json'), 'utf8')
  await writeCometHome(home, node, keys, genesis)
  const joined = (now: Manifest): Manifest => ({
    ...now,
    nodes: [...now.nodes, node],
    organisations: now.organisations.map((each) => (each.id === organisation ? { ...each, node: organisation } : each)),
  })
  await writeConfigs(home, joined(before))
  const manifest = await changeManifest(home, joined) // last: a run that was cut short begins anew
  return { manifest, node, made: true }
}

/** Undefined: it executes every block. Null: it is decided when the node starts, as none of the others can be asked. */
async function syncOf(home: string, before: Manifest, organisation: string, say: Say): Promise<NetworkNode['sync']> {
  say(words('asksForState', { nodes: before.nodes.map(({ name }) => name).join(', ') }))
  const found = await findState(home, before, organisation)
  if (found.sync) {
    say(words('trusts', { what: found.words }))
    say(words('takesState'))
    return found.sync
  }
  say(words(found.isAnswered ? 'executesAll' : 'asksAgain', { why: found.words }))
  return found.isAnswered ? undefined : null
}
