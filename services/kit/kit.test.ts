import { Type } from 'typebox'
import type { FastifyInstance } from 'fastify'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { LEDGER_ERROR_CODES, LedgerError, type LedgerErrorCode } from '#ledger-adapter/port'
import type { Authenticator } from './caller.ts'
import { MAX_BODY_BYTES } from './body.ts'
import { csvOf } from './csv.ts'
import { languageOf } from './language.ts'
import { unauthorized } from './problem.ts'
import { mount, routeOf } from './route.ts'
import { createServer } from './server.ts'

interface Deps {
  fail(code: string): never
}
const route = routeOf<Deps>('test')
const Body = Type.Object(
  { name: Type.String({ maxLength: 10 }), nested: Type.Object({ fen: Type.String({ pattern: '^[0-9]+$' }) }) },
  { additionalProperties: false },
)
const routes = [
  route({
    method: 'POST',
    url: '/echo',
    summary: 'Echo',
    open: true,
    schema: { body: Body, response: { 201: Body } },
    handler: async ({ body }) => body,
  }),
  route({
    method: 'GET',
    url: '/fail/{code}',
    summary: 'Fail',
    open: true,
    schema: { params: Type.Object({ code: Type.String() }), response: { 200: Type.Null() } },
    handler: async ({ params }, { fail }) => fail(params.code),
  }),
  route({
    method: 'GET',
    url: '/me',
    summary: 'Who',
    schema: {
      querystring: Type.Object({ limit: Type.Optional(Type.Integer({ maximum: 5 })) }),
      response: { 200: Type.Any() },
    },
    handler: async ({ caller, query }) => ({ participant: caller.participant, limit: query.limit ?? null }),
  }),
  route({
    method: 'GET',
    url: '/wrong-answer',
    summary: 'Breaks its promise',
    open: true,
    schema: { response: { 200: Type.Object({ promised: Type.String() }) } },
    handler: async () => ({}),
  }),
]
const authenticator: Authenticator = {
  authenticate: async (token) => {
    if (token !== 'good') throw unauthorized('BAD_TOKEN', 'not good')
    return { participant: 'bank', operator: 'clerk', keyId: 'k1', roles: [], functions: [] }
  },
}

let app: FastifyInstance
beforeEach(async () => {
  app = await createServer({ checkAnswers: true })
  const fail = (code: string): never => {
    if (code in LEDGER_ERROR_CODES)
      throw new LedgerError('admission', code as LedgerErrorCode, true, { field: '/command/args' })
    throw new Error(`secret ${code}`)
  }
  mount(app, routes, { authenticator, fail })
})
afterEach(() => app.close())

const post = (payload: string | Buffer, type = 'application/json') =>
  app.inject({ method: 'POST', url: '/echo', payload, headers: { 'content-type': type } })
const valid = { name: 'a', nested: { fen: '1' } }

describe('bad bodies are refused with the name of the field, never with a 500', () => {
  test.each([
    ['not JSON', '{"name":', 400, '/body'],
    ['no body', '', 400, '/body'],
    ['not UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), 400, '/body'],
    ['an array', '[]', 400, '/body'],
    ['a null', 'null', 400, '/body'],
    ['a missing field', JSON.stringify({ name: 'a', nested: {} }), 400, '/body/nested/fen'],
    ['an unknown field', JSON.stringify({ ...valid, extra: 1 }), 400, '/body/extra'],
    ['a wrong type', JSON.stringify({ ...valid, name: 7 }), 400, '/body/name'],
    ['a wrong pattern', JSON.stringify({ ...valid, nested: { fen: '1.5' } }), 400, '/body/nested/fen'],
    ['too deep', '['.repeat(100_000) + ']'.repeat(100_000), 400, '/body'],
    ['a prototype', '{"__proto__":{"x":1},"name":"a"}', 400, '/body/__proto__'],
    ['a name that stands twice', '{"name":"a","nested":{"fen":"1","f\\u0065n":"2"}}', 400, '/body/nested/fen'],
    ['a number in another spelling', '{"name":"a","nested":{"fen":1e3}}', 400, '/body/nested/fen'],
    ['a byte order mark', `\ufeff${JSON.stringify(valid)}`, 400, '/body'],
    ['too large', JSON.stringify({ name: 'x'.repeat(MAX_BODY_BYTES) }), 413, '/body'],
  ])('%s', async (_what, payload, status, field) => {
    const answer = await post(payload)
    expect(answer.statusCode).toBe(status)
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/)
    const problem = answer.json<{ errors: { field: string }[]; status: number; requestId: string }>()
    expect(problem.errors.map((error) => error.field)).toContain(field)
    expect(problem).toMatchObject({ status, instance: '/echo' })
    expect(answer.body).not.toMatch(/at .*\.(ts|js):\d/)
  })

  test('another media type is 415', async () => {
    const answer = await post('<a/>', 'application/xml')
    expect(answer.statusCode).toBe(415)
    expect(answer.json()).toMatchObject({ code: 'FST_ERR_CTP_INVALID_MEDIA_TYPE', errors: [{ field: '/body' }] })
  })

  test('a good body passes, with the status the route promises', async () => {
    const answer = await post(JSON.stringify(valid))
    expect([answer.statusCode, answer.json()]).toEqual([201, valid])
  })
})

describe('errors', () => {
  test.each(Object.keys(LEDGER_ERROR_CODES))(
    'ledger error %s has its own status and says whether the outcome is known',
    async (code) => {
      const answer = await app.inject({ url: `/fail/${code}` })
      expect(answer.statusCode).toBeGreaterThanOrEqual(400)
      expect(answer.statusCode).not.toBe(500)
      expect(answer.json()).toMatchObject({ code, outcomeKnown: true, errors: [{ field: '/body/command/args' }] })
    },
  )

  test('who has sent too much is told when to come again, in whole seconds', async () => {
    for (const [retryAfterMs, seconds] of [
      [100, '1'],
      [1000, '1'],
      [1001, '2'],
      [60_000, '60'],
    ] as const) {
      const busy = await createServer({ checkAnswers: true })
      const quota = { participant: 'core', limit: 'rate', max: 10, retryAfterMs }
      const fail = () => {
        throw new LedgerError('queue', 'QUOTA', true, quota)
      }
      mount(busy, routes, { fail, authenticator })
      const answer = await busy.inject({ url: '/fail/QUOTA' })
      expect([answer.statusCode, answer.headers['retry-after']]).toEqual([429, seconds])
      expect(answer.json()).toMatchObject({ code: 'QUOTA' })
      await busy.close()
    }
  })

  test('an unforeseen error says nothing of itself', async () => {
    const answer = await app.inject({ url: '/fail/hidden' })
    expect(answer.statusCode).toBe(500)
    expect(answer.body).not.toContain('secret')
    expect(answer.json()).toMatchObject({ code: 'INTERNAL', requestId: answer.headers['x-request-id'] })
  })

  test('an answer that breaks its schema is caught where answers are checked', async () => {
    expect((await app.inject({ url: '/wrong-answer' })).statusCode).toBe(500)
  })

  test('titles are in the language asked for', async () => {
    const answer = await app.inject({ url: '/nowhere', headers: { 'accept-language': 'fr, zh-CN;q=0.9, en;q=0.5' } })
    expect([answer.statusCode, answer.json<{ title: string }>().title]).toEqual([404, '地址不存在'])
    expect([languageOf('en;q=0.2, zh;q=0.3'), languageOf('de'), languageOf(undefined), languageOf('zh;q=0')]).toEqual([
      'zh',
      'en',
      'en',
      'en',
    ])
  })
})

describe('callers', () => {
  test.each([
    [undefined, 'NO_TOKEN'],
    ['Basic abc', 'BAD_TOKEN'],
    ['Bearer bad', 'BAD_TOKEN'],
  ])('%s is 401', async (authorization, code) => {
    const answer = await app.inject({ url: '/me', headers: authorization ? { authorization } : {} })
    expect([answer.statusCode, answer.json<{ code: string }>().code, answer.headers['www-authenticate']]).toEqual([
      401,
      code,
      'Bearer',
    ])
  })

  test('a token opens the route, and the query is converted and bounded', async () => {
    const headers = { authorization: 'Bearer good' }
    expect((await app.inject({ url: '/me?limit=3', headers })).json()).toEqual({ participant: 'bank', limit: 3 })
    const bad = await app.inject({ url: '/me?limit=9', headers })
    expect([bad.statusCode, bad.json<{ errors: { field: string }[] }>().errors[0]?.field]).toEqual([
      400,
      '/query/limit',
    ])
  })
})

test('OpenAPI 3.1 names every route, its parameters and who may call it', async () => {
  const document = (await app.inject({ url: '/openapi.json' })).json<{
    openapi: string
    paths: Record<string, Record<string, { security: unknown[]; parameters?: { name: string }[] }>>
  }>()
  expect(document.openapi).toBe('3.1.0')
  expect(Object.keys(document.paths).sort()).toEqual(['/echo', '/fail/{code}', '/me', '/wrong-answer'])
  expect(document.paths['/me']?.get).toMatchObject({ security: [{ bearer: [] }], parameters: [{ name: 'limit' }] })
})

test('CSV quotes what must be quoted and disarms formulas', () => {
  expect(
    csvOf(
      ['a', 'b'],
      [
        { a: 'x,"y"', b: null },
        { a: '=1+1', b: '-5' },
      ],
    ),
  ).toBe('a,b\r\n"x,""y""",\r\n\'=1+1,-5\r\n')
})
