import { genesisEvents, type GenesisDocument } from '#contracts/genesis'
import type { VersionResolver } from '#contracts/kernel/execute'
import { callerOf } from '#contracts/membership/caller'
import type { ContractVersions } from '#ledger-adapter/application/bundle/versions'
import { CometbftLedger, type CometbftLedgerOptions } from '#ledger-adapter/cometbft/cometbft-ledger'
import { FolderBundleStore } from '#ledger-adapter/application/bundle/store'
import { predecessorOf } from '#proof/predecessor'
import { nodeVersions } from '../stack/bundles.ts'
import { logDefect } from '../stack/log-defect.ts'
import { exportLines, exportRules } from '../verify/export-file.ts'
import { historyFile, nodeBundles, nodeNamed, readGenesis, readManifest } from './manifest.ts'

export interface NodeLedgerOptions {
  readonly home: string
  /** Of the network's nodes, this one. */
  readonly node: string
  readonly databaseUrl: string
  /** The contracts; `networkVersions` unless a test says otherwise. */
  readonly registry?: VersionResolver
  readonly onProblem: (where: string, error: unknown) => void
  readonly onMisbehaviour?: CometbftLedgerOptions['onMisbehaviour']
}

/** The versions of the contracts that one node runs. */
export async function networkVersions(home: string, node: string): Promise<ContractVersions> {
  const genesis = (await readGenesis(home)) as unknown as GenesisDocument
  return nodeVersions(genesis, nodeBundles(home, node))
}

/** What a network goes on from; read until the node has stored all of it. */
const historyOf = (home: string, node: string) => ({
  lines: () => exportLines(historyFile(home)),
  rules: exportRules(new FolderBundleStore(nodeBundles(home, node))),
})

/**
 * Opens one node's ledger on the port where its CometBFT looks for it. Commands that its own CometBFT does not take in
 * time go through the others.
 */
export async function openNodeLedger(options: NodeLedgerOptions): Promise<CometbftLedger> {
  const { home, databaseUrl, onProblem, registry = await networkVersions(home, options.node) } = options
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
    ...(predecessorOf(document) && { history: historyOf(home, node.name) }),
    registry,
    callerOf,
    listen: { port: node.ports.abci },
    rpc: [own, ...others],
    lockPatienceMs: 30_000, // the session of a process that was killed a moment ago
    ...(options.onMisbehaviour && { onMisbehaviour: options.onMisbehaviour }),
    onDefect: logDefect(onProblem),
    onProblem: ({ kind, request, error }) => onProblem(`${kind} ${request ?? ''}`.trim(), error),
  })
}
