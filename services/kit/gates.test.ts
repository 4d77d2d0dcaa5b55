import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { afterEach, expect, test } from 'vitest'
import type { Authenticator } from './caller.ts'
import { Gates, networkOf, type RequestLimits } from './gates.ts'
import { unauthorized } from './problem.ts'
import { mount, routeOf } from './route.ts'
import { createServer } from './server.ts'

/** Work that goes on until it is let go. */
class Work {
  private readonly running = new Set<() => void>()
  private readonly waiting = new Set<() => void>()
  run = (): Promise<Record<string, never>> =>
    new Promise((resolve) => {
      this.running.add(() => resolve({}))
      for (const wake of this.waiting) wake()
    })
  async until(count: number): Promise<void> {
    while (this.running.size < count) await new Promise<void>((resolve) => this.waiting.add(resolve))
  }
  letGo(): void {
    for (const end of this.running) end()
    this.running.clear()
  }
}

let app: FastifyInstance
afterEach(() => app.close())

async function server(requests: Partial<RequestLimits>) {
  const [work, asked] = [new Work(), { count: 0 }]
  const authenticator: Authenticator = {
    authenticate: async (token) => {
      asked.count += 1
      if (token === 'bad') throw unauthorized('BAD_TOKEN', 'not good')
      return { participant: token, operator: 'o', keyId: 'k', roles: [], functions: [] }
    },
  }
  const route = routeOf<object>('test')
  const schema = { response: { 200: Type.Object({}) } }
  app = await createServer({ requests })
  mount(
    app,
    [
      route({ method: 'GET', url: '/work', summary: 'works', schema, handler: work.run }),
      route({ method: 'GET', url: '/open', summary: 'works for anybody', open: true, schema, handler: work.run }),
      route({ method: 'POST', url: '/write', summary: 'writes', schema, handler: work.run }),
      route({ method: 'GET', url: '/fail', summary: 'fails', schema, handler: () => Promise.reject(new Error('no')) }),
      route({ method: 'GET', url: '/at-once', summary: 'answers', schema, handler: async () => ({}) }),
    ],
    { authenticator },
  )
  const get = (url: string, who = 'bank', over: object = {}) =>
    app.inject({ url, headers: { authorization: `Bearer ${who}` }, ...over })
  return { work, asked, get }
}

test('more reads than a node takes are answered 503 before anybody is asked who sends them; writes go on', async () => {
  const { work, asked, get } = await server({ readsAtOnce: 2 })
  const reads = [get('/work'), get('/work', 'core')]
  await work.until(2)
  const third = await get('/work', 'other')
  expect([third.statusCode, third.headers['retry-after'], third.json()]).toMatchObject([503, '1', { code: 'BUSY' }])
  expect(asked.count).toBe(2)
  const write = get('/write', 'core', { method: 'POST' })
  await work.until(3)
  work.letGo()
  expect((await Promise.all([...reads, write])).map(({ statusCode }) => statusCode)).toEqual([200, 200, 200])
  expect((await get('/at-once')).statusCode).toBe(200)
})

test('one participant does not take the places of the others', async () => {
  const { work, get } = await server({ readsAtOnce: 3, readsOfOneAtOnce: 1 })
  const first = get('/work')
  await work.until(1)
  const second = await get('/work')
  expect([second.statusCode, second.json()]).toMatchObject([429, { code: 'TOO_MANY_REQUESTS' }])
  const other = get('/work', 'core')
  await work.until(2)
  work.letGo()
  expect([(await first).statusCode, (await other).statusCode]).toEqual([200, 200])
})

test('who hangs up early leaves its work counted until it is done', async () => {
  const { work } = await server({ readsAtOnce: 2 })
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  const ask = (signal?: AbortSignal) =>
    fetch(`${url}/work`, { headers: { authorization: 'Bearer bank' }, ...(signal && { signal }) })
  const gone = new AbortController()
  const both = [ask(gone.signal), ask(gone.signal)]
  await work.until(2)
  const hungUp = new Promise<void>((resolve) => app.addHook('onRequestAbort', (_, done) => (resolve(), done())))
  gone.abort()
  await Promise.allSettled([...both, hungUp])
  expect((await ask()).status).toBe(503)
  work.letGo()
  await new Promise((resolve) => setImmediate(resolve))
  const later = ask()
  await work.until(1)
  work.letGo()
  expect((await later).status).toBe(200)
})

test('a place comes back whatever became of the request', async () => {
  const { get } = await server({ readsAtOnce: 1, readsOfOneAtOnce: 1, openAtOnce: 1 })
  const statuses: number[] = []
  for (let round = 0; round < 3; round += 1) {
    for (const [url, who] of [
      ['/at-once', 'bank'],
      ['/fail', 'bank'],
      ['/at-once', 'bad'],
      ['/nowhere', 'bank'],
      ['/openapi.json', 'x'],
    ] as const)
      // prettier-ignore
      statuses.push((await get(url, who)).statusCode)
  }
  expect(statuses).toEqual([200, 500, 401, 404, 200, 200, 500, 401, 404, 200, 200, 500, 401, 404, 200])
})

test('what nobody signs in for is bounded by where it comes from, and in all; nothing needs a declaration', async () => {
  const { work, get } = await server({ openPerSecond: 0.001, openBurst: 2, openAtOnce: 3 })
  const from = (remoteAddress: string, url = '/nowhere') => get(url, 'x', { remoteAddress })
  expect((await from('10.0.0.1')).statusCode).toBe(404)
  expect((await from('10.0.0.1', '/openapi.json')).statusCode).toBe(200)
  const refused = await from('::ffff:10.0.0.1')
  expect(refused.statusCode).toBe(429)
  expect(refused.headers['retry-after']).toMatch(/^[1-9][0-9]{1,3}$/)
  expect(refused.json()).toMatchObject({ code: 'TOO_MANY_REQUESTS', details: { retryAfterMs: expect.any(Number) } })
  const open = ['10.0.0.2', '10.0.0.3', '10.0.0.4'].map((address) => from(address, '/open'))
  await work.until(3)
  expect((await from('10.0.0.5', '/open')).json()).toMatchObject({ status: 503, code: 'BUSY' })
  expect((await get('/at-once')).statusCode).toBe(200)
  work.letGo()
  expect((await Promise.all(open)).map(({ statusCode }) => statusCode)).toEqual([200, 200, 200])
})

test('a rate comes back with time', async () => {
  app = await createServer()
  let now = 0
  const gates = new Gates({ openPerSecond: 2, openBurst: 2, openPerSecondInAll: 3 }, () => now)
  const ask = (address: string): string | undefined => {
    try {
      gates.enter('open', address).close()
      return undefined
    } catch (error) {
      return (error as { code: string }).code
    }
  }
  expect([ask('a'), ask('a'), ask('a')]).toEqual([undefined, undefined, 'TOO_MANY_REQUESTS'])
  expect([ask('b'), ask('b')]).toEqual([undefined, 'BUSY'])
  now += 500
  expect([ask('a'), ask('a')]).toEqual([undefined, 'TOO_MANY_REQUESTS'])
})

test.each([
  ['127.0.0.1', '127.0.0.1'],
  ['::ffff:10.1.2.3', '10.1.2.3'],
  ['::1', '0:0:0:0'],
  ['2001:db8::1', '2001:db8:0:0'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:db8:1:2::', '2001:db8:1:2'],
  ['fe80::', 'fe80:0:0:0'],
])('%s is counted as %s', (address, network) => {
  expect(networkOf(address)).toBe(network)
})
