import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ApiError } from '#client/client'
import { verifyReceiptObject } from '#proof/verify-receipt'
import { BATCH, ISSUE, SPLIT } from '#contracts/receivable/testing/story'
import type { Json } from '#proof/json'
import { startTestNode, type TestNode } from './testing/node.ts'

let node: TestNode
beforeAll(async () => {
  node = await startTestNode({ maxWaitMs: 5_000 })
})
afterAll(() => node.stop())

const problemOf = async (call: Promise<unknown>): Promise<ApiError> => {
  try {
    await call
  } catch (error) {
    if (error instanceof ApiError) return error
    throw error
  }
  throw new Error('it was accepted')
}

describe('a receivable from issue to split over HTTP', () => {
  test('each step answers its position, and reads wait for it', async () => {
    const core = node.as('core:maker')
    await core.performAt('/v1/receivable-batches', 'receivable.openBatch', BATCH)
    const issued = await core.performAt('/v1/receivables', 'receivable.issue', ISSUE)
    expect(issued.events).toEqual([{ contract: 'receivable', event: 'ReceivableDrafted' }])
    expect(await core.get('/v1/receivables/r', { at: issued.position })).toMatchObject({
      state: 'draft',
      faceFen: ISSUE.faceFen,
    })

    const before = await problemOf(node.as('supplier-1:viewer').get('/v1/receivables/r', { at: issued.position }))
    expect([before.status, before.code]).toEqual([404, 'NOT_FOUND'])

    await node.as('core:checker').performAt('/v1/receivables/r/approval', 'receivable.approve', { receivable: 'r' })
    const supplier = node.as('supplier-1:maker')
    const accepted = await supplier.performAt('/v1/receivables/r/acceptance', 'receivable.accept', {
      receivable: 'r',
      holding: 'h',
    })
    expect(await supplier.get('/v1/holdings/h', { at: accepted.position })).toMatchObject({
      owner: 'supplier-1',
      from: '1',
      to: ISSUE.faceFen,
      state: 'held',
      position: accepted.position,
    })
  })

  test('a split is carried by a workflow under its business key, once', async () => {
    const supplier = node.as('supplier-1:maker')
    const { command, signature } = await supplier.prepare('receivable.split', SPLIT, { commandId: 'split-1' })
    const answer = { workflowId: 'receivable-split:supplier-1/h/split-1', commandId: 'split-1' }
    expect(await supplier.post('/v1/holdings/h/splits', { command, signature })).toEqual(answer)
    expect(await supplier.post('/v1/holdings/h/splits', { command, signature })).toEqual(answer)
    expect(node.workflows.started).toMatchObject([
      { name: 'receivableSplit', participant: 'supplier-1', input: { holding: 'h', notify: ['supplier-1', 'core'] } },
    ])
    const outcome = await supplier.get<{ position: string; accepted: boolean; receipt: Json }>('/v1/commands/split-1')
    expect(outcome.accepted).toBe(true)
    expect(verifyReceiptObject(outcome.receipt, node.trust)).toMatchObject({ ok: true, receipt: { kind: 'command' } })
    // Who may read its events may ask too, by whose it is; the command itself stays its author's.
    const theirs = { participant: 'supplier-1' }
    const told = { ...theirs, commandId: 'split-1', position: outcome.position, accepted: true, receipt: null }
    expect(await node.as('core:maker').get('/v1/commands/split-1', theirs)).toMatchObject(told)
    expect((await problemOf(node.as('core:maker').get('/v1/commands/split-1'))).status).toBe(404)

    const { items } = await supplier.list('/v1/holdings', { at: outcome.position, parent: 'h', sort: 'from' })
    expect(items.map(({ id, from, to }) => [id, from, to])).toEqual([
      ['h1', '1', '60000000'],
      ['h2', '60000001', '90000000'],
      ['h3', '90000001', '100000000'],
    ])
    const { steps } = await supplier.get<{ steps: { id: string }[] }>('/v1/holdings/h2/lineage')
    expect(steps.map(({ id }) => id)).toEqual(['h2', 'h'])
  })

  test('and another’s request under the same id is a run of its own: it keeps nobody’s from the ledger', async () => {
    for (const participant of ['supplier-2', 'supplier-1']) {
      const client = node.as(`${participant}:maker`)
      const { command, signature } = await client.prepare('receivable.split', SPLIT, { commandId: 'guessed' })
      const workflowId = `receivable-split:${participant}/h/guessed`
      expect(await client.post('/v1/holdings/h/splits', { command, signature })).toEqual({ workflowId, commandId: 'guessed' }) // prettier-ignore
      // It is split already, or not theirs to split; each is told of its own command.
      expect(await client.get('/v1/commands/guessed')).toMatchObject({ participant, accepted: false })
    }
  })

  test('who is no party sees nothing, the regulator all', async () => {
    expect((await node.as('supplier-2:viewer').list('/v1/holdings')).items).toEqual([])
    const { items } = await node.as('regulator:viewer').list('/v1/holdings', { sort: '-from' })
    expect(items.map(({ id }) => id)).toEqual(['h3', 'h2', 'h1', 'h'])
    const theirs = { participant: 'supplier-1' }
    expect((await problemOf(node.as('supplier-2:viewer').get('/v1/commands/split-1', theirs))).status).toBe(404)
    expect((await problemOf(node.as('supplier-2:viewer').get('/v1/commands/split-1'))).status).toBe(404)
    expect((await problemOf(node.as('supplier-2:viewer').get('/v1/holdings/h2/lineage'))).status).toBe(404)
  })

  test('pages meet end to end, and CSV says the same', async () => {
    const regulator = node.as('regulator:viewer')
    const ids: unknown[] = []
    for await (const { id } of regulator.all('/v1/holdings', { limit: 1, sort: '-maturity' })) ids.push(id)
    expect(ids).toEqual(['h3', 'h2', 'h1', 'h'])
    const csv = await regulator.csv('/v1/holdings', { sort: 'from', state: 'held' })
    expect(csv.split('\r\n').map((line) => line.split(',')[0])).toEqual(['id', 'h1', 'h2', 'h3', ''])
  })
})

describe('refusals', () => {
  test('a contract refuses: its code, the status of its kind, and the position where that is recorded', async () => {
    const refused = await problemOf(
      node.as('supplier-1:maker').perform('receivable.split', { ...SPLIT, holding: 'nothing' }),
    )
    expect([refused.status, refused.code]).toEqual([404, 'HOLDING_NOT_FOUND'])
    expect(refused.problem['position']).toMatch(/^\d+\.\d+$/)
    const again = await problemOf(
      node.as('supplier-1:maker').perform('receivable.split', { holding: 'h', parts: [] as never }),
    )
    expect([again.status, again.code, again.problem.errors?.[0]?.field]).toEqual([
      422,
      'BAD_ARGS',
      '/body/command/args/parts',
    ])
  })

  test('path, method and caller must fit what was signed', async () => {
    const supplier = node.as('supplier-1:maker')
    const { command, signature } = await supplier.prepare('receivable.split', { ...SPLIT, holding: 'h2' })
    const other = await problemOf(supplier.post('/v1/holdings/h1/splits', { command, signature }))
    expect([other.status, other.problem.errors]).toEqual([
      400,
      [{ field: '/body/command/args/holding', problem: 'the path says h1' }],
    ])
    const wrong = await problemOf(supplier.post('/v1/holdings/h2/transfers', { command, signature }))
    expect(wrong.problem.errors?.map(({ field }) => field)).toContain('/body/command/method')
    const theirs = await problemOf(node.as('core:maker').post('/v1/commands', { command, signature }))
    expect([theirs.status, theirs.code]).toEqual([403, 'ANOTHER_PARTICIPANT'])
  })

  test.each([
    ['signature', (body: Body) => ({ command: body.command }), 400, '/body/signature'],
    [
      'a field',
      ({ command: { keyId: _, ...command }, signature }: Body) => ({ command, signature }),
      400,
      '/body/command/keyId',
    ],
    [
      'form of an id',
      (body: Body) => ({ ...body, command: { ...body.command, commandId: 'a/b' } }),
      400,
      '/body/command/commandId',
    ],
    [
      'a fraction',
      (body: Body) => ({ ...body, command: { ...body.command, args: { n: 1.5 } } }),
      400,
      '/body/command/args/n',
    ],
    [
      'an argument',
      (body: Body) => ({ ...body, command: { ...body.command, args: { holding: 'x' } } }),
      403,
      undefined,
    ],
  ])('wrong %s', async (_what, spoil, status, field) => {
    const supplier = node.as('supplier-1:maker')
    const { command, signature } = await supplier.prepare('receivable.split', SPLIT)
    const refused = await problemOf(supplier.post('/v1/commands', spoil({ command: { ...command }, signature })))
    expect([refused.status, refused.problem.errors?.[0]?.field]).toEqual([status, field])
  })

  test('the same id with other content, and an expired command, are conflicts; another chain is not ours', async () => {
    const supplier = node.as('supplier-1:maker')
    const twice = await problemOf(
      supplier.perform('receivable.split', { ...SPLIT, holding: 'h1' }, { commandId: 'split-1' }),
    )
    expect([twice.status, twice.code]).toEqual([409, 'COMMAND_ID_CONFLICT'])
    const foreign = await supplier.prepare('receivable.split', SPLIT, { chainId: 'elsewhere' })
    const { command, signature } = foreign
    const refused = await problemOf(supplier.post('/v1/commands', { command, signature }))
    expect([refused.status, refused.code]).toEqual([422, 'WRONG_CHAIN'])
  })

  test('a position that never comes is told after the bound', async () => {
    const node2 = node.as('core:viewer')
    const answer = await problemOf(node2.get('/v1/receivables', { at: '999999.0' }))
    expect([answer.status, answer.code]).toEqual([503, 'BEHIND_POSITION'])
    const malformed = await problemOf(node2.get('/v1/receivables', { at: 'soon' }))
    expect([malformed.status, malformed.problem.errors?.[0]?.field]).toEqual([400, '/query/at'])
  })

  test('sorting by what is not offered and a cursor of nowhere name their fields', async () => {
    const regulator = node.as('regulator:viewer')
    expect((await problemOf(regulator.list('/v1/holdings', { sort: 'topics' }))).problem.errors?.[0]?.field).toBe(
      '/query/sort',
    )
    expect((await problemOf(regulator.list('/v1/holdings', { after: 'x' }))).problem.errors?.[0]?.field).toBe(
      '/query/after',
    )
    expect((await problemOf(regulator.list('/v1/holdings', { colour: 'red' }))).problem.errors?.[0]?.field).toBe(
      '/query/colour',
    )
  })
})

interface Body {
  command: Record<string, unknown>
  signature: string
}

describe('signing in', () => {
  const raw = async (path: string, body: unknown): Promise<Record<string, unknown>> => {
    const response = await node.app.inject({ method: 'POST', url: path, payload: body as object })
    return { status: response.statusCode, ...response.json<Record<string, unknown>>() }
  }

  test('a challenge is good once, for the key it was issued to', async () => {
    const { challenge } = await raw('/v1/challenges', { participant: 'core', keyId: 'maker-key' })
    const signature = 'A'.repeat(86)
    expect(await raw('/v1/tokens', { challenge, signature })).toMatchObject({ status: 401, code: 'NOT_SIGNED_IN' })
    expect(await raw('/v1/tokens', { challenge, signature })).toMatchObject({ status: 401, code: 'CHALLENGE_SPENT' })
  })

  test('a token speaks for its key and no other node takes it', async () => {
    expect(await node.as('core:maker').get('/v1/me')).toMatchObject({
      participant: 'core',
      operator: 'core:maker',
      functions: ['maker'],
    })
    const token = await node.as('core:maker').token()
    const [payload = '', mac = ''] = token.split('.')
    const forged = Buffer.from(payload, 'base64url').toString().replace('core:maker', 'core:payer')
    const answer = await node.app.inject({
      url: '/v1/me',
      headers: { authorization: `Bearer ${Buffer.from(forged).toString('base64url')}.${mac}` },
    })
    expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([401, 'BAD_TOKEN'])
  })
})

test('contracts describe themselves in both languages, and OpenAPI lists the routes', async () => {
  const zh = await node.app.inject({ url: '/v1/contracts', headers: { 'accept-language': 'zh' } })
  const split = zh
    .json<{ methods: { name: string; sentence: string }[] }>()
    .methods.find(({ name }) => name === 'receivable.split')
  expect(split?.sentence).toContain('拆分')
  const served = zh.json<{
    methods: { name: string; fields: unknown[] }[]
    events: { name: string; fields: unknown[] }[]
  }>()
  const find = (list: { name: string; fields: unknown[] }[], name: string) =>
    list.find((one) => one.name === name)?.fields
  expect(find(served.methods, 'receivable.issue')).toContainEqual({
    path: '/faceFen',
    visibility: 'parties',
    unit: 'fen',
  })
  expect(find(served.events, 'receivable.ReceivableDrafted')).toContainEqual({
    path: '/documents',
    visibility: 'commitment',
  })
  expect(find(served.events, 'calendar.DayRolled')).toEqual([{ path: '/date', visibility: 'public' }])
  const { paths } = (await node.app.inject({ url: '/openapi.json' })).json<{ paths: Record<string, unknown> }>()
  expect(Object.keys(paths)).toEqual(
    expect.arrayContaining([
      '/v1/commands',
      '/v1/holdings/{holding}/splits',
      '/v1/deals/{deal}/periods/{period}/runs',
      '/v1/stream',
    ]),
  )
})
