import { afterEach, expect, it } from 'vitest'
import { testDatabase } from '#engines/testing/index'
import { genesisHash } from '#proof/block'
import { ID_RETENTION_MS, type Command } from '#proof/command'
import type { Trust } from '#proof/receipt'
import { verifyReceiptObject } from '#proof/verify-receipt'
import { FlakyProxy } from '../testing/flaky-proxy.ts'
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

it('keeps the record of an id that is used again after a block in doubt took its old one away', async () => {
  let now = Date.now()
  const proxy = await FlakyProxy.before((await testDatabase()).url)
  try {
    ledger = await EmbeddedLedger.open({ ...testLedgerOptions(proxy.url), now: () => now })
    const { chainId } = ledger
    const note = (name: string, over: Partial<Command> = {}) =>
      signTest(testCommand(chainId, 'notes.put', { name, text: name }, { issuedAt: now, expiresAt: now + 60_000, ...over })) // prettier-ignore
    const commandId = 'used-twice'
    await ledger.submit(note('first', { commandId }))
    now += 60_001 + ID_RETENTION_MS
    proxy.swallowAnswers()
    const doubtful = ledger.submit(note('doubtful'))
    await new Promise((resolve) => setTimeout(resolve, 300)) // the statement has arrived, its answer has not
    await proxy.cut()
    await proxy.restore()
    await doubtful
    const again = note('second', { commandId })
    const { position } = await ledger.submit(again)
    await ledger.submit(note('later'))
    expect(await ledger.submit(again)).toMatchObject({ position })
    await expect(ledger.submit(note('third', { commandId }))).rejects.toMatchObject({ code: 'COMMAND_ID_CONFLICT' })
  } finally {
    await ledger?.close()
    await proxy.close()
  }
})
