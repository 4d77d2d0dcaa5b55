import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { afterEach, expect, test } from 'vitest'
import { waiting } from '#ledger-adapter/waiting'
import type { RequestLimits } from './gates.ts'
import { mount, routeOf } from './route.ts'
import { createServer } from './server.ts'

/** Where those who come stay until they are let go. */
class Room {
  private readonly inside: (() => void)[] = []
  private readonly watching = new Set<() => void>()
  readonly came: string[] = []
  isOpen = false

  stay(who: string): Promise<void> {
    this.came.push(who)
    for (const look of this.watching) look()
    return this.isOpen ? Promise.resolve() : new Promise((resolve) => this.inside.push(resolve))
  }
  async until(count: number): Promise<void> {
    while (this.came.length < count) await new Promise<void>((resolve) => this.watching.add(resolve))
  }
  open(): void {
    this.isOpen = true
    this.letGo(this.inside.length)
  }
  letGo(count: number): void {
    for (const go of this.inside.splice(0, count)) go()
  }
}

let app: FastifyInstance
afterEach(() => app.close())

async function server(requests: Partial<RequestLimits>) {
  const [block, work] = [new Room(), new Room()]
  const route = routeOf<object>('test')
  const answers = { response: { 200: Type.Object({}) } }
  const querystring = Type.Object({ at: Type.Optional(Type.String()) })
  app = await createServer({ requests })
  mount(
    app,
    [
      route({
        method: 'GET',
        url: '/rows',
        summary: 'waits for a block when it is asked to, and works',
        schema: { ...answers, querystring },
        async handler({ query, caller }) {
          if (query.at !== undefined) await waiting(() => block.stay(caller.participant))
          await work.stay(caller.participant)
          return {}
        },
      }),
      route({
        method: 'GET',
        url: '/proof',
        summary: 'waits unasked',
        schema: answers,
        async handler({ caller }) {
          await waiting(() => block.stay(caller.participant))
          return {}
        },
      }),
      route({
        method: 'GET',
        url: '/left-behind',
        summary: 'fails while a wait of its own goes on',
        schema: answers,
        async handler({ caller }) {
          void waiting(() => block.stay(caller.participant))
          void Promise.resolve().then(() => waiting(() => block.stay(caller.participant)))
          return Promise.reject(new Error('no'))
        },
      }),
      route({ method: 'GET', url: '/at-once', summary: 'answers', schema: answers, handler: async () => ({}) }),
    ],
    {
      authenticator: {
        authenticate: async (participant) => ({ participant, operator: 'o', keyId: 'k', roles: [], functions: [] }),
      },
    },
  )
  const get = (url: string, who = 'bank') => app.inject({ url, headers: { authorization: `Bearer ${who}` } })
  const crowd = (count: number, who = 'bank', url = '/rows?at=1.0') => Array.from({ length: count }, () => get(url, who)) // prettier-ignore
  return { block, work, get, crowd }
}

const statuses = async (answers: readonly Promise<{ statusCode: number }>[]) =>
  (await Promise.all(answers)).map(({ statusCode }) => statusCode)
const times = <T>(count: number, value: T): T[] => Array<T>(count).fill(value)

test('a crowd that waits keeps no plain read out, of its own participant neither', async () => {
  const { block, work, get, crowd } = await server({ readsAtOnce: 2, readsOfOneAtOnce: 2 })
  const many = crowd(50)
  await block.until(50)
  expect(await statuses([get('/at-once'), get('/at-once', 'core')])).toEqual([200, 200])
  work.open()
  block.open()
  expect(await statuses(many)).toEqual(times(50, 200))
})

test('a crowd whose block has come works in half of the places, and plain reads in the others', async () => {
  const { block, work, get, crowd } = await server({ readsAtOnce: 4, readsOfOneAtOnce: 4 })
  const many = crowd(20)
  await block.until(20)
  block.open()
  await work.until(2)
  expect((await get('/at-once')).statusCode).toBe(200)
  const plain = [get('/rows'), get('/rows')]
  await work.until(4)
  const more = await get('/rows', 'core')
  expect([more.statusCode, more.headers['retry-after'], more.json()]).toMatchObject([503, '1', { code: 'BUSY', detail: 'the node has as many reads as it takes, 4' }]) // prettier-ignore
  expect(work.came).toHaveLength(4)
  work.open()
  expect(await statuses([...many, ...plain])).toEqual(times(22, 200))
})

test('of a crowd of several participants one works after another, and one’s own bound stops no other', async () => {
  const { block, work, crowd } = await server({ readsAtOnce: 4, readsOfOneAtOnce: 2 })
  const many = [...crowd(3, 'bank'), ...crowd(2, 'core')]
  await block.until(5)
  block.open()
  await work.until(2)
  expect(work.came).toEqual(['bank', 'core'])
  work.letGo(2)
  await work.until(4)
  work.open()
  expect(await statuses(many)).toEqual(times(5, 200))
  expect([...work.came].sort()).toEqual(['bank', 'bank', 'bank', 'core', 'core'])
})

test('more that wait than a node takes, or of one participant, are refused, and their places come back', async () => {
  const { block, work, get, crowd } = await server({ waitsAtOnce: 3, waitsOfOneAtOnce: 2 })
  const many = [...crowd(2), ...crowd(1, 'core')]
  await block.until(3)
  const full = await get('/rows?at=1.0', 'other')
  expect([full.statusCode, full.headers['retry-after'], full.json()]).toMatchObject([503, '1', { code: 'BUSY', detail: 'the node has as many reads that wait for a block as it takes, 3' }]) // prettier-ignore
  const unasked = await get('/proof', 'other')
  expect([unasked.statusCode, unasked.json()]).toMatchObject([503, { code: 'BUSY' }])
  expect((await get('/at-once', 'other')).statusCode).toBe(200)
  work.open()
  block.open()
  expect(await statuses(many)).toEqual([200, 200, 200])

  block.isOpen = false
  const again = crowd(2)
  await block.until(5)
  for (const url of ['/rows?at=1.0', '/proof']) {
    const own = await get(url)
    expect([own.statusCode, own.headers['retry-after'], own.json()]).toMatchObject([429, '1', { code: 'TOO_MANY_REQUESTS', detail: 'bank has 2 reads that wait for a block under way already' }]) // prettier-ignore
  }
  const other = crowd(1, 'core')
  await block.until(6)
  block.open()
  expect(await statuses([...again, ...other])).toEqual([200, 200, 200])
})

test('a read that has to wait unasked gives its place to others meanwhile', async () => {
  const { block, get, crowd } = await server({ readsAtOnce: 1, readsOfOneAtOnce: 1 })
  const many = crowd(1, 'bank', '/proof')
  await block.until(1)
  expect((await get('/at-once')).statusCode).toBe(200)
  block.open()
  expect(await statuses(many)).toEqual([200])
})

test('waits that a handler leaves behind take no place once it is over', async () => {
  const { block, get } = await server({ readsAtOnce: 1, readsOfOneAtOnce: 1, waitsAtOnce: 1, waitsOfOneAtOnce: 1 })
  for (const round of [1, 2, 3]) {
    expect((await get('/left-behind')).statusCode).toBe(500)
    await block.until(round * 2)
    block.letGo(2)
    await new Promise((resolve) => setImmediate(resolve))
    expect((await get('/at-once')).statusCode).toBe(200)
  }
  const waits = get('/proof')
  await block.until(7)
  block.open()
  expect((await waits).statusCode).toBe(200)
})
