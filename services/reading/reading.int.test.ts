// A crowd that waits for a block, over HTTP.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { BATCH } from '#contracts/receivable/testing/story'
import { startTestNode, type TestNode } from '../testing/node.ts'

const CROWD = 2_000

let node: TestNode
beforeAll(async () => {
  node = await startTestNode({ maxWaitMs: 25_000, checkAnswers: false })
})
afterAll(() => node.stop())

test('2,000 reads that wait do not keep others from being served, and are answered when their block is there', async () => {
  const [viewer, core] = [node.as('core:viewer'), node.as('core:maker')]
  const { height } = await node.ledger.head()
  await viewer.token()
  let answered = 0
  const crowd = Promise.allSettled(
    Array.from({ length: CROWD }, async () => {
      await viewer.get('/v1/receivables', { at: `${height + 2}.0` })
      answered += 1
    }),
  )
  const first = await core.perform('receivable.openBatch', BATCH)
  expect(first.position).toBe(`${height + 1}.0`)
  await core.get('/v1/receivables', { at: first.position })
  await viewer.get('/v1/receivables')
  expect(answered).toBe(0)
  await core.perform('receivable.openBatch', { ...BATCH, batch: 'c' })
  const refused = (await crowd).flatMap((one) => (one.status === 'rejected' ? [String(one.reason)] : []))
  expect([...new Set(refused)]).toEqual([])
  expect(answered).toBe(CROWD)
}, 60_000)
