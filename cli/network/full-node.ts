import { createHmac } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { onShutdown } from '#engines/process'
import { messageOf } from '#engines/say'
import { misbehaviourReporter } from '#node/misbehaviour/reporter'
import { openKeyring } from '#node/keys/keyring'
import { organisationWorker } from '../stack/organisation-worker.ts'
import { startStack } from '../stack/stack.ts'
import { trustOf } from '../verify/trust.ts'
import { hostedOrganisation } from '../stack/hosted.ts'
import { passphraseOf } from './as-operator.ts'
import { cometHome, databaseOf, keysFolder, nodeBundles, nodeFolder, nodeNamed, readManifest } from './manifest.ts'
import { ledgerOptions, untilFailed, WORKFLOWS, type NodeRun } from './node.ts'
import { historyFor, networkVersions, openNodeLedger } from './node-ledger.ts'
import { join } from 'node:path'

/** `sluice network node`: ledger, API, and a worker for each organisation that this node serves. */
export async function runNode(run: NodeRun): Promise<never> {
  const { home, node: name, databaseUrl, say } = run
  const manifest = await readManifest(home)
  const node = nodeNamed(manifest, name)
  const { TEMPORAL_ADDRESS: address = '', TEMPORAL_NAMESPACE: namespace = 'default' } = process.env
  const { [WORKFLOWS]: codePath } = process.env
  const served = manifest.organisations.filter((each) => each.node === name).map(({ id }) => id)
  const organisations = await Promise.all(
    served.map(async (id) => {
      const passphrase = await passphraseOf(home, id)
      const folder = keysFolder(home, id)
      return hostedOrganisation(await openKeyring(folder, id, passphrase), folder, passphrase)
    }),
  )
  const keyrings = organisations.map(({ keyring }) => keyring)
  const secret = await readFile(join(cometHome(home, name), 'config', 'node_key.json'))
  const { onFailed, failed } = untilFailed()
  const starting = startStack({
    engines: { postgres: { createDatabase: () => Promise.resolve(databaseUrl) }, temporal: { address, namespace } },
    ...(codePath && { bundle: Promise.resolve({ codePath }) }),
    name: databaseOf(manifest, name),
    dataDir: nodeFolder(home, name),
    openLedger: async (url) => {
      const versions = await networkVersions(home, name)
      const onMisbehaviour = misbehaviourReporter(keyrings, (text) => say(text))
      const open = { ...ledgerOptions({ ...run, databaseUrl: url }), registry: versions, onFailed, onMisbehaviour }
      const ledger = await openNodeLedger(open)
      const validators = join(cometHome(home, name), 'config', 'genesis.json')
      const trust = await trustOf({ validators }, 'en')
      const trustArguments = ['--validators', validators, '--bundles', nodeBundles(home, name)]
      return { ledger, versions, trust, trustArguments, history: historyFor(home, ledger), close: () => ledger.close() }
    },
    tokenSecret: createHmac('sha256', secret).update('sluice/tokens/v1').digest(),
    arrivals: () => Promise.resolve([]), // obligors' payments come from a bank, and this machine has none
    organisations,
    workersOf: (parts) => keyrings.map((keyring) => organisationWorker(parts, keyring)),
    port: node.ports.http,
    onFailure: (where, error) => say(`${where}: ${messageOf(error)}`),
  })
  starting.catch(() => undefined) // told by the race
  const stack = await Promise.race([starting, failed])
  onShutdown('the node', () => stack.stop())
  say(`${name} serves ${served.join(', ')} at ${stack.url}`)
  return failed
}
