import { afterAll, beforeAll, expect, it } from 'vitest'
import { SluiceClient } from '#client/client'
import { BATCH, invoice, ISSUE } from '#contracts/receivable/testing/story'
import { testPublicKey, testSecretKey } from '#contracts/testing/consortium'
import { signingKey } from '#ledger-adapter/application/operator-key'
import { canonicalJson } from '#proof/canonical'
import { utf8ToBytes } from '#proof/hash'
import type { JsonObject } from '#proof/json'
import { verifyReceipt } from '#proof/verify-receipt'
import { startTestNode, type TestNode } from '../testing/node.ts'

let node: TestNode
beforeAll(async () => {
  node = await startTestNode()
})
afterAll(() => node.stop())

const issue = (receivable: string, faceFen: string) =>
  ({ ...ISSUE, receivable, faceFen, invoices: [invoice(receivable, faceFen)] }) as typeof ISSUE

it('a limited key commits up to its limit; over it the refusal is recorded, said in both languages and provable', async () => {
  const key = { keyId: 'limited-key', curve: 'ed25519', publicKey: testPublicKey('limited'), functions: ['maker'], limitFen: '50000' } // prettier-ignore
  const registered = await node.as('core:service').perform('membership.addKey', { participant: 'core', operator: 'core:maker', key, fromHeight: null }) // prettier-ignore
  await node.as('core:maker').perform('receivable.openBatch', BATCH)

  const keys = await node.as('core:viewer').list<{ keyId: string; limitFen: string | null }>('/v1/participants/core/keys', { at: registered.position }) // prettier-ignore
  expect(Object.fromEntries(keys.items.map(({ keyId, limitFen }) => [keyId, limitFen]))).toMatchObject({
    'limited-key': '50000',
    'maker-key': null,
  })

  const signer = signingKey(testSecretKey('limited'))
  const limited = (language: 'zh' | 'en') =>
    new SluiceClient({
      url: node.url,
      language,
      signer: { participant: 'core', keyId: 'limited-key', sign: (message) => signer.sign(message) },
    })
  await limited('en').perform('receivable.issue', issue('at', '50000'))
  for (const [language, title] of [
    ['zh', '金额超过密钥的单笔限额'],
    ['en', 'The amount is over the limit of the key'],
  ] as const) {
    const refused = await limited(language).perform('receivable.issue', issue(`over-${language}`, '50001')).then(
      () => undefined,
      (error: { problem: object }) => error.problem,
    ) // prettier-ignore
    expect(refused).toMatchObject({
      code: 'OVER_KEY_LIMIT',
      status: 403,
      title,
      details: {
        event: 'receivable.ReceivableDrafted',
        fields: ['/faceFen'],
        amountFen: '50001',
        limitFen: '50000',
      },
    })
    const { commandId } = refused as unknown as { commandId: string }
    const { receipt } = await limited(language).get<{ receipt: JsonObject }>(`/v1/commands/${commandId}`)
    expect(verifyReceipt(utf8ToBytes(canonicalJson(receipt)), node.trust)).toMatchObject({ ok: true })
    expect(JSON.stringify(receipt)).toContain('OVER_KEY_LIMIT')
  }
  // Another key of the same operator has no limit.
  await node.as('core:maker').perform('receivable.issue', issue('by-another', '50001'))
})

it('the node says of each method which amount a limit bounds', async () => {
  const { methods } = await node.as('core:viewer').contracts()
  const named = new Map(methods.map((method) => [method['name'], method['limited']]))
  expect(named.get('receivable.issue')).toEqual({
    amount: { zh: '应收账款金额 {faceFen:yuan} 元', en: 'the face of the receivable, {faceFen:yuan} yuan' },
    event: 'receivable.ReceivableDrafted',
    fields: ['/faceFen'],
  })
  expect(named.get('receivable.split')).toBeUndefined()
})
