import { testDatabase } from '#engines/testing/index'
import { ledgerFaults } from '../conformance/faults.ts'
import { ledgerHeads } from '../conformance/heads.ts'
import { ledgerMalice } from '../conformance/malice.ts'
import { ledgerNames } from '../conformance/names.ts'
import { ledgerSimulation } from '../conformance/simulation.ts'
import { ledgerConformance } from '../conformance/suite.ts'
import { embeddedHarness } from '../testing/embedded-harness.ts'
import { testLedgerOptions } from '../testing/fixture.ts'
import { EmbeddedLedger } from './embedded-ledger.ts'

const driver = async () => {
  const { url } = await testDatabase()
  const options = testLedgerOptions(url)
  return {
    name: 'embedded',
    genesis: options.genesis.document,
    open: () => EmbeddedLedger.open(options),
    openOther: () => EmbeddedLedger.open(testLedgerOptions(url, { startDate: '2011-01-31' })),
  }
}

ledgerConformance('embedded', driver)

ledgerHeads('embedded', driver)

ledgerNames('embedded', driver)

ledgerFaults('embedded', async () => embeddedHarness((await testDatabase()).url))

ledgerMalice('embedded', async () => embeddedHarness((await testDatabase()).url))

ledgerSimulation('embedded', async () => embeddedHarness((await testDatabase()).url))
