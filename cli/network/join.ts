import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cometKey } from '#engines/cometbft/keys'
import { CommandFailure } from '../failure.ts'
import { copyBundles } from './bundles.ts'
import { writeCometHome, writeConfigs } from './create.ts'
import { changeManifest, cometHome, portsFor, readManifest, type Manifest, type NetworkNode } from './manifest.ts'

/**
 * Gives an organisation that another one hosted a node of its own. It follows: executes every block from the first,
 * keeps its own record and proves from it, and has no vote (the regulator's case) until governance gives its key one.
 * Asked again it changes nothing. A network that runs takes it up within seconds.
 * @throws CommandFailure when there is no such organisation
 */
export async function joinNetwork(
  home: string,
  organisation: string,
): Promise<{ manifest: Manifest; node: NetworkNode; made: boolean }> {
  const before = await readManifest(home)
  const there = before.nodes.find(({ name }) => name === organisation)
  const served = before.organisations.find(({ id }) => id === organisation)
  if (served) copyBundles(home, before, served.node, organisation)
  if (there) return { manifest: before, node: there, made: false }
  if (!served)
    throw new CommandFailure(`no organisation ${organisation}; there are ${before.organisations.map(({ id }) => id).join(', ')}`, 2) // prettier-ignore
  const [ports] = await portsFor(1)
  const keys = { node: cometKey(), validator: cometKey() }
  const node: NetworkNode = {
    name: organisation,
    isValidator: false,
    peerId: keys.node.id,
    publicKey: keys.validator.publicKey,
    ports: ports!,
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
