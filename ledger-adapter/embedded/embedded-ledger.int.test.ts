import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { testDatabase } from '#engines/testing/index'
import { testCommand, testLedgerOptions, signTest } from '../testing/fixture.ts'
import { EmbeddedLedger } from './embedded-ledger.ts'

let url: string
const open: EmbeddedLedger[] = []
const start = async (over = {}) => {
  const ledger = await EmbeddedLedger.open({ ...testLedgerOptions(url), ...over })
  open.push(ledger)
  return ledger
}
beforeEach(async () => {
  url = (await testDatabase()).url
})
afterEach(async () => {
  await Promise.all(open.splice(0).map((ledger) => ledger.close()))
})

const note = (chainId: string, name: string, over = {}) =>
  testCommand(chainId, 'notes.put', { name, text: `text of ${name}` }, over)

describe('embedded ledger', () => {
  it('commits, answers again after a restart, and goes on from there', async () => {
    const first = await start()
    const bytes = signTest(note(first.chainId, 'a'))
    const executed = await first.submit(bytes)
    expect(executed.outcome.accepted).toBe(true)
    expect(executed.position).toEqual({ height: 1, index: 0 })
    const head = await first.head()
    await first.close()
    const second = await start()
    expect(await second.head()).toEqual(head)
    expect(await second.submit(bytes)).toEqual(executed)
    expect(await second.head()).toEqual(head)
    const refused = await second.submit(signTest(note(second.chainId, 'a')))
    expect(refused.outcome).toMatchObject({ accepted: false, refusal: { code: 'NOTE_EXISTS' } })
    expect(refused.position.height).toBe(2)
    const { values, height } = await second.query(['notes/note/a', 'notes/note/b'])
    expect({ values, height }).toEqual({ values: [{ text: 'text of a', by: 'core' }, undefined], height: 2 })
  })
})
