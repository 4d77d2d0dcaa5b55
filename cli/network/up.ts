import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { onShutdown } from '#engines/process'
import { sleep, type Say } from '#engines/say'
import { bundleWorkflowsTo } from '#workflows/bundle'
import { CommandFailure } from '../failure.ts'
import { spoken } from '../language.ts'
import { startEngines } from '../stack/stack.ts'
import { apiOf, readManifest, type Manifest } from './manifest.ts'
import { nodeCommand, WORKFLOWS } from './node.ts'
import { openNetwork, type NetworkProcesses } from './run.ts'
import { isHealthy, networkStatus, statusLine, type NodeStatus } from './status.ts'
import type { NodeProcesses } from './supervisor.ts'
import { words } from './words/index.ts'

const LOOK_EVERY_MS = 2_000
const SAY_EVERY_MS = 60_000
const API_WITHIN_MS = 180_000

/** `sluice network up`: engines, nodes and validators until Ctrl-C; a process that ends is started again. */
export async function runNetwork(options: {
  readonly home: string
  /** Heights between two snapshots of each node's state. */
  readonly snapshotEvery?: number
  /** Seconds that each node waits for a block before it says that a command's fate is unknown. */
  readonly patience?: number
  readonly print: Say
  readonly say: Say
}): Promise<never> {
  const { home, snapshotEvery, patience, print, say } = options
  const { chainId } = await readManifest(home) // says so before anything is started
  await mkdir(home, { recursive: true })
  // Once for all nodes, and for each of their starts.
  const [engines, { codePath }] = await Promise.all([
    startEngines(home, say),
    bundleWorkflowsTo(join(home, 'workflows.js')),
  ])
  const { address, namespace } = engines.temporal
  const flags = [
    ...['--lang', spoken()],
    ...(snapshotEvery === undefined ? [] : ['--snapshot-every', String(snapshotEvery)]),
    ...(patience === undefined ? [] : ['--patience', String(patience)]),
  ]
  const commandOf = nodeCommand(home, flags, {
    TEMPORAL_ADDRESS: address,
    TEMPORAL_NAMESPACE: namespace,
    [WORKFLOWS]: codePath,
  })
  const network = await openNetwork({ home, postgres: engines.postgres, say, commandOf })
  onShutdown('the network', () => network.stop())
  const engineEnded = Promise.race([
    engines.postgres.ended.then((last) => words('engineEnded', { engine: 'Postgres', words: last })),
    engines.temporal.ended.then((last) => words('engineEnded', { engine: 'Temporal', words: last })),
  ])
  await network.start()
  await untilApisAnswer(network)
  const joining = new Joining(network, print)
  const silent = new Set((await networkStatus(network.manifest)).filter(({ api }) => !api).map(({ name }) => name))
  joining.expect(network.nodes.filter(({ name }) => silent.has(name)))
  const votes = network.manifest.nodes.filter(({ isValidator }) => isValidator).length
  print(words('up', { chainId, nodes: network.nodes.length, votes, postgres: engines.postgres.description }))
  for (const node of network.manifest.nodes) print(`  ${node.name.padEnd(20)}  API ${apiOf(node)}`)
  print(words('howToStop'))
  const failure = await Promise.race([engineEnded, watch(network, joining, home, print)])
  throw new CommandFailure(words('startAgain', { failure, home }))
}

/** A line for each node when its health changes, and from time to time. */
async function watch(network: NetworkProcesses, joining: Joining, home: string, print: Say): Promise<never> {
  let said = ''
  let saidAt = 0
  for (;;) {
    await takeUp(network, joining, home)
    await network.settleKeys()
    await joining.look()
    const all = await networkStatus(network.manifest)
    const health = JSON.stringify(all.map((each) => healthOf(each, all.length)))
    if (health !== said || Date.now() - saidAt > SAY_EVERY_MS) {
      for (const each of all) print(`${new Date().toISOString().slice(11, 19)}  ${statusLine(each)}`)
      said = health
      saidAt = Date.now()
    }
    await sleep(LOOK_EVERY_MS)
  }
}

/**
 * Nodes that `sluice network join` has made meanwhile, and organisations that `admit` has given a host: whoever serves
 * others than before starts again, and lets go of who leaves before that one's own node starts.
 */
async function takeUp(network: NetworkProcesses, joining: Joining, home: string): Promise<void> {
  const [before, now] = [network.manifest, await readManifest(home)]
  const changed = before.nodes.filter(({ name }) => servedBy(before, name) !== servedBy(now, name))
  if (changed.length === 0 && now.nodes.length === before.nodes.length) return
  for (const { name } of changed) await network.node(name).restart()
  joining.expect(await network.takeUp())
  const known = new Set(before.organisations.map(({ id }) => id))
  for (const { id, node } of now.organisations)
    if (!known.has(id) && id !== node) joining.expectHost(network.node(node), id)
}

const servedBy = ({ organisations }: Manifest, node: string): string =>
  organisations.flatMap((each) => (each.node === node ? [each.id] : [])).join()

/**
 * Nodes that were made while the network ran: what they say, until they serve; and organisations that were given a host.
 * It may take long, and stops nobody.
 */
class Joining {
  private readonly nodes = new Map<NodeProcesses, string>()
  private readonly admitted = new Map<string, NodeProcesses>()
  constructor(
    private readonly network: NetworkProcesses,
    private readonly print: Say,
  ) {}

  expect(nodes: readonly NodeProcesses[]): void {
    for (const node of nodes) this.nodes.set(node, '')
  }

  expectHost(host: NodeProcesses, organisation: string): void {
    this.admitted.set(organisation, host)
  }

  async look(): Promise<void> {
    if (this.nodes.size + this.admitted.size === 0) return
    const all = await networkStatus(this.network.manifest)
    const statusOf = (node: NodeProcesses) => all.find(({ name }) => name === node.name)
    const serves = (node: NodeProcesses): boolean => statusOf(node)?.api === true
    for (const [organisation, host] of this.admitted) {
      if (!serves(host)) continue
      this.admitted.delete(organisation)
      this.print(`  ${organisation.padEnd(20)}  ${words('servedAdmitted', { host: host.name })}`)
    }
    // One that executes every block from the first answers long before it knows what the others do.
    const isPresent = (node: NodeProcesses): boolean => statusOf(node)?.comet?.catchingUp === false
    for (const [node, said] of this.nodes) {
      if (serves(node) && isPresent(node)) {
        this.nodes.delete(node)
        this.print(`  ${node.name.padEnd(20)}  ${words('apiJoined', { url: node.api })}`)
        continue
      }
      const last = node.application?.tail(1) ?? ''
      if (last !== said) this.print(`  ${node.name.padEnd(20)}  ${last}`)
      this.nodes.set(node, last)
    }
  }
}

/**
 * A node's API is the last part of it that is ready: after its ledger, its read models and its workers. One that takes
 * its history from the others is not waited for: that takes as long as there is history.
 */
async function untilApisAnswer({ manifest, nodes }: NetworkProcesses): Promise<void> {
  const joined = new Set(manifest.nodes.filter(({ sync }) => sync !== undefined).map(({ name }) => name))
  for (const until = Date.now() + API_WITHIN_MS; ; await sleep(250)) {
    const all = (await networkStatus(manifest)).filter(({ name }) => !joined.has(name))
    const silent = all.filter(({ api }) => !api).map(({ name }) => name)
    if (silent.length === 0) return
    if (Date.now() < until) continue
    const last = nodes.filter(({ name }) => silent.includes(name)).map((node) => node.application?.tail(4) ?? '')
    throw new CommandFailure(words('apisSilent', { nodes: silent.join(', '), tail: last.join('\n') }))
  }
}

const healthOf = (status: NodeStatus, nodes: number) => [isHealthy(status, nodes), status.comet?.peers]
