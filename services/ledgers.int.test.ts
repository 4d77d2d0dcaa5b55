// One node, two ledgers: parties that may not see each other's amounts run separate ones.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import WebSocket from 'ws'
import { ApiError, SluiceClient } from '#client/client'
import { Subscriber } from '#client/subscriber'
import { BATCH, ISSUE } from '#contracts/receivable/testing/story'
import { genesisEvents } from '#contracts/genesis'
import { callerOf } from '#contracts/membership/caller'
import { registry } from '#contracts/registry'
import { testGenesis, testSecretKey } from '#contracts/testing/consortium'
import { testDatabase } from '#engines/testing/index'
import { signingKey } from '#ledger-adapter/application/operator-key'
import { EmbeddedLedger } from '#ledger-adapter/embedded/embedded-ledger'
import { genesisHash } from '#proof/block'
import { canonicalBytes } from '#proof/canonical'
import type { Json, JsonObject } from '#proof/json'
import type { Trust } from '#proof/receipt'
import { verifyReceipt } from '#proof/verify-receipt'
import { createNodeApp, ledgerPath } from './app.ts'
import { RecordedWorkflows, signerOf, startTestNode, type TestNode } from './testing/node.ts'

let node: TestNode
let second: EmbeddedLedger
let secondTrust: Trust
beforeAll(async () => {
  const document = testGenesis({ name: 'Second' }) as unknown as JsonObject
  const operatorKey = signingKey(testSecretKey('ledger'))
  const { url: databaseUrl } = await testDatabase()
  const genesis = { document, events: genesisEvents(testGenesis({ name: 'Second' })) }
  second = await EmbeddedLedger.open({ databaseUrl, genesis, registry, callerOf, operatorKey })
  secondTrust = { chainId: second.chainId, genesisHash: genesisHash(document), operatorKey: operatorKey.publicKey }
  const others = [{ ledger: second, databaseUrl, workflows: new RecordedWorkflows(second) }]
  node = await startTestNode({ others, stream: { headEveryMs: 10 } })
})
afterAll(async () => {
  await node.stop()
  await second.close()
})

const at = (chainId: string, operator: string) =>
  new SluiceClient({ url: node.url + ledgerPath(chainId), signer: signerOf(operator) })

async function refusalOf(call: Promise<unknown>): Promise<ApiError> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(ApiError)
  return error as ApiError
}

describe('one node with two ledgers', () => {
  test('each has its own receivables, read where they were issued and nowhere else', async () => {
    const [first, other] = [node.as('core:maker'), at(second.chainId, 'core:maker')]
    await first.perform('receivable.openBatch', BATCH)
    const issued = await first.perform('receivable.issue', { ...ISSUE, receivable: 'first' })
    await other.perform('receivable.openBatch', BATCH)
    const elsewhere = await other.perform('receivable.issue', { ...ISSUE, receivable: 'second' })
    expect(await first.get('/v1/receivables/first', { at: issued.position })).toMatchObject({ state: 'draft' })
    expect(await other.get('/v1/receivables/second', { at: elsewhere.position })).toMatchObject({ state: 'draft' })
    expect(await refusalOf(first.get('/v1/receivables/second'))).toMatchObject({ status: 404 })
    expect(await refusalOf(other.get('/v1/receivables/first'))).toMatchObject({ status: 404 })
    // The node's own ledger stands under its chain's id as well.
    const named = at(node.ledger.chainId, 'core:maker')
    expect(await named.get('/v1/receivables/first', { at: issued.position })).toMatchObject({ state: 'draft' })
    expect(await named.get('/v1/head')).toMatchObject({ chainId: node.ledger.chainId })
    expect(await other.get('/v1/head')).toMatchObject({ chainId: second.chainId })
  })

  test('a token or a command of one ledger is nothing to the other, and there is no third', async () => {
    const token = await node.as('core:maker').token()
    const ask = async (path: string) =>
      (await fetch(node.url + path, { headers: { authorization: `Bearer ${token}` } })).status
    expect(await ask('/v1/receivables')).toBe(200)
    expect(await ask(`${ledgerPath(second.chainId)}/v1/receivables`)).toBe(401)
    expect(await ask(`${ledgerPath('another-00000000')}/v1/receivables`)).toBe(404)
    const { command, signature } = await node.as('core:maker').prepare('receivable.openBatch', { ...BATCH, batch: 'c' })
    expect(await refusalOf(at(second.chainId, 'core:maker').post('/v1/commands', { command, signature }))).toMatchObject({ code: 'WRONG_CHAIN' }) // prettier-ignore
  })

  test('receipts and streams are of the ledger that they are asked of', async () => {
    const other = at(second.chainId, 'core:maker')
    const done = await other.perform('receivable.openBatch', { ...BATCH, batch: 'd' })
    const receipt = canonicalBytes((await other.get<JsonObject>(`/v1/proofs/commands/${done.commandId}`)) as Json)
    expect(verifyReceipt(receipt, secondTrust)).toMatchObject({ ok: true })
    expect(verifyReceipt(receipt, node.trust)).toMatchObject({ ok: false, reason: 'WRONG_CHAIN' })
    expect(await refusalOf(node.as('core:maker').get(`/v1/proofs/commands/${done.commandId}`))).toMatchObject({ status: 404 }) // prettier-ignore

    const seen: string[] = []
    const subscriber = new Subscriber({
      url: node.url + ledgerPath(second.chainId),
      trust: secondTrust,
      token: () => other.token(),
      socket: (address, protocols) => new WebSocket(address, protocols) as never,
      onEvent: ({ contract, event, data }) => {
        if (contract === 'receivable') seen.push(`${event} ${String(data['receivable'] ?? data['batch'])}`)
      },
    }).start()
    await subscriber.complete({ height: Number(done.position.split('.')[0]) })
    subscriber.close()
    expect(seen.filter((one) => one.startsWith('ReceivableDrafted'))).toEqual(['ReceivableDrafted second'])
    expect(seen.at(-1)).toMatch(/ d$/)
  })

  test('the description is of the routes at the root alone', async () => {
    const { paths } = (await (await fetch(`${node.url}/openapi.json`)).json()) as { paths: Record<string, unknown> }
    expect(Object.keys(paths)).toContain('/v1/commands')
    expect(Object.keys(paths).filter((path) => path.includes('/ledgers/'))).toEqual([])
  })

  test('two ledgers do not share their read models', async () => {
    const { url: databaseUrl } = await testDatabase()
    const one = { ledger: second, databaseUrl, workflows: new RecordedWorkflows(second) }
    const two = { ...one, ledger: node.ledger }
    await expect(createNodeApp({ ...one, others: [two] })).rejects.toThrow('have the same database')
    await expect(createNodeApp({ ...one, others: [one] })).rejects.toThrow(`the same chain id ${second.chainId}`)
  })
})
