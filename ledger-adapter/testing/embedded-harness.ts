import pg from 'pg'
import { genesisEvents, type GenesisDocument } from '#contracts/genesis'
import { callerOf } from '#contracts/membership/caller'
import { genesisHash } from '#proof/block'
import { verifyExport } from '#proof/verify-export'
import { contractRules } from '../application/contract-rules.ts'
import { nativeChecks } from '../application/verify-native.ts'
import type { Fault, LedgerHarness } from '../conformance/harness.ts'
import { EmbeddedLedger } from '../embedded/embedded-ledger.ts'
import { FlakyProxy } from './flaky-proxy.ts'
import { testLedgerOptions, testOperatorKey, testRegistry } from './fixture.ts'

const LIMITS = { maxBlockCommands: 60, maxBlockBytes: 1 << 20, storePatienceMs: 200, storeTimeoutMs: 1_000 }

/** The embedded driver on a database of its own, behind a wire that a test may cut. */
export async function embeddedHarness(databaseUrl: string): Promise<LedgerHarness> {
  const proxy = await FlakyProxy.before(databaseUrl)
  const options = { ...testLedgerOptions(proxy.url), limits: LIMITS }
  const { document } = options.genesis
  const rules = contractRules(testRegistry, callerOf, (doc) => genesisEvents(doc as unknown as GenesisDocument))
  const opened: EmbeddedLedger[] = []
  const open = async (over: Partial<GenesisDocument> = {}) => {
    const ledger = await EmbeddedLedger.open({ ...testLedgerOptions(proxy.url, over), limits: LIMITS })
    opened.push(ledger)
    return ledger
  }
  const closed = () => Promise.all(opened.splice(0).map((ledger) => ledger.close()))
  return {
    name: 'embedded',
    genesis: document,
    limits: LIMITS,
    open: () => open(),
    openOther: () => open({ startDate: '2011-01-31' }),
    // The wire goes first, so that nothing of the old process reaches the store any more.
    async restart() {
      await proxy.cut()
      await closed()
      await proxy.restore()
      return open()
    },
    faults: faultsOf(proxy, databaseUrl),
    async verifyExport(lines) {
      const operatorKey = testOperatorKey.publicKey
      const chainId = opened.at(-1)?.chainId
      const trust = { genesisHash: genesisHash(document), operatorKey, ...(chainId === undefined ? {} : { chainId }) }
      const verdict = await verifyExport(lines, trust, rules, nativeChecks)
      if (!verdict.ok) return { ok: false, problem: JSON.stringify(verdict) }
      return { ok: true, commands: verdict.summary.commands }
    },
    async dispose() {
      await closed()
      await proxy.close()
    },
  }
}

function faultsOf(proxy: FlakyProxy, databaseUrl: string): Record<string, Fault> {
  return {
    'wire cut': {
      async begin() {
        await proxy.cut()
        return () => proxy.restore()
      },
    },
    'answers lost': {
      begin() {
        proxy.swallowAnswers()
        return Promise.resolve(async () => {
          await proxy.cut()
          await proxy.restore()
        })
      },
    },
    'wire frozen': {
      begin() {
        proxy.freeze()
        return Promise.resolve(async () => {
          proxy.thaw()
        })
      },
    },
    'sessions ended': {
      async begin() {
        const client = new pg.Client({ connectionString: databaseUrl })
        await client.connect()
        await client.query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
           WHERE datname = current_database() AND application_name LIKE 'sluice-ledger%'`,
        )
        await client.end()
        return async () => undefined
      },
    },
  }
}
