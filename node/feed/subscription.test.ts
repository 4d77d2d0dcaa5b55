import { expect, test } from 'vitest'
import type { EventMessage, StreamMessage } from '#proof/stream'
import { parseCursor } from '#ledger-adapter/port'
import { ScriptedLog } from '../testing/scripted-log.ts'
import { SlowConsumer } from './ports.ts'
import { Subscription, type SubscriptionOptions } from './subscription.ts'

/** A subscriber in memory: what it was sent, and which topics it may read. */
function subscriber(log: ScriptedLog, readable: Set<string>, options: Partial<SubscriptionOptions> = {}) {
  const sent: StreamMessage[] = []
  const end = new AbortController()
  const subscription = new Subscription({
    ledger: log,
    participant: 'p',
    entitlement: { readable: async (_p, topics) => new Set(topics.filter((topic) => readable.has(topic))) },
    directory: { topics: async () => [...log.feeds.keys()] },
    sink: { send: async (message) => void sent.push(message) },
    stillSignedIn: async () => undefined,
    pageSize: 2,
    idleMs: 10,
    headEveryMs: 0,
    ...options,
  })
  let requests = 0
  return {
    sent,
    subscription,
    run: () => subscription.run(end.signal),
    /** Everything that is committed has been dealt with. */
    async settled(): Promise<void> {
      const request = (requests += 1)
      subscription.requestHeads(request)
      while (!sent.some((message) => message.kind === 'heads' && message.request === request)) {
        await new Promise((resolve) => setTimeout(resolve, 1))
      }
    },
    stop: () => end.abort(),
    /** topic:sequence of every event sent, `<` for one given later. */
    lines: () =>
      sent
        .filter((message): message is EventMessage => message.kind === 'event')
        .map(({ topics, backfill }) => (backfill ? '<' : '') + topics.map((t) => `${t.topic}:${t.sequence}`).join(' ')),
  }
}

test('only the topics that may be read, each event once, and a head when all of it was sent', async () => {
  const log = new ScriptedLog()
  log.commit([['a'], ['b'], ['a', 'b'], ['c', 'b']])
  const reader = subscriber(log, new Set(['a', 'c']))
  const running = reader.run()
  await reader.settled()
  log.commit([['a', 'c']])
  await reader.settled()
  reader.stop()
  await running
  expect(reader.lines()).toEqual(['a:1', 'a:2', 'c:1', 'a:3 c:2'])
  const heads = reader.sent.flatMap((message) => (message.kind === 'head' ? [`${message.topic}:${message.count}`] : []))
  expect(new Set(heads)).toEqual(new Set(['a:2', 'c:1', 'a:3', 'c:2']))
})

test('a topic that may be read from now on is given from its beginning, before its next event', async () => {
  const log = new ScriptedLog()
  const readable = new Set(['a'])
  log.commit([['d'], ['a', 'd'], ['d']])
  const reader = subscriber(log, readable)
  const running = reader.run()
  await reader.settled()
  readable.add('d')
  log.commit([['d']])
  await reader.settled()
  reader.stop()
  await running
  // Of the event that it had as a:1 it is told so, and need not count it twice.
  expect(reader.lines()).toEqual(['a:1', '<d:1', '<a:1 d:2', '<d:3', 'd:4'])
})

test('a topic that was silent since is given when heads are asked for', async () => {
  const log = new ScriptedLog()
  const readable = new Set(['a'])
  log.commit([['d'], ['a']])
  const reader = subscriber(log, readable)
  const running = reader.run()
  await reader.settled()
  readable.add('d')
  await reader.settled()
  reader.stop()
  await running
  expect(reader.lines()).toEqual(['a:1', '<d:1'])
})

test('a topic that may no longer be read ends, and the subscriber is told', async () => {
  const log = new ScriptedLog()
  const readable = new Set(['a', 'd'])
  log.commit([['d'], ['a']])
  const reader = subscriber(log, readable)
  const running = reader.run()
  await reader.settled()
  readable.delete('d')
  log.commit([['d'], ['a']])
  await reader.settled()
  reader.stop()
  await running
  expect(reader.lines()).toEqual(['d:1', 'a:1', 'a:2'])
  expect(reader.sent).toContainEqual({ kind: 'ended', topics: ['d'] })
})

test('resumes after a cursor; what it says it has is not sent again, what it lacks is', async () => {
  const log = new ScriptedLog()
  log.commit([['a', 'b'], ['a'], ['b'], ['a', 'b']])
  const plain = subscriber(log, new Set(['a', 'b']), { from: parseCursor('1.1.0') })
  const half = subscriber(log, new Set(['a', 'b']), { from: parseCursor('1.2.0'), have: new Map([['a', 2]]) })
  const some = subscriber(log, new Set(['a', 'b']), { only: new Set(['b']) })
  for (const [reader, lines] of [
    [plain, ['b:2', 'a:3 b:3']],
    [half, ['<a:1 b:1', '<b:2', 'a:3 b:3']],
    [some, ['b:1', 'b:2', 'b:3']],
  ] as const) {
    const running = reader.run()
    await reader.settled()
    reader.stop()
    await running
    expect(reader.lines()).toEqual(lines)
  }
})

test('heads asked for while commits go on are sent when the events that they count are', async () => {
  const log = new ScriptedLog()
  log.commit([['a']])
  const prove = log.prove.bind(log)
  // Between asking for the proof and the proof, another block is committed.
  log.prove = async (what) => {
    if (log.height < 5) log.commit([['a']])
    return prove(what)
  }
  const reader = subscriber(log, new Set(['a']))
  const running = reader.run()
  await reader.settled()
  reader.stop()
  await running
  let received = 0
  for (const message of reader.sent) {
    if (message.kind === 'event') received += 1
    if (message.kind === 'head') expect(message.count).toBe(received)
  }
  expect(reader.sent.filter(({ kind }) => kind === 'head').length).toBeGreaterThan(0)
})

test('a slow reader ends the run, which says where to resume', async () => {
  const log = new ScriptedLog()
  log.commit([['a'], ['a'], ['a']])
  let room = 3
  const sink = {
    send: async () => {
      if ((room -= 1) < 0) throw new SlowConsumer('full')
    },
  }
  const reader = subscriber(log, new Set(['a']), { sink })
  await expect(reader.run()).rejects.toThrow(SlowConsumer)
  expect(reader.subscription.position()).toBe('1.1.0')
})

test('a key that ends while the stream is quiet ends the stream', async () => {
  const log = new ScriptedLog()
  log.commit([['a']])
  let looks = 0
  const stillSignedIn = async () => {
    if ((looks += 1) > 4) throw new Error('revoked')
  }
  await expect(subscriber(log, new Set(['a']), { stillSignedIn }).run()).rejects.toThrow('revoked')
})

test('a subscriber that asks for heads without end is told to stop', () => {
  const { subscription } = subscriber(new ScriptedLog(), new Set())
  const answers = Array.from({ length: 17 }, (_, i) => subscription.requestHeads(i))
  expect(answers.lastIndexOf(true)).toBe(15)
  expect(answers[16]).toBe(false)
})
