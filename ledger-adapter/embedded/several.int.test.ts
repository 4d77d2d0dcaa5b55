import { describe, expect, it } from 'vitest'
import { testDatabase } from '#engines/testing/index'
import { genesisHash } from '#proof/block'
import { verifyExport } from '#proof/verify-export'
import { nativeChecks } from '../application/verify-native.ts'
import { SplitLoad } from '../conformance/load.ts'
import { signTest, testCommand, testLedgerOptions } from '../testing/fixture.ts'
import { EmbeddedLedger } from './embedded-ledger.ts'

describe('several ledgers in one process and one database', () => {
  it('go on side by side, each with its own chain, lock and commands, over a restart of one of them', async () => {
    const { url } = await testDatabase()
    const all = ['One', 'Two', 'Three'].map((name) => testLedgerOptions(url, { name }))
    const ledgers = await Promise.all(all.map((options) => EmbeddedLedger.open(options)))
    try {
      expect(new Set(ledgers.map(({ chainId }) => chainId)).size).toBe(3)
      const loads = ledgers.map((_, n) => new SplitLoad(() => ledgers[n]!, 'same-names', 2))
      for (const load of loads) load.start()
      await Promise.all(loads.map((load) => load.progress(10)))
      // One stops and comes back while the others go on.
      await ledgers[1]!.close()
      await Promise.all([loads[0]!.progress(10), loads[2]!.progress(10)])
      ledgers[1] = await EmbeddedLedger.open(all[1]!)
      await Promise.all(loads.map((load) => load.progress(10)))
      await Promise.all(loads.map((load) => load.stop()))

      for (const [n, ledger] of ledgers.entries()) {
        const trust = { chainId: ledger.chainId, genesisHash: genesisHash(all[n]!.genesis.document) }
        const verdict = await verifyExport(ledger.export(), trust, {}, nativeChecks)
        expect(verdict).toMatchObject({ ok: true, summary: { commands: loads[n]!.acknowledged } })
        // The same ids and names stand on each, with what each made of them.
        for (const { executed } of loads[n]!.sent.values()) expect(await ledger.outcome(executed!)).toEqual(executed)
        for (const other of ledgers) {
          if (other === ledger) continue
          const bytes = signTest(testCommand(ledger.chainId, 'notes.put', { name: 'elsewhere', text: '' }))
          await expect(other.submit(bytes)).rejects.toMatchObject({ code: 'WRONG_CHAIN' })
        }
      }
    } finally {
      await Promise.all(ledgers.map((ledger) => ledger.close()))
    }
  })
})
