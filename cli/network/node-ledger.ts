import { genesisEvents, type GenesisDocument } from '#contracts/genesis'
import type { VersionResolver } from '#contracts/kernel/execute'
import { callerOf } from '#contracts/membership/caller'
import { registry as allContracts } from '#contracts/registry'
import { CometbftLedger } from '#ledger-adapter/cometbft/cometbft-ledger'
import { nodeNamed, readGenesis, readManifest } from './manifest.ts'

export interface NodeLedgerOptions {
  readonly home: string
  /** Of the network's nodes, this one. */
  readonly node: string
  readonly databaseUrl: string
  /** The contracts; all of them unless a test says otherwise. */
  readonly registry?: VersionResolver
  readonly onProblem: (where: string, error: unknown) => void
}

/**
 * Opens one node's ledger on the port where its CometBFT looks for it. Commands that its own CometBFT does not take in
 * time go through the others.
 */
export async function openNodeLedger(options: NodeLedgerOptions): Promise<CometbftLedger> {
  const { home, databaseUrl, onProblem, registry = allContracts } = options
  const manifest = await readManifest(home)
  const node = nodeNamed(manifest, options.node)
  const document = await readGenesis(home)
  const own = `http://127.0.0.1:${node.ports.rpc}`
  const others = manifest.nodes
    .filter(({ name }) => name !== node.name)
    .map(({ ports }) => `http://127.0.0.1:${ports.rpc}`)
  return CometbftLedger.open({
    databaseUrl,
    genesis: { document, events: genesisEvents(document as unknown as GenesisDocument) },
    registry,
    callerOf,
    listen: { port: node.ports.abci },
    rpc: [own, ...others],
    lockPatienceMs: 30_000, // the session of a process that was killed a moment ago
    onProblem: ({ kind, request, error }) => onProblem(`${kind} ${request ?? ''}`.trim(), error),
  })
}
