import { afterEach, expect, it } from 'vitest'
import { testDatabase } from '#engines/testing/index'
import { signTest, testCommand, testLedgerOptions } from '../testing/fixture.ts'
import { EmbeddedLedger } from './embedded-ledger.ts'

let ledger: EmbeddedLedger | undefined
afterEach(() => ledger?.close())

it('goes on executing while more read than may wait, who are told that the store is busy', async () => {
  const options = testLedgerOptions((await testDatabase()).url)
  const note = (name: string) => signTest(testCommand(ledger!.chainId, 'notes.put', { name, text: '' }))
  ledger = await EmbeddedLedger.open(options)
  await ledger.submit(note('before'))
  await ledger.close()
  ledger = await EmbeddedLedger.open(options) // nothing of the state is in memory
  const reads = Array.from({ length: 5_000 }, (_, n) =>
    ledger!.outcome({ participant: 'core', commandId: `none-${n}` }).catch((error: unknown) => error),
  )
  const executed = await ledger.submit(note('meanwhile'))
  const answers = await Promise.all(reads)
  expect(executed.outcome.accepted).toBe(true)
  expect(answers.filter((answer) => answer !== undefined)).not.toHaveLength(0)
  for (const answer of answers) if (answer !== undefined) expect(answer).toMatchObject({ code: 'QUEUE_FULL' })
  expect((await ledger.submit(note('after'))).outcome.accepted).toBe(true)
})
