import { drizzle } from 'drizzle-orm/postgres-js'
import postgres from 'postgres'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { testDatabase } from '#engines/testing/index'
import type { Database } from '../projector/projection.ts'
import { ScriptedLog } from '../testing/scripted-log.ts'
import { Relay, type SignalSender } from './relay.ts'

let db: Database
let close: () => Promise<void>
beforeAll(async () => {
  const client = postgres((await testDatabase()).url, { max: 4, onnotice: () => undefined })
  db = drizzle(client)
  close = () => client.end({ timeout: 5 })
})
afterAll(() => close())

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5))
}

test('wakes who waits for a topic, goes on after a failure and after a restart, and forgets who is gone', async () => {
  const log = new ScriptedLog()
  const hints: string[] = []
  const gone = new Set<string>()
  let isDown = false
  const signals: SignalSender = {
    async hint(workflowId) {
      if (isDown) throw new Error('no Temporal')
      hints.push(workflowId)
      return gone.has(workflowId) ? 'gone' : undefined
    },
  }
  const errors: unknown[] = []
  const create = () =>
    new Relay({ ledger: log, db, signals, pageSize: 2, idleMs: 10, onError: (error) => void errors.push(error) })
  const relay = create()
  await relay.start()
  await relay.add('w-a', [{ topic: 'deal/a' }])
  await relay.add('w-a', [{ topic: 'deal/a' }]) // told twice is told once
  await relay.add('w-ab', [{ topic: 'deal/a' }, { topic: 'deal/b' }])

  log.commit([['deal/b'], ['public']])
  await until(() => hints.length === 1)
  expect(hints).toEqual(['w-ab'])

  isDown = true
  log.commit([['deal/a']])
  await until(() => errors.length > 0)
  isDown = false
  await until(() => hints.length === 3)
  expect(new Set(hints.slice(1))).toEqual(new Set(['w-a', 'w-ab']))
  await relay.stop()

  log.commit([['deal/b']]) // while nobody relays
  const next = create()
  gone.add('w-ab')
  await next.start()
  await until(() => hints.length === 4)
  log.commit([['deal/b']])
  log.commit([['deal/a']])
  await until(() => hints.length === 5)
  await next.stop()
  expect(hints.slice(3)).toEqual(['w-ab', 'w-a'])
})
