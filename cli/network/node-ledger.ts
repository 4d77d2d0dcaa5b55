import { genesisEvents, type GenesisDocument } from '#contracts/genesis'
import type { VersionResolver } from '#contracts/kernel/execute'
import { callerOf } from '#contracts/membership/caller'
import type { Say } from '#engines/say'
import type { ContractVersions } from '#ledger-adapter/application/bundle/versions'
import { contractRules } from '#ledger-adapter/application/contract-rules'
import { CometbftLedger } from '#ledger-adapter/cometbft/cometbft-ledger'
import type { CometbftLedgerOptions } from '#ledger-adapter/cometbft/ledger-options'
import { FolderBundleStore } from '#ledger-adapter/application/bundle/store'
import type { HistorySource } from '#node/history/source'
import type { JsonObject } from '#proof/json'
import { predecessorOf } from '#proof/predecessor'
import { nodeVersions } from '../stack/bundles.ts'
import { logDefect } from '../stack/log-defect.ts'
import { exportLines, exportRules } from '../verify/export-file.ts'
import { untilJoined } from './history.ts'
import { historyFile, nodeBundles, nodeNamed, readGenesis, readManifest, rpcOf } from './manifest.ts'
import { socketToListenOn } from './socket.ts'

export interface NodeLedgerOptions {
  readonly home: string
  /** Of the network's nodes, this one. */
  readonly node: string
  readonly databaseUrl: string
  /** The contracts; `networkVersions` unless a test says otherwise. */
  readonly registry?: VersionResolver
  readonly onProblem: (where: string, error: unknown) => void
  /** The ledger cannot go on: the process should end, so that it is started again. */
  readonly onFailed: (why: Error) => void
  readonly onMisbehaviour?: CometbftLedgerOptions['onMisbehaviour']
  readonly snapshots?: CometbftLedgerOptions['snapshots']
  /** After so long without a block a command's fate is told to be unknown; the driver's own bound by default. */
  readonly patienceMs?: number
  /** Told how far a node is that joins. */
  readonly say?: Say
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

/** What the nodes of other members fetch; who runs one is asked of the network as it is then. */
export const historyFor = (home: string, ledger: CometbftLedger): HistorySource => ({
  history: (range) => ledger.history(range),
  isFor: async (member) => (await readManifest(home)).nodes.some(({ name }) => name === member),
})

/**
 * Opens one node's ledger on the socket where its CometBFT looks for it. Commands that its own CometBFT does not take in
 * time go through the others. Of a node that joins, it is open when its history is complete.
 */
export async function openNodeLedger(options: NodeLedgerOptions): Promise<CometbftLedger> {
  const { home, databaseUrl, onProblem, registry = await networkVersions(home, options.node) } = options
  const manifest = await readManifest(home)
  const node = nodeNamed(manifest, options.node)
  const document = await readGenesis(home)
  const others = manifest.nodes.filter(({ name }) => name !== node.name).map(rpcOf)
  const eventsOf = (genesis: JsonObject) => genesisEvents(genesis as unknown as GenesisDocument)
  const ledger = await CometbftLedger.open({
    databaseUrl,
    genesis: { document, events: eventsOf(document) },
    ...(predecessorOf(document) && { history: historyOf(home, node.name) }),
    registry,
    callerOf,
    listen: { path: socketToListenOn(home, node.name) },
    rpc: [rpcOf(node), ...others],
    ...(options.snapshots && { snapshots: options.snapshots }),
    ...(options.patienceMs !== undefined && { limits: { patienceMs: options.patienceMs } }),
    lockPatienceMs: 30_000, // the session of a process that was killed a moment ago
    onFailed: options.onFailed,
    ...(options.onMisbehaviour && { onMisbehaviour: options.onMisbehaviour }),
    onDefect: logDefect(onProblem),
    onProblem: ({ kind, request, error }) => onProblem(`${kind} ${request ?? ''}`.trim(), error),
  })
  const rules = contractRules(registry, callerOf, eventsOf)
  await untilJoined({ ledger, home, manifest, node, rules, say: options.say ?? (() => undefined) })
  return ledger
}
