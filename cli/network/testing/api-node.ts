// An organisation's node with its ledger and its API, and without workers, as a process that a test starts and kills:
// NETWORK_HOME and NETWORK_NODE name it, DATABASE_URL its database, SNAPSHOTS the sizes of its snapshots as JSON.
import { messageOf } from '#engines/say'
import type { SnapshotOptions } from '#ledger-adapter/cometbft/snapshots'
import { createNodeApp } from '#services/app'
import { nodeNamed, readManifest } from '../manifest.ts'
import { historyFor, networkVersions, openNodeLedger } from '../node-ledger.ts'

const { NETWORK_HOME: home = '', NETWORK_NODE: node = '', DATABASE_URL: databaseUrl = '', SNAPSHOTS = '{}' } = process.env // prettier-ignore
const { ports } = nodeNamed(await readManifest(home), node)
const versions = await networkVersions(home, node)
const ledger = await openNodeLedger({
  home,
  node,
  databaseUrl,
  registry: versions,
  snapshots: JSON.parse(SNAPSHOTS) as SnapshotOptions,
  onProblem: (where, error) => console.error(`${where}: ${messageOf(error)}`),
  onFailed: () => process.exit(1),
  say: (text) => console.error(text),
})
const app = await createNodeApp({
  ledger,
  databaseUrl,
  history: historyFor(home, ledger),
  workflows: { start: () => Promise.reject(new Error('no workflows here')), hint: () => Promise.resolve() },
  descriptionOf: (bundle) => versions.description(bundle),
  onError: (where, error) => console.error(`${where}: ${messageOf(error)}`),
})
await app.app.listen({ host: '127.0.0.1', port: ports.http })
process.once('SIGTERM', () => {
  void app
    .close()
    .then(() => ledger.close())
    .then(() => process.exit(0))
})
