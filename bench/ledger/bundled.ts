import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { GenesisDocument } from '#contracts/genesis'
import { testGenesis } from '#contracts/testing/consortium'
import { removeFolder } from '#engines/sweep'
import { buildBundle } from '#ledger-adapter/application/bundle/build-bundle'
import { FolderBundleStore } from '#ledger-adapter/application/bundle/store'
import { ContractVersions } from '#ledger-adapter/application/bundle/versions'
import { EmbeddedLedger } from '#ledger-adapter/embedded/embedded-ledger'
import { testLedgerOptions } from '#ledger-adapter/testing/fixture'
import type { Figures } from '../report.ts'
import { rate, ROUNDS, type Rate } from './calls.ts'
import { IN_AND_OUT, KEYS } from './scale.ts'
import { SplitWorld, trustOf } from './world.ts'

const BUNDLED_KEYS = Math.floor(KEYS / 10)
const CALLS = Math.min(8_000, Math.floor(BUNDLED_KEYS / 4))

/**
 * The same calls decided by a bundle of the contracts in its sandbox, as on a ledger whose genesis names one: with a tenth
 * of the keys, hence compared with the node's own sources at that size.
 */
export async function measureBundled(databaseUrl: string, sources: Rate, report: Figures): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-bench-bundle-'))
  try {
    const { text } = await buildBundle()
    const store = new FolderBundleStore(folder)
    const bundle = store.put(text)
    const governance: GenesisDocument['governance'] = { ...testGenesis().governance, bundle }
    const registry = new ContractVersions({ store, genesisBundle: bundle })
    const options = { ...testLedgerOptions(databaseUrl, { governance }), registry }
    const ledger = await EmbeddedLedger.open(options)
    try {
      const trust = trustOf(options, ledger.chainId)
      const world = new SplitWorld(ledger)
      await world.fill(BUNDLED_KEYS)
      await rate(ledger, world, trust, Math.floor(CALLS / ROUNDS / 2)) // the code is warm
      const { perSecond, cpuMicros } = await rate(ledger, world, trust, Math.floor(CALLS / ROUNDS))
      const what = `receivable split decided by a bundle in its sandbox, ${ledger.stateSize.keys} keys in the state: ${IN_AND_OUT}; of 1% the receipt proved within the time and verified afterwards; ${cpuMicros.toFixed(0)} µs of this process's CPU a call`
      const ratio = { ratio: perSecond / sources.perSecond, to: "calls/s by the node's own sources at that many keys" }
      report.add({ id: 'ledger.calls.embedded.bundle', what, value: perSecond, unit: 'calls/s', goal: '—', ...ratio })
    } finally {
      await ledger.close()
    }
  } finally {
    await removeFolder(folder)
  }
}
