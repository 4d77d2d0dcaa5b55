// What every ledger must do, where the contracts are a bundle in its sandbox, as on every network (docs/adr/037).
import { afterAll } from 'vitest'
import { testDatabase } from '#engines/testing/index'
import { ledgerConformance } from '../conformance/suite.ts'
import { bundledContracts } from '../testing/bundled.ts'
import { EmbeddedLedger } from './embedded-ledger.ts'

const bundled = await bundledContracts()
afterAll(() => bundled.dispose())

ledgerConformance('embedded, sandboxed', async () => {
  const { url } = await testDatabase()
  const options = bundled.options(url)
  return {
    name: 'embedded, sandboxed',
    genesis: options.genesis.document,
    registry: bundled.versions,
    open: () => EmbeddedLedger.open(options),
    openOther: () => EmbeddedLedger.open(bundled.options(url, { startDate: '2011-01-31' })),
  }
})
