import { genesisEvents, type GenesisDocument } from '#contracts/genesis'
import { callerOf } from '#contracts/membership/caller'
import type { JsonObject } from '#proof/json'
import { verifyExport } from '#proof/verify-export'
import { contractRules } from '../application/contract-rules.ts'
import { nativeChecks } from '../application/verify-native.ts'
import type { LedgerHarness } from '../conformance/harness.ts'
import { FlakyProxy } from './flaky-proxy.ts'
import { testRegistry } from './fixture.ts'
import { SingleValidator } from './single-validator.ts'

/** What a block of one validator can hold: CometBFT bounds its bytes, and a smallest command has some hundred. */
const LIMITS = { maxBlockCommands: 20_000, maxBlockBytes: 4 << 20 }

/** The CometBFT driver on one validator and a database behind a wire that a test may cut. */
export async function cometbftHarness(program: string, databaseUrl: string): Promise<LedgerHarness> {
  const proxy = await FlakyProxy.before(databaseUrl)
  const one = await SingleValidator.create(program)
  let other: SingleValidator | undefined
  const genesis = one.genesis as unknown as JsonObject
  const rules = contractRules(testRegistry, callerOf, (doc) => genesisEvents(doc as unknown as GenesisDocument))
  return {
    name: 'cometbft',
    genesis,
    limits: LIMITS,
    validators: () => one.validators,
    open: () => one.open(proxy.url),
    async openOther() {
      other = await SingleValidator.create(program, { startDate: '2011-01-31' })
      return other.open(proxy.url)
    },
    // The wire goes first, so that nothing of the old process reaches the store any more.
    async restart() {
      await proxy.cut()
      await one.stop()
      await proxy.restore()
      return one.open(proxy.url)
    },
    faults: {
      'CometBFT killed': {
        async begin() {
          await one.killComet()
          return () => one.startComet()
        },
      },
      'wire to the store cut': {
        async begin() {
          await proxy.cut()
          return () => proxy.restore()
        },
      },
      'wire to the store frozen': {
        begin() {
          proxy.freeze()
          return Promise.resolve(async () => proxy.thaw())
        },
      },
    },
    async verifyExport(lines) {
      const verdict = await verifyExport(
        lines,
        { chainId: one.chainId, validators: one.validators },
        rules,
        nativeChecks,
      )
      if (!verdict.ok) return { ok: false, problem: JSON.stringify(verdict) }
      return { ok: true, commands: verdict.summary.commands }
    },
    async dispose() {
      await one.dispose()
      await other?.dispose()
      await proxy.close()
    },
  }
}
