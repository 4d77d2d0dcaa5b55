import postgres from 'postgres'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { testDatabase } from '#engines/testing/index'
import { NoticeBoard } from '#node/notices/notice-board'
import { startTestNode, type TestNode } from '../testing/node.ts'

let node: TestNode
let close: () => Promise<void>
beforeAll(async () => {
  const sql = postgres((await testDatabase()).url, { max: 2, onnotice: () => undefined })
  close = () => sql.end({ timeout: 5 })
  const notices = await NoticeBoard.open(sql)
  const told = ['core:1', 'supplier-1:1', 'core:2', 'core:2', 'core:3']
  for (const [index, id] of told.entries()) {
    await notices.tell({ id, participant: id.split(':')[0]!, subject: `subject of ${id}`, position: `${index + 1}.0` })
  }
  node = await startTestNode({ notices })
})
afterAll(async () => {
  await node.stop()
  await close()
})

test('an organisation reads its own notices, page by page, each once', async () => {
  const { items, next } = await node.as('core:viewer').list('/v1/notices', { limit: 2 })
  expect(items).toMatchObject([
    { id: 'core:1', subject: 'subject of core:1', position: '1.0' },
    { id: 'core:2', subject: 'subject of core:2', position: '3.0' },
  ])
  const rest = await node.as('core:maker').list('/v1/notices', { limit: 2, after: next! })
  expect(rest.items.map(({ id }) => id)).toEqual(['core:3'])
  expect(rest.next).toBeNull()
})

test('and not another’s; the regulator has none either', async () => {
  const ids = async (who: string) => (await node.as(who).list('/v1/notices')).items.map(({ id }) => id)
  expect(await ids('supplier-1:viewer')).toEqual(['supplier-1:1'])
  expect(await ids('supplier-2:viewer')).toEqual([])
  expect(await ids('regulator:viewer')).toEqual([])
  expect((await node.app.inject({ url: '/v1/notices' })).statusCode).toBe(401)
})

test('a page that cannot be names its field', async () => {
  const core = node.as('core:viewer')
  for (const [query, field] of [
    [{ after: 'x' }, '/query/after'],
    [{ limit: 0 }, '/query/limit'],
    [{ participant: 'supplier-1' }, '/query/participant'],
  ] as const) {
    await expect(core.list('/v1/notices', query)).rejects.toMatchObject({
      status: 400,
      problem: { errors: expect.arrayContaining([expect.objectContaining({ field })]) as unknown },
    })
  }
})
