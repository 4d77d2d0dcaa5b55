import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ApiError, SluiceClient } from '#client/client'
import { accountsOf } from '#contracts/deal/testing/ledger-of'
import { last, MONTH } from '#contracts/deal/testing/chapters'
import { DEAL, PlanStory } from '#contracts/deal/testing/plan'
import { distributionKey } from '#contracts/servicing/state'
import { testDatabase } from '#engines/testing/index'
import type { Ledger } from '#ledger-adapter/port'
import { ScriptedLog } from '#node/testing/scripted-log'
import type { Json } from '#proof/json'
import { createNodeApp, type NodeApp } from './app.ts'
import { signerOf } from './testing/node.ts'

/** A log over the state of a contract story: reads answer as a ledger's do, at its last height. */
class StoryLog extends ScriptedLog {
  constructor(private readonly state: ReadonlyMap<string, string>) {
    super()
  }
  async query(keys: readonly string[]) {
    const values = keys.map((key) => {
      const text = this.state.get(key)
      return text === undefined ? undefined : (JSON.parse(text) as Json)
    })
    return { height: this.height, values }
  }
}

const story = new PlanStory().established().month(MONTH).month(MONTH)
const repaid = 2n * (MONTH.principal + MONTH.defaulted)
story.month({ ...last(story), principal: story.poolFen - repaid })
const log = new StoryLog(story.world.state)
const { events } = story.world
for (let i = 0; i < events.length; i += 7) log.take(events.slice(i, i + 7))
const at = `${log.height}.0`

const started: { name: string; workflowId: string; participant: string; input: object }[] = []
const errors: string[] = []
let node: NodeApp
let url: string
beforeAll(async () => {
  const { url: databaseUrl } = await testDatabase()
  node = await createNodeApp({
    ledger: log as unknown as Ledger,
    databaseUrl,
    workflows: { start: async (request) => void started.push(request), hint: async () => undefined },
    checkAnswers: true,
    maxWaitMs: 20_000,
    onError: (where, error) => errors.push(`${where}: ${String(error)}`),
  })
  url = await node.app.listen({ host: '127.0.0.1', port: 0 })
})
afterAll(async () => {
  await node.close()
  expect(errors).toEqual([])
})

const as = (operator: string) => new SluiceClient({ url, signer: signerOf(operator) })
type Row = Record<string, unknown>

test('the read model of cash is the state of cash, account by account', async () => {
  const rows: Row[] = []
  for await (const row of as('regulator:viewer').all('/v1/accounts', { at, limit: 5, sort: '-postedFen' }))
    rows.push(row)
  const want = accountsOf(story.world).map(({ id, postedFen, reservedFen }) => ({ id, postedFen, reservedFen }))
  const got = rows.map(({ id, postedFen, reservedFen }) => ({ id, postedFen, reservedFen }))
  const byId = (a: Row, b: Row) => (String(a['id']) < String(b['id']) ? -1 : 1)
  expect(got.sort(byId)).toEqual(want.sort(byId))
  const sums = rows.map(({ postedFen }) => BigInt(String(postedFen)))
  expect(sums).toEqual([...sums].sort((a, b) => (a < b ? 1 : a > b ? -1 : 0)))
})

test('periods, tranches and waterfall lines are what the contract calculated', async () => {
  const investor = as('investor-a:viewer')
  const { items: periods } = await investor.list('/v1/deals/plan-1/periods', { at, sort: 'period' })
  expect(periods.map(({ period, state }) => [period, state])).toEqual([
    ['2011-01', 'settled'],
    ['2011-02', 'settled'],
    ['2011-03', 'settled'],
  ])
  const stated = story.world.read(distributionKey(DEAL, '2011-02'))!
  const { items: tranches } = await investor.list('/v1/deals/plan-1/periods/2011-02/tranches')
  for (const want of stated.tranches) expect(tranches).toContainEqual(expect.objectContaining(want))
  const { items: lines } = await investor.list('/v1/deals/plan-1/periods/2011-02/lines', { sort: 'line' })
  const event = events.find(({ event, data }) => event === 'DistributionCalculated' && data['period'] === '2011-02')!
  const want = (event.data['lines'] as unknown as Row[]).map(({ step, clause, due, paid, shortfall }) => ({
    step,
    clause,
    due,
    paid,
    shortfall,
  }))
  expect(lines.map(({ step, clause, due, paid, shortfall }) => ({ step, clause, due, paid, shortfall }))).toEqual(want)
  expect(lines.length).toBeGreaterThan(3)
})

describe('who sees what', () => {
  test('a holder its own amounts, the plan manager all, a stranger none', async () => {
    const holders = async (operator: string) =>
      new Set((await as(operator).list('/v1/deals/plan-1/payments', { at })).items.map(({ holder }) => holder))
    const all = await holders('manager:viewer')
    expect(all.size).toBeGreaterThan(2)
    expect(await holders('investor-a:viewer')).toEqual(new Set(['investor-a']))
    expect(await holders('regulator:viewer')).toEqual(all)
    expect(await holders('supplier-1:viewer')).toEqual(new Set())
  })

  test('terms go to parties and holders, with the hash that was confirmed; not to strangers, though the decision is public', async () => {
    const terms = await as('investor-b:viewer').get('/v1/deals/plan-1/terms', { at })
    expect(terms).toMatchObject({ deal: DEAL, termsHash: story.termsHash, terms: story.terms as unknown as Row })
    const stranger = as('supplier-1:viewer')
    await expect(stranger.get('/v1/deals/plan-1/terms')).rejects.toMatchObject({ status: 404 })
    await expect(stranger.get('/v1/deals/plan-1')).rejects.toMatchObject({ status: 404 })
    const { items: steps } = await stranger.list('/v1/deals/plan-1/steps')
    expect(steps.map(({ step }) => step)).toEqual(['Decided'])
  })

  test('everybody sees the members', async () => {
    const { items } = await as('supplier-1:viewer').list('/v1/participants', { at })
    expect(items).toHaveLength(16)
    const keys = await as('supplier-1:viewer').list('/v1/participants/core/keys')
    expect(keys.items.map(({ keyId }) => keyId)).toContain('checker-key')
  })
})

describe('running a period', () => {
  const run = (operator: string, deal = DEAL, period = '2011-04') =>
    as(operator).post<{ workflowId: string }>(`/v1/deals/${deal}/periods/${period}/runs`)
  const codeOf = (answer: Promise<unknown>) =>
    answer.then(
      () => 'started',
      (error: ApiError) => error.code,
    )

  test('starts the part of the caller, for the caller, under its business key', async () => {
    expect(await run('manager:service')).toEqual({ workflowId: 'planPeriod:plan-1:2011-04' })
    expect(await run('custodian:maker')).toEqual({ workflowId: 'custodianPeriod:plan-1:2011-04' })
    expect(started).toMatchObject([
      { name: 'planPeriod', participant: 'manager', input: { deal: DEAL, period: '2011-04', index: 3 } },
      { name: 'custodianPeriod', participant: 'custodian' },
    ])
  })

  test('is not for viewers, for who has no part in it, or for strangers', async () => {
    expect(await codeOf(run('manager:viewer'))).toBe('WRONG_FUNCTION')
    expect(await codeOf(run('rating:maker'))).toBe('NO_PART_IN_PERIODS')
    expect(await codeOf(run('supplier-1:maker'))).toBe('NOT_FOUND')
    expect(await codeOf(run('manager:maker', 'plan-9'))).toBe('NOT_FOUND')
    expect(await codeOf(run('manager:maker', DEAL, '1999-01'))).toBe('NOT_FOUND')
    expect(started).toHaveLength(2)
  })
})
