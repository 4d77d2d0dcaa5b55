import { afterEach, expect, it } from 'vitest'
import { testDatabase } from '#engines/testing/index'
import { genesisHash } from '#proof/block'
import { ID_RETENTION_MS, type Command } from '#proof/command'
import type { Trust } from '#proof/receipt'
import { verifyReceiptObject } from '#proof/verify-receipt'
import { signTest, testCommand, testLedgerOptions, testOperatorKey } from '../testing/fixture.ts'
import { EmbeddedLedger } from './embedded-ledger.ts'

let ledger: EmbeddedLedger | undefined
afterEach(() => ledger?.close())

it('proves that a command expired without trace: soon after, and on a ledger that was idle meanwhile', async () => {
  let now = Date.now()
  const options = testLedgerOptions((await testDatabase()).url)
  ledger = await EmbeddedLedger.open({ ...options, now: () => now })
  const { chainId } = ledger
  const trust: Trust = {
    chainId,
    genesisHash: genesisHash(options.genesis.document),
    operatorKey: testOperatorKey.publicKey,
  }
  const note = (name: string, over: Partial<Command> = {}) =>
    testCommand(chainId, 'notes.put', { name, text: name }, { issuedAt: now, ...over })
  const submit = (command: Command) => ledger!.submit(signTest(command))
  const prove = (command: Command) => ledger!.prove({ kind: 'expired', command })
  const verdict = async (command: Command) => verifyReceiptObject(await prove(command), trust)

  const executed = note('a')
  const lost = note('lost')
  await submit(executed)
  await expect(prove(lost)).rejects.toMatchObject({ code: 'NOT_FOUND' })

  now = lost.expiresAt + 1
  await submit(note('b'))
  expect(await verdict(lost)).toMatchObject({ ok: true, receipt: { kind: 'expired', next: null } })
  await expect(prove(executed)).rejects.toMatchObject({ code: 'NOT_FOUND', details: { commandId: executed.commandId } })

  const idle = note('idle')
  now = idle.expiresAt + 2 * ID_RETENTION_MS
  await submit(note('c'))
  expect(await verdict(idle)).toMatchObject({ ok: true, receipt: { next: { header: { height: 3 } } } })
  expect(await verdict(lost)).toMatchObject({ ok: true })
  await expect(submit(idle)).rejects.toMatchObject({ code: 'EXPIRED' })
  // An id that has left the state is not proven never to have been there.
  await expect(prove(executed)).rejects.toMatchObject({ code: 'NOT_FOUND' })
})
