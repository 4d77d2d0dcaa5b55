// One organisation's process: its ledger, and unless it serves the ledger alone its API and the workers of the
// organisations that it hosts.
import { createServer } from 'node:http'
import { checkout } from '#engines/paths'
import { program } from '#engines/program'
import { onShutdown } from '#engines/process'
import { messageOf, type Say } from '#engines/say'
import { CommandFailure } from '../failure.ts'
import { nodeNamed, readManifest, type NetworkNode } from './manifest.ts'
import { openNodeLedger } from './node-ledger.ts'
import type { NodeCommand } from './supervisor.ts'
import { words } from './words/index.ts'

/** Names to a node's process the file of the workflows' code; without it the node bundles its own. */
export const WORKFLOWS = 'SLUICE_WORKFLOWS'

export interface NodeRun {
  readonly home: string
  readonly node: string
  readonly databaseUrl: string
  /** Heights between two snapshots of its state, for nodes that join. */
  readonly snapshotEvery?: number
  /** After so long without a block it answers that a command's fate is unknown. */
  readonly patienceMs?: number
  readonly say: Say
}

/** What of a node's run concerns its ledger. */
export const ledgerOptions = ({ home, node, databaseUrl, snapshotEvery, patienceMs, say }: NodeRun) => ({
  home,
  node,
  databaseUrl,
  say,
  ...(snapshotEvery === undefined ? {} : { snapshots: { every: snapshotEvery } }),
  ...(patienceMs === undefined ? {} : { patienceMs }),
  onProblem: (where: string, error: unknown): void => say(`${where}: ${messageOf(error)}`),
})

/** Stopping in good order may wait for what does not come any more. */
const STOP_WITHIN_MS = 15_000

/**
 * How a node's process ends with its ledger, saying why, so that whoever watches over it starts it again with its
 * CometBFT: `onFailed` is told by the ledger, and what the process does is raced against `failed`, which then throws.
 */
export function untilFailed(): { readonly onFailed: (why: Error) => void; readonly failed: Promise<never> } {
  let onFailed: (why: Error) => void = () => undefined
  const failed = new Promise<never>((_resolve, reject) => {
    onFailed = (why) => {
      reject(new CommandFailure(words('ledgerFailed', { problem: why.message }), 1, { cause: why }))
      setTimeout(() => process.exit(1), STOP_WITHIN_MS).unref()
    }
  })
  failed.catch(() => undefined) // told to whoever waits for it, now or later
  return { onFailed, failed }
}

/** `sluice network node --ledger-only`: executes and keeps what the network agrees on, and answers GET /v1/head. */
export async function runLedgerOnly(run: NodeRun): Promise<never> {
  const { ports } = nodeNamed(await readManifest(run.home), run.node)
  const { onFailed, failed } = untilFailed()
  const ledger = await openNodeLedger({ ...ledgerOptions(run), onFailed })
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
  return failed
}

/** Starts `sluice network node` with the flags of this process. */
export function nodeCommand(home: string, args: readonly string[], env: NodeJS.ProcessEnv) {
  return ({ name }: NetworkNode, databaseUrl: string): NodeCommand => ({
    command: process.execPath,
    args: [
      ...process.execArgv,
      program('cli/main.ts'),
      ...['network', 'node', '--home', home, '--node', name, ...args],
    ],
    cwd: checkout,
    env: { ...process.env, ...env, DATABASE_URL: databaseUrl },
  })
}

export const ledgerOnlyCommand = (home: string) => nodeCommand(home, ['--ledger-only'], {})
