import { mkdir } from 'node:fs/promises'
import { onShutdown } from '#engines/process'
import { sleep, type Say } from '#engines/say'
import { CommandFailure } from '../failure.ts'
import { startEngines } from '../stack/stack.ts'
import { readManifest } from './manifest.ts'
import { nodeCommand } from './node.ts'
import { openNetwork } from './run.ts'
import { isHealthy, networkStatus, statusLine, type NodeStatus } from './status.ts'

const LOOK_EVERY_MS = 2_000
const SAY_EVERY_MS = 60_000

/** `sluice network up`: engines, nodes and validators until Ctrl-C; a process that ends is started again. */
export async function runNetwork(options: { home: string; print: Say; say: Say }): Promise<never> {
  const { home, print, say } = options
  const { chainId } = await readManifest(home) // says so before anything is started
  await mkdir(home, { recursive: true })
  const engines = await startEngines(home, say)
  const { address, namespace } = engines.temporal
  const commandOf = nodeCommand(home, [], { TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace })
  const network = await openNetwork({ home, postgres: engines.postgres, say, commandOf })
  onShutdown('the network', () => network.stop())
  const engineEnded = Promise.race([
    engines.postgres.ended.then((words) => `Postgres has ended: ${words}`),
    engines.temporal.ended.then((words) => `Temporal has ended: ${words}`),
  ])
  await network.start()
  print(`${chainId}: ${network.nodes.length} validators, ${engines.postgres.description}`)
  for (const { name, ports } of network.manifest.nodes)
    print(`  ${name.padEnd(20)}  API http://127.0.0.1:${ports.http}`)
  print('Ctrl-C stops everything; the next start takes it up where it stood.')
  const failure = await Promise.race([engineEnded, watch(network.manifest, print)])
  throw new CommandFailure(
    `${failure}\nStart again with \`sluice network up --home ${home}\`; nothing acknowledged is lost.`,
  )
}

/** A line for each node when its health changes, and from time to time. */
async function watch(manifest: Parameters<typeof networkStatus>[0], print: Say): Promise<never> {
  let said = ''
  let saidAt = 0
  for (;;) {
    const all = await networkStatus(manifest)
    const health = JSON.stringify(all.map((each) => healthOf(each, all.length)))
    if (health !== said || Date.now() - saidAt > SAY_EVERY_MS) {
      for (const each of all) print(`${new Date().toISOString().slice(11, 19)}  ${statusLine(each)}`)
      said = health
      saidAt = Date.now()
    }
    await sleep(LOOK_EVERY_MS)
  }
}

const healthOf = (status: NodeStatus, nodes: number) => [isHealthy(status, nodes), status.comet?.peers]
