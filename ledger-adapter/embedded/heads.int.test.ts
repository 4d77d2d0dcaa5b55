import { afterAll, beforeAll, expect, it } from 'vitest'
import { testDatabase } from '#engines/testing/index'
import { genesisHash } from '#proof/block'
import { verifiedHead } from '#proof/head'
import { verifyReceiptObject } from '#proof/verify-receipt'
import { signTest, testCommand, testLedgerOptions, testOperatorKey } from '../testing/fixture.ts'
import { EmbeddedLedger } from './embedded-ledger.ts'

/** Two histories of one genesis, hence of one chain's id: an operator that shows its members different ledgers. */
let [one, other]: EmbeddedLedger[] = []
beforeAll(async () => {
  const open = async () => EmbeddedLedger.open(testLedgerOptions((await testDatabase()).url))
  ;[one, other] = [await open(), await open()]
})
afterAll(async () => {
  await one?.close()
  await other?.close()
})

it('what was built on one history is not taken by another of the same genesis', async () => {
  const { chainId } = one!
  expect(other!.chainId).toBe(chainId)
  const note = (name: string, over = {}) => signTest(testCommand(chainId, 'notes.put', { name, text: '' }, over))
  const { participant, commandId } = await one!.submit(note('a'))
  await other!.submit(note('b'))
  const trust = { chainId, genesisHash: genesisHash(testLedgerOptions('').genesis.document), operatorKey: testOperatorKey.publicKey } // prettier-ignore
  const receipt = await one!.prove({ kind: 'command', participant, commandId })
  const head = verifiedHead(verifyReceiptObject(receipt, trust))
  expect(head).toMatchObject({ height: 1 })
  const built = note('c', { head })
  await expect(other!.submit(built)).rejects.toMatchObject({ code: 'WRONG_HEAD', outcomeKnown: true })
  expect((await one!.submit(built)).outcome).toMatchObject({ accepted: true })
  // Without a head it is a command of both.
  const free = note('d')
  for (const ledger of [one!, other!]) expect((await ledger.submit(free)).outcome).toMatchObject({ accepted: true })
})
