import { afterEach, describe } from 'vitest'
import { testDatabase } from '#engines/testing/index'
import { ledgerFaults } from '../conformance/faults.ts'
import type { LedgerHarness } from '../conformance/harness.ts'
import { ledgerHeads } from '../conformance/heads.ts'
import { ledgerMalice } from '../conformance/malice.ts'
import { ledgerNames } from '../conformance/names.ts'
import { ledgerSimulation } from '../conformance/simulation.ts'
import { ledgerConformance } from '../conformance/suite.ts'
import { cometbftHarness } from '../testing/cometbft-harness.ts'
import { cometbftProgram } from '../testing/single-validator.ts'

const program = await cometbftProgram()
const missing = 'missing' in program ? program.missing : undefined
if (missing !== undefined) console.warn(`the suite of all ledgers on CometBFT is skipped: ${missing}`)

describe.skipIf(missing !== undefined)('cometbft', () => {
  const made: LedgerHarness[] = []
  const prepare = async () => {
    const harness = await cometbftHarness((program as { path: string }).path, (await testDatabase()).url)
    made.push(harness)
    return harness
  }
  afterEach(() => Promise.all(made.splice(0).map((harness) => harness.dispose())))

  ledgerConformance('cometbft', prepare)
  ledgerHeads('cometbft', prepare)
  ledgerNames('cometbft', prepare)
  ledgerFaults('cometbft', prepare, { runs: 1 })
  ledgerMalice('cometbft', prepare, { runs: 60 })
  ledgerSimulation('cometbft', prepare, { runs: 1 })
})
