import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestNode, type TestNode } from '../testing/node.ts'

let node: TestNode
beforeAll(async () => {
  node = await startTestNode({ limits: { ratePerSecond: 1, rateBurst: 2 } })
})
afterAll(() => node.stop())

test('beyond its quota a participant is answered 429 with Retry-After, and another is served', async () => {
  const client = node.as('core:maker')
  const other = node.as('operator:service')
  const send = async (n: number) => {
    const args = { batch: `b${n}`, minimumSplitFen: '1', maximumTiers: null, tenorCaps: [{ from: '2010-01-01', inPrincipleMonths: 6, atMostMonths: 12 }], closers: ['core'] } // prettier-ignore
    const { command, signature } = await client.prepare('receivable.openBatch', args)
    return fetch(`${node.url}/v1/commands`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${await client.token()}` },
      body: JSON.stringify({ command, signature }),
    })
  }
  // More at once than the burst and the seconds that this takes allow.
  const answers = await Promise.all(Array.from({ length: 40 }, (_, n) => send(n)))
  const refused = answers.filter(({ status }) => status === 429)
  expect(refused.length).toBeGreaterThan(0)
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201, 429]))
  for (const answer of refused) {
    expect(await answer.json()).toMatchObject({ code: 'QUOTA', status: 429 })
    expect(answer.headers.get('retry-after')).toMatch(/^[1-9][0-9]?$/)
  }
  await expect(other.perform('calendar.roll', { date: '2011-01-01' })).resolves.toMatchObject({ events: [{}] })
})
