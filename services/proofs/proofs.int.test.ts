import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ApiError } from '#client/client'
import { Proofs } from '#client/proofs'
import { CUT_OFF, DEAL, planTerms } from '#contracts/deal/testing/plan'
import { BATCH } from '#contracts/receivable/testing/story'
import { addDays } from '#domain/date'
import { testDatabase } from '#engines/testing/index'
import { assetBookOf } from '#node/ingest/asset-book'
import { assetIdOf, generatePool } from '#node/ingest/generate'
import { ingest } from '#node/ingest/ingest'
import { attestation, proposal } from '#node/ingest/recompute'
import { TapeStore } from '#node/ingest/store'
import { hashJson } from '#proof/hash'
import type { Json } from '#proof/json'
import { verifyReceiptObject } from '#proof/verify-receipt'
import { startTestNode, type TestNode } from '../testing/node.ts'

const POOL = { seed: '7', receivables: 300, poolFen: 30_000_000n, cutOff: CUT_OFF }
const folder = mkdtempSync(join(tmpdir(), 'sluice-proofs-'))
let store: TapeStore
let node: TestNode
let position: string

beforeAll(async () => {
  store = await TapeStore.open((await testDatabase()).url)
  node = await startTestNode({ maxWaitMs: 500, assets: assetBookOf('originator', store, folder) })
  const done = await node.as('core:maker').perform('receivable.openBatch', BATCH, { commandId: 'opened' })
  position = done.position
})
afterAll(async () => {
  await node.stop()
  await store.close()
  rmSync(folder, { recursive: true, force: true })
})

const of = (operator: string) => new Proofs(node.as(operator))
const verdict = async (receipt: Promise<unknown>) => verifyReceiptObject((await receipt) as Json, node.trust)
const refused = async (call: Promise<unknown>): Promise<unknown[]> => {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof ApiError)) throw new Error(`not refused: ${String(error)}`)
  return [error.status, error.code, ...(error.problem.errors ?? []).map(({ field }) => field)]
}

describe('receipts over HTTP, each verified with a trust root found elsewhere', () => {
  test('a command, an event, a topic, a key and its absence, at the position of the write', async () => {
    const at = { at: position }
    expect(await verdict(of('core:maker').command('opened', at))).toMatchObject({ ok: true })
    expect(await verdict(of('core:maker').event(`${position}.0`, at))).toMatchObject({
      ok: true,
      receipt: { event: { contract: 'receivable' } },
    })
    const topic = await verdict(of('core:maker').topic('participant/core', at))
    expect(topic).toMatchObject({ ok: true, receipt: { topic: 'participant/core' } })
    const genesis = await verdict(of('core:maker').topic('participant/core', { height: 0 }))
    expect(genesis).toMatchObject({ ok: true, height: 0 })
    const key = 'sys/command/core/opened'
    expect(await verdict(of('regulator:viewer').key(key, at))).toMatchObject({ receipt: { found: { present: true } } })
    const before = await verdict(of('regulator:viewer').key(key, { height: 0 }))
    expect(before).toMatchObject({ ok: true, receipt: { found: { present: false } } })
  })

  test('a command that expired without trace, for its author', async () => {
    const core = node.as('core:maker')
    const expiresAt = Date.now() - 1_000
    const lost = { ...(await core.draft('receivable.openBatch', BATCH)), issuedAt: expiresAt - 60_000, expiresAt }
    const next = await core.perform('receivable.openBatch', { ...BATCH, batch: 'b2' })
    const found = await verdict(of('core:maker').expired(lost, { at: next.position }))
    expect(found).toMatchObject({ ok: true, receipt: { kind: 'expired', command: { commandId: lost.commandId } } })
    expect(await refused(of('supplier-1:maker').expired(lost))).toEqual([403, 'ANOTHER_PARTICIPANT'])
    const executed = { ...lost, commandId: 'opened' }
    expect(await refused(of('core:maker').expired(executed))).toEqual([404, 'NOT_FOUND'])
    const alive = { ...lost, issuedAt: Date.now(), expiresAt: Date.now() + 60_000 }
    expect(await refused(of('core:maker').expired(alive))).toEqual([404, 'NOT_FOUND'])
    const long = { ...lost, issuedAt: expiresAt - 2 * 86_400_000 }
    expect(await refused(of('core:maker').expired(long))).toEqual([400, 'BAD_LIFETIME', '/body/command/expiresAt'])
    const foreign = { ...lost, chainId: 'elsewhere' }
    expect(await refused(of('core:maker').expired(foreign))).toEqual([400, 'WRONG_CHAIN', '/body/command/chainId'])
    const { keyId: _, ...gap } = lost
    expect(await refused(of('core:maker').expired(gap as typeof lost))).toEqual([
      400,
      'BAD_REQUEST',
      '/body/command/keyId',
    ])
  })

  test('an asset in its batch with its terms and balances, for who holds the tape', async () => {
    const file = join(folder, 'pool.csv')
    writeFileSync(file, [...generatePool(POOL)].join(''))
    const done = await ingest({ store, folder, deal: DEAL, file, kind: 'initial', asOf: CUT_OFF })
    const terms = planTerms(POOL.poolFen) as unknown as Json
    const plan = { deal: DEAL, terms, termsHash: hashJson(terms), investors: ['investor-a', 'investor-b'] }
    await node.as('manager:maker').perform('deal.propose', plan)
    const asset = assetIdOf(17)
    // On the tape, but the ledger knows of no batch.
    expect(await refused(of('originator:maker').asset(DEAL, asset))).toEqual([404, 'NOT_FOUND'])
    const { position: at } = await node.as('originator:maker').perform('asset-registry.proposeBatch', proposal(done))

    expect(await verdict(of('originator:maker').asset(DEAL, asset, { at, version: 1 }))).toEqual({
      ok: false,
      reason: 'BATCH_PROPOSED',
      field: '/batch/state',
    })
    const attested = await node.as('custodian:checker').perform('asset-registry.attest', attestation(done))
    const found = await verdict(of('originator:maker').asset(DEAL, asset, { at: attested.position }))
    expect(found).toMatchObject({
      ok: true,
      receipt: { asset: { deal: DEAL, version: 1 }, batch: { state: 'effective', root: done.root } },
    })
    const custodian = of('custodian:checker') // reads the plan, holds no tape here
    expect(await refused(custodian.asset(DEAL, asset))).toEqual([404, 'NOT_FOUND'])
    expect(await refused(of('supplier-1:maker').asset(DEAL, asset))).toEqual([404, 'NOT_FOUND'])
    expect(await refused(of('originator:maker').asset(DEAL, 'no-such-asset'))).toEqual([404, 'NOT_FOUND'])
    expect(await refused(of('originator:maker').asset(DEAL, asset, { version: 2 }))).toEqual([404, 'NOT_FOUND'])

    // A later version on the tape, of which the ledger knows nothing yet: what is proven is still the effective one.
    const [, first] = readFileSync(file, 'utf8').split('\n')
    const day = join(folder, 'day.csv')
    writeFileSync(day, `asset_id,current_balance,defaulted_amount,days_past_due\n${first!.split(',')[0]},0.01,0,0\n`)
    await ingest({ store, folder, deal: DEAL, file: day, kind: 'update', asOf: addDays(CUT_OFF, 1) })
    const again = await verdict(of('originator:maker').asset(DEAL, asset))
    expect(again).toMatchObject({ ok: true, receipt: { asset: { version: 1 } } })
  })

  test('says why there is none: no validators here, a key not theirs to read, a position that never comes', async () => {
    expect(await refused(of('core:maker').validators({ from: 1 }))).toEqual([404, 'NOT_FOUND'])
    expect(await refused(of('core:maker').validators({ from: 0 }))).toEqual([400, 'BAD_REQUEST', '/query/from'])
    expect(await refused(of('core:maker').key('sys/command/core/opened'))).toEqual([404, 'NOT_FOUND'])
    // Another's command, under an id that the caller has not spent.
    expect(await refused(of('supplier-1:maker').command('opened'))).toEqual([404, 'NOT_FOUND'])
    expect(await refused(of('core:maker').event('1.0'))).toEqual([400, 'BAD_REQUEST', '/path/id'])
    expect(await refused(of('supplier-1:maker').topic('participant/core'))).toEqual([404, 'NOT_FOUND'])
    expect(await refused(of('core:maker').command('opened', { at: '999999.0' }))).toEqual([503, 'BEHIND_POSITION'])
  })

  test('OpenAPI names every kind', async () => {
    const { paths } = (await node.app.inject({ url: '/openapi.json' })).json<{ paths: Record<string, object> }>()
    const kinds = Object.entries(paths).filter(([path]) => path.startsWith('/v1/proofs/'))
    expect(kinds.map(([path, methods]) => `${Object.keys(methods).join()} ${path}`).sort()).toEqual([
      'get /v1/proofs/commands/{id}',
      'get /v1/proofs/deals/{deal}/assets/{asset}',
      'get /v1/proofs/events/{id}',
      'get /v1/proofs/keys/{key}',
      'get /v1/proofs/topics/{id}',
      'get /v1/proofs/validators',
      'post /v1/proofs/expired',
    ])
  })
})
