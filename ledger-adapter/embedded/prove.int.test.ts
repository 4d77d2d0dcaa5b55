import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { testDatabase } from '#engines/testing/index'
import { genesisHash } from '#proof/block'
import type { JsonObject } from '#proof/json'
import { verifyReceiptObject } from '#proof/verify-receipt'
import { signTest, testCommand, testLedgerOptions, testOperatorKey } from '../testing/fixture.ts'
import { EmbeddedLedger } from './embedded-ledger.ts'

describe('proofs of the embedded ledger about the past', () => {
  let ledger: EmbeddedLedger
  let trust: { chainId: string; genesisHash: string; operatorKey: string }
  let now = 1_900_000_000_000

  beforeEach(async () => {
    const options = {
      ...testLedgerOptions((await testDatabase()).url),
      now: () => now,
    }
    ledger = await EmbeddedLedger.open(options)
    trust = {
      chainId: ledger.chainId,
      genesisHash: genesisHash(options.genesis.document),
      operatorKey: testOperatorKey.publicKey,
    }
  })
  afterEach(() => ledger.close())

  const note = (name: string, over = {}) =>
    testCommand(ledger.chainId, 'notes.put', { name, text: name }, { issuedAt: now, expiresAt: now + 60_000, ...over })
  const put = (name: string) => ledger.submit(signTest(note(name)))
  const verdict = (receipt: JsonObject) => verifyReceiptObject(receipt, trust)

  it('say what stood under a key, or that nothing did, after any of the last blocks', async () => {
    for (const name of ['a', 'b', 'c']) await put(name)
    const key = 'notes/counter/all'
    for (const height of [1, 2, 3]) {
      const receipt = await ledger.prove({ kind: 'key', key, height })
      expect(receipt).toMatchObject({ found: { value: { count: height } }, anchor: { header: { height } } })
      expect(verdict(receipt).ok).toBe(true)
    }
    const absent = await ledger.prove({ kind: 'key', key, height: 0 })
    expect(absent).toMatchObject({ found: { present: false } })
    expect(verdict(absent).ok).toBe(true)
    const topic = await ledger.prove({ kind: 'topic', topic: 'participant/core', height: 2 })
    expect(topic).toMatchObject({ anchor: { header: { height: 2 } } })
    expect(verdict(topic).ok).toBe(true)
    await expect(ledger.prove({ kind: 'key', key, height: 9 })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })

  it('say what stood under the id of a command that has left the state since', async () => {
    const first = note('first')
    const { position } = await ledger.submit(signTest(first))
    now += 2 * 60 * 60 * 1000
    await put('second')
    const key = `sys/command/${first.participant}/${first.commandId}`
    expect(await ledger.prove({ kind: 'key', key })).toMatchObject({ found: { present: false } })
    const receipt = await ledger.prove({ kind: 'key', key, height: position.height })
    expect(receipt).toMatchObject({ found: { present: true, value: { height: 1, expiresAt: first.expiresAt } } })
    expect(verdict(receipt).ok).toBe(true)
  })
})
