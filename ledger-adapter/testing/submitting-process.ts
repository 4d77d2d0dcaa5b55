import { signTest, testCommand, testLedgerOptions } from './fixture.ts'
import { EmbeddedLedger } from '../embedded/embedded-ledger.ts'

// A process that a test kills: opens the ledger at DATABASE_URL, submits without end and prints each acknowledged
// command's id and position, one a line. Its commands are named by RUN, so that the next run makes others.
const { DATABASE_URL: databaseUrl = '', RUN: run = '' } = process.env
const ledger = await EmbeddedLedger.open(testLedgerOptions(databaseUrl))
process.stdout.write('open\n')

async function submitForEver(lane: number): Promise<never> {
  for (let n = 0; ; n += 1) {
    const name = `${run}-${lane}-${n}`
    const command = testCommand(ledger.chainId, 'notes.put', { name, text: '' }, { commandId: name })
    const { position } = await ledger.submit(signTest(command))
    process.stdout.write(`${name} ${position.height} ${position.index}\n`)
  }
}
await Promise.all(Array.from({ length: 8 }, (_, lane) => submitForEver(lane)))
