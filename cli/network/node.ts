// One organisation's process: its ledger, and unless it serves the ledger alone its API and the workers of the
// organisations that it hosts.
import { createServer } from 'node:http'
import { join } from 'node:path'
import { checkout } from '#engines/paths'
import { onShutdown } from '#engines/process'
import { messageOf, type Say } from '#engines/say'
import { nodeNamed, readManifest, type NetworkNode } from './manifest.ts'
import { openNodeLedger } from './node-ledger.ts'
import type { NodeCommand } from './supervisor.ts'

export interface NodeRun {
  readonly home: string
  readonly node: string
  readonly databaseUrl: string
  /** Heights between two snapshots of its state, for nodes that join. */
  readonly snapshotEvery?: number
  readonly say: Say
}

/** What of a node's run concerns its ledger. */
export const ledgerOptions = ({ home, node, databaseUrl, snapshotEvery, say }: NodeRun) => ({
  home,
  node,
  databaseUrl,
  say,
  ...(snapshotEvery === undefined ? {} : { snapshots: { every: snapshotEvery } }),
  onProblem: (where: string, error: unknown): void => say(`${where}: ${messageOf(error)}`),
})

/** `sluice network node --ledger-only`: executes and keeps what the network agrees on, and answers GET /v1/head. */
export async function runLedgerOnly(run: NodeRun): Promise<never> {
  const { ports } = nodeNamed(await readManifest(run.home), run.node)
  const ledger = await openNodeLedger(ledgerOptions(run))
  const server = createServer((_request, response) => {
    ledger.head().then(
      (head) => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(head)),
      (error: unknown) => response.writeHead(503).end(messageOf(error)),
    )
  })
  server.listen(ports.http, '127.0.0.1')
  onShutdown('the ledger', async () => {
    server.closeAllConnections()
    server.close()
    await ledger.close()
  })
  return new Promise(() => undefined)
}

/** Starts `sluice network node` as this process was started: the same flags, the same entry. */
export function nodeCommand(home: string, args: readonly string[], env: NodeJS.ProcessEnv) {
  return ({ name }: NetworkNode, databaseUrl: string): NodeCommand => ({
    command: process.execPath,
    args: [
      ...process.execArgv,
      process.argv[1] ?? join(checkout, 'cli/main.ts'),
      ...['network', 'node', '--home', home, '--node', name, ...args],
    ],
    cwd: checkout,
    env: { ...process.env, ...env, DATABASE_URL: databaseUrl },
  })
}

export const ledgerOnlyCommand = (home: string) => nodeCommand(home, ['--ledger-only'], {})
