import { join } from 'node:path'
import { claim, type Claim } from '#engines/claim'
import { findCometbft } from '#engines/cometbft'
import { isAskable, isFree } from '#engines/ports'
import type { PostgresEngine } from '#engines/postgres'
import type { Say } from '#engines/say'
import { writeConfigs } from './create.ts'
import { changeManifest, databaseOf, portsFor, readManifest, type Manifest, type NetworkNode } from './manifest.ts'
import { NodeProcesses, type NodeCommand } from './supervisor.ts'
import { prepareSync } from './sync.ts'
import { settleKeys } from './validator-key.ts'
import { words } from './words/index.ts'

export interface RunOptions {
  readonly home: string
  readonly postgres: Pick<PostgresEngine, 'createDatabase'>
  readonly say: Say
  /** How the process of a node is started. */
  readonly commandOf: (node: NetworkNode, databaseUrl: string) => NodeCommand
  /** The node whose application this very process is (the demonstration); it must listen before `start`. */
  readonly hosted?: string
  /** Start again what ends by itself; yes unless a test says otherwise. */
  readonly restarts?: boolean
  /** Addresses by which a node is told to find the others, after ports are settled. */
  readonly peersOf?: (manifest: Manifest, node: NetworkNode) => Promise<readonly string[] | undefined>
}

/** The processes of a network, claimed by this process. */
export interface NetworkProcesses {
  /** As it was read last. */
  readonly manifest: Manifest
  readonly nodes: readonly NodeProcesses[]
  /** By name. */
  node(name: string): NodeProcesses
  /** Starts every node, and waits until each CometBFT answers. */
  start(): Promise<void>
  /** Starts the nodes that `join` has added to the manifest since; answers them. */
  takeUp(): Promise<readonly NodeProcesses[]>
  /** Lets each validator vote with the key that governance rotated it to, once consensus counts that one. */
  settleKeys(): Promise<void>
  databaseUrl(node: string): Promise<string>
  /** Stops them all and lets go of the folder. */
  stop(): Promise<void>
}

/**
 * Claims the network's folder (what a kill -9 left running is stopped first) and prepares its processes; a port that
 * somebody has taken meanwhile is replaced, which is why configuration is written at every start.
 * @throws ClaimHeldError when it runs already; BinaryNotFoundError when there is no CometBFT
 */
export async function openNetwork(options: RunOptions): Promise<NetworkProcesses> {
  const { home, say } = options
  await readManifest(home) // before anything is started
  const { path: program } = await findCometbft({ say })
  const held = await claim(join(home, 'claim.json'), 'a network')
  try {
    let manifest = await withFreePorts(home, await readManifest(home), say)
    await writeConfigs(home, manifest)
    const prepared = (node: NetworkNode) => prepare(node, manifest, { ...options, program, held })
    const nodes = await Promise.all(manifest.nodes.map(prepared))
    const find = (name: string) => nodes.find((each) => each.name === name)
    return {
      get manifest() {
        return manifest
      },
      nodes,
      node: (name) => find(name)!,
      takeUp: async () => {
        manifest = await readManifest(home)
        const added = await Promise.all(manifest.nodes.filter(({ name }) => !find(name)).map(prepared))
        nodes.push(...added)
        await startAll(added)
        return added
      },
      settleKeys: () => settleKeys(home, nodes, say),
      databaseUrl: (name) => options.postgres.createDatabase(databaseOf(manifest, name)),
      start: async () => {
        // Those that may take the state of the others need these to be there.
        const joined = new Set(manifest.nodes.filter(({ sync }) => sync !== undefined).map(({ name }) => name))
        for (const isJoined of [false, true]) await startAll(nodes.filter(({ name }) => joined.has(name) === isJoined))
      },
      stop: async () => {
        await Promise.all(nodes.map((each) => each.stop()))
        held.release()
      },
    }
  } catch (error) {
    held.release()
    throw error
  }
}

async function startAll(nodes: readonly NodeProcesses[]): Promise<void> {
  await Promise.all(nodes.map((each) => each.start()))
  await Promise.all(nodes.map((each) => each.ready()))
}

async function prepare(
  node: NetworkNode,
  manifest: Manifest,
  options: RunOptions & { program: string; held: Claim },
): Promise<NodeProcesses> {
  const { home, postgres, commandOf, restarts = true, peersOf, program, held, say } = options
  const peers = await peersOf?.(manifest, node)
  const isHosted = options.hosted === node.name
  const databaseUrl = isHosted ? undefined : await postgres.createDatabase(databaseOf(manifest, node.name))
  return new NodeProcesses({
    home,
    node,
    program,
    claim: held,
    application: databaseUrl === undefined ? undefined : commandOf(node, databaseUrl),
    restarts,
    say,
    ...(databaseUrl === undefined || node.sync === undefined
      ? {}
      : { prepare: () => prepareSync({ home, node: node.name, databaseUrl, say }) }),
    ...(peers ? { peers } : {}),
  })
}

async function withFreePorts(home: string, manifest: Manifest, say: Say): Promise<Manifest> {
  const all = manifest.nodes.flatMap(({ ports }) => Object.values(ports))
  const taken: number[] = []
  for (const port of all) if (!(await isFree(port))) taken.push(port)
  if (taken.length === 0) return manifest
  const tell = (why: 'portsTaken' | 'portsBlocked', ports: readonly number[]) => {
    if (ports.length > 0) say(words(why, { ports: ports.join(', ') }))
  }
  tell('portsTaken', taken.filter(isAskable))
  tell(
    'portsBlocked',
    taken.filter((port) => !isAskable(port)),
  )
  const ports = new Map<string, NetworkNode['ports']>()
  const fresh = await portsFor(manifest.nodes.length)
  for (const [index, { name }] of manifest.nodes.entries()) ports.set(name, fresh[index]!)
  const moved = (node: NetworkNode) => ({ ...node, ports: ports.get(node.name) ?? node.ports })
  return changeManifest(home, (now) => ({ ...now, nodes: now.nodes.map(moved) }))
}
