import fc from 'fast-check'
import { commandDigest } from '#proof/command'
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

/** JSON with a change at one place: `change` is given the field's name and value as they would be written. */
function written(value: unknown, change: (path: string, name: string, text: string) => string, path = ''): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map((item, i) => written(item, change, `${path}/${i}`)).join(',')}]`
  const fields = Object.entries(value).map(([name, item]) =>
    change(`${path}/${name}`, JSON.stringify(name), written(item, change, `${path}/${name}`)),
  )
  return `{${fields.join(',')}}`
}

function fieldsOf(value: unknown, path = ''): { path: string; value: unknown }[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, item]) => [
    ...(Array.isArray(value) ? [] : [{ path: `${path}/${name}`, value: item as unknown }]),
    ...fieldsOf(item, `${path}/${name}`),
  ])
}

const openBatch = {
  minimumSplitFen: '1',
  maximumTiers: 3,
  tenorCaps: [{ from: '2010-01-01', inPrincipleMonths: 6, atMostMonths: 12 }],
  closers: ['core'],
}

async function sent(payload: string): Promise<Answer> {
  const headers = { 'content-type': 'application/json', authorization }
  const answer = await fetch(`${node.url}/v1/commands`, { method: 'POST', headers, body: payload })
  return { status: answer.status, body: await answer.text(), type: String(answer.headers.get('content-type')) }
}

test('a signed command that says one thing twice, or a number otherwise, is refused there and nothing is committed', async () => {
  const { command, signature } = await node.as('core:maker').prepare('receivable.openBatch', { batch: 'b', ...openBatch }) // prettier-ignore
  const { height } = await node.ledger.head()
  const whole = { command, signature }
  const fields = fieldsOf(whole)
  const twice = fc
    .tuple(fc.constantFrom(...fields), fc.option(fc.constantFrom('null', '"2"', '{}', '[]', '7', 'true')), fc.boolean())
    .map(([{ path }, other, isFirst]) => ({
      code: 'DUPLICATE_NAME',
      path,
      text: written(
        whole,
        (at, name, text) =>
        at !== path ? `${name}:${text}` : [text, other ?? text].sort(() => (isFirst ? 1 : -1)).map((one) => `${name}:${one}`).join(), // prettier-ignore
      ),
    }))
  const numbers = fields.filter(({ value }) => typeof value === 'number')
  const respelt = fc
    .tuple(fc.constantFrom(...numbers), fc.constantFrom('.0', 'e0', 'E+0', '.000', 'e-1', '00000000000000000'))
    .map(([{ path, value }, end]) => ({
      code: 'BAD_NUMBER',
      path,
      text: written(whole, (at, name, text) => `${name}:${at === path ? `${String(value)}${end}` : text}`),
    }))
  await fc.assert(
    fc.asyncProperty(fc.oneof(twice, respelt), async ({ code, path, text }) => {
      const answer = await sent(text)
      isRefused(answer)
      expect(JSON.parse(answer.body), text).toMatchObject({ status: 400, code, errors: [{ field: `/body${path}` }] })
    }),
    { numRuns: 300 },
  )
  expect((await node.ledger.head()).height).toBe(height)
})

test('a signed command laid out in any way arrives as what was signed', async () => {
  let next = 0
  const layout = fc.record({
    space: fc.constantFrom('', ' ', '\t', '\r\n'),
    order: fc.infiniteStream(fc.boolean()),
    isEscaped: fc.boolean(),
  })
  await fc.assert(
    fc.asyncProperty(layout, async ({ space, order, isEscaped }) => {
      const batch = `layout-${(next += 1)}`
      const { command, signature } = await node.as('core:maker').prepare('receivable.openBatch', { batch, ...openBatch }) // prettier-ignore
      const shuffled = (value: unknown): unknown => {
        if (Array.isArray(value)) return value.map(shuffled)
        if (typeof value !== 'object' || value === null) return value
        const entries = Object.entries(value).map(([name, item]) => [name, shuffled(item)] as const)
        return Object.fromEntries(entries.sort(() => (order.next().value ? 1 : -1)))
      }
      const text = JSON.stringify(shuffled({ command, signature }), null, space)
      const answer = await sent(isEscaped ? text.replaceAll('batch', '\\u0062atch') : text)
      expect([answer.status, JSON.parse(answer.body)]).toMatchObject([201, { digest: commandDigest(command) }])
    }),
    { numRuns: 20 },
  )
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
