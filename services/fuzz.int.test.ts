import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestNode, type TestNode } from './testing/node.ts'

let node: TestNode
let authorization: string
let urls: string[]
beforeAll(async () => {
  node = await startTestNode()
  authorization = `Bearer ${await node.as('core:maker').token()}`
  const { paths } = (await node.app.inject({ url: '/openapi.json' })).json<{
    paths: Record<string, { post?: unknown }>
  }>()
  urls = Object.entries(paths).flatMap(([path, { post }]) => (post ? [path.replace(/\{\w+\}/g, 'x')] : []))
})
afterAll(() => node.stop())

interface Answer {
  readonly status: number
  readonly body: string
  readonly type: string
}
async function post(url: string, payload: string): Promise<Answer> {
  const headers = { 'content-type': 'application/json', authorization }
  const { statusCode, body, headers: got } = await node.app.inject({ method: 'POST', url, payload, headers })
  return { status: statusCode, body, type: String(got['content-type']) }
}

function isRefused({ status, body, type }: Answer): void {
  expect([status >= 400 && status < 500, body]).toEqual([true, body])
  expect(type).toMatch(/^application\/problem\+json/)
  expect(body).not.toMatch(/\.(ts|js):\d+/)
}

/** Runs of periods take no body; the rest need one that is signed. */
const isWrite = (url: string): boolean => !url.endsWith('/runs')

test('whatever is posted wherever, it is a 4xx problem and nothing is committed', async () => {
  const { height } = await node.ledger.head()
  const text = fc.oneof(
    fc.json({ maxDepth: 6 }),
    fc.string({ unit: 'binary' }),
    fc.jsonValue().map((value) => JSON.stringify({ command: value })),
  )
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...urls.filter(isWrite)), text, async (url, payload) =>
      isRefused(await post(url, payload)),
    ),
    { numRuns: 500 },
  )
  expect((await node.ledger.head()).height).toBe(height)
})

test('a signed command with any one part replaced is a 4xx problem and nothing is committed', async () => {
  const { command, signature } = await node
    .as('core:maker')
    .prepare('receivable.openBatch', { batch: 'b', closers: [] })
  const { height } = await node.ledger.head()
  const whole: Record<string, unknown> = { ...command, signature }
  const spoilt = fc
    .tuple(fc.constantFrom(...Object.keys(whole)), fc.jsonValue({ maxDepth: 3 }))
    .filter(([field, value]) => JSON.stringify(whole[field]) !== JSON.stringify(value))
  await fc.assert(
    fc.asyncProperty(spoilt, async ([field, value]) => {
      const { signature: signed, ...rest } = { ...whole, [field]: value }
      isRefused(await post('/v1/commands', JSON.stringify({ command: rest, signature: signed })))
    }),
    { numRuns: 500 },
  )
  expect((await node.ledger.head()).height).toBe(height)
})

test('any query of any list is answered or refused by name', async () => {
  const name = fc.constantFrom('after', 'after', 'limit', 'sort', 'owner', 'state', 'parent', 'x')
  const pointer = fc
    .tuple(fc.string({ unit: 'binary', maxLength: 5 }), fc.string({ unit: 'binary', maxLength: 5 }))
    .map((pair) => Buffer.from(JSON.stringify(pair)).toString('base64url'))
  const query = fc.array(
    fc.tuple(name, fc.oneof(fc.string({ maxLength: 30 }), fc.string({ unit: 'binary' }), pointer)),
    { maxLength: 4 },
  )
  await fc.assert(
    fc.asyncProperty(query, async (pairs) => {
      const url = `/v1/holdings?${new URLSearchParams(pairs).toString()}`
      const sorted = `${url}&sort=maturity`
      for (const each of [url, sorted]) {
        const { statusCode, body } = await node.app.inject({ url: each, headers: { authorization } })
        expect([statusCode === 200 || (statusCode >= 400 && statusCode < 500), body]).toEqual([true, body])
      }
    }),
    { numRuns: 300 },
  )
})
