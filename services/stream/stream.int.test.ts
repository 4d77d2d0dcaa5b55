import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import WebSocket from 'ws'
import type { SocketLike, Subscriber } from '#client/subscriber'
import type { StreamError, VerifiedEvent } from '#client/subscriber-state'
import { BATCH, commitment, ISSUE, SPLIT } from '#contracts/receivable/testing/story'
import type { Ledger } from '#ledger-adapter/port'
import { BEARER_PROTOCOL_PREFIX, CLOSE, STREAM_PROTOCOL, type EventMessage, type StreamMessage } from '#proof/stream'
import { startTestNode, type TestNode } from '../testing/node.ts'

/** What a lying node would have sent instead of each message. */
type Lie = (message: StreamMessage) => readonly unknown[]

/** In place of a message: the line breaks here. */
const CUT = Symbol('cut')

/** A real websocket whose incoming messages pass through a lie. */
function lyingSocket(lie: Lie) {
  return (address: string, protocols: string[]): SocketLike => {
    const real = new WebSocket(address, protocols)
    const socket: SocketLike = {
      onopen: null,
      onmessage: null,
      onclose: null,
      onerror: null,
      send: (text) => real.send(text),
      close: (code, reason) => real.close(code, reason),
    }
    real.onopen = (event) => socket.onopen?.(event as never)
    real.onclose = (event) => socket.onclose?.(event as never)
    real.onerror = (event) => socket.onerror?.(event as never)
    let isCut = false
    real.onmessage = ({ data }) => {
      if (isCut) return
      for (const message of lie(JSON.parse(String(data)) as StreamMessage)) {
        if (message === CUT) {
          isCut = true
          real.terminate()
          return
        }
        socket.onmessage?.({ data: typeof message === 'string' ? message : JSON.stringify(message) } as never)
      }
    }
    return socket
  }
}

const names = (events: readonly VerifiedEvent[]): string[] =>
  events.map(({ contract, event }) => `${contract}.${event}`)

let node: TestNode
let lastHeight: number
beforeAll(async () => {
  node = await startTestNode({ stream: { headEveryMs: 10 } })
  await node.as('core:maker').perform('receivable.openBatch', BATCH)
  await node.as('core:maker').perform('receivable.issue', ISSUE)
  await node.as('core:checker').perform('receivable.approve', { receivable: 'r' })
  await node.as('supplier-1:maker').perform('receivable.accept', { receivable: 'r', holding: 'h' })
  const { position } = await node.as('supplier-1:maker').perform('receivable.split', SPLIT)
  lastHeight = Number(position.split('.')[0])
})
afterAll(() => node.stop())

async function follow(operator: string, options: { lie?: Lie; on?: TestNode } = {}) {
  const events: VerifiedEvent[] = []
  const subscriber = (options.on ?? node).subscribe(operator, {
    onEvent: (event) => void events.push(event),
    ...(options.lie ? { socket: lyingSocket(options.lie) } : {}),
  })
  return { events, subscriber }
}

async function whole(operator: string): Promise<{ events: VerifiedEvent[]; subscriber: Subscriber }> {
  const { events, subscriber } = await follow(operator)
  await subscriber.complete({ height: lastHeight })
  return { events, subscriber }
}

describe('an honest node', () => {
  test('the regulator receives everything, proven complete; a supplier what concerns it', async () => {
    const regulator = await whole('regulator:viewer')
    const head = regulator.subscriber.provenHead('regulator')!
    expect(head).toMatchObject({ count: regulator.events.length })
    expect(head.height).toBeGreaterThanOrEqual(lastHeight)
    const all = await node.ledger.events(undefined, { limit: 1000 })
    expect(regulator.events.map(({ cursor }) => cursor)).toEqual(
      all.map(({ cursor: c }) => `${c.height}.${c.index}.${c.event}`),
    )
    regulator.subscriber.close()

    const supplier = await whole('supplier-1:viewer')
    const business = names(supplier.events).filter((name) => name.startsWith('receivable.'))
    expect(business).toEqual([
      'receivable.ReceivableApproved',
      'receivable.ReceivableAccepted',
      'receivable.ReceivableSplit',
    ])
    expect(new Set(supplier.events.flatMap(({ topics }) => topics))).toEqual(
      new Set(['public', 'participant/supplier-1']),
    )
    supplier.subscriber.close()

    const stranger = await whole('supplier-2:viewer')
    expect(names(stranger.events).filter((name) => name.startsWith('receivable.'))).toEqual([])
    stranger.subscriber.close()
  })

  test('a line that breaks after each event is resumed without loss or duplicates', async () => {
    const events: string[] = []
    let sockets = 0
    const subscriber = node.subscribe('supplier-1:viewer', {
      socket: (address, protocols) => {
        sockets += 1
        let seen = 0
        return lyingSocket((message) => (message.kind === 'event' && (seen += 1) > 3 ? [CUT] : [message]))(
          address,
          protocols,
        )
      },
      onEvent: ({ cursor }) => void events.push(cursor),
    })
    const honest = await whole('supplier-1:viewer')
    honest.subscriber.close()
    while (events.length < honest.events.length) await new Promise((resolve) => setTimeout(resolve, 10))
    subscriber.close()
    expect(events).toEqual(honest.events.map(({ cursor }) => cursor))
    expect(sockets).toBeGreaterThan(3)
  })

  test('a checkpoint taken as JSON goes on where it was', async () => {
    const first = await whole('core:viewer')
    const checkpoint = JSON.parse(JSON.stringify(first.subscriber.checkpoint())) as ReturnType<Subscriber['checkpoint']>
    first.subscriber.close()
    const { position } = await node.as('core:maker').perform('receivable.openBatch', { ...BATCH, batch: 'b2' })
    const later: VerifiedEvent[] = []
    const subscriber = node.subscribe('core:viewer', { from: checkpoint, onEvent: (event) => void later.push(event) })
    await subscriber.complete({ height: Number(position.split('.')[0]) })
    subscriber.close()
    expect(names(later)).toContain('receivable.BatchOpened')
    expect(later.every(({ cursor }) => Number(cursor.split('.')[0]) > lastHeight)).toBe(true)
  })
})

describe('a node that lies is found out, with topic and sequence', () => {
  const isEvent = (message: StreamMessage): message is EventMessage => message.kind === 'event'
  const target = (message: StreamMessage): boolean => isEvent(message) && message.event === 'ReceivableAccepted'
  const faultOf = async (lie: Lie, on?: TestNode): Promise<Pick<StreamError, 'code' | 'topic' | 'sequence'>> => {
    const { subscriber } = await follow('supplier-1:viewer', { lie, ...(on ? { on } : {}) })
    const error = await subscriber.complete({ topics: ['participant/supplier-1'] }).then(
      () => undefined,
      (reason: StreamError) => reason,
    )
    subscriber.close()
    const { code, topic, sequence } = error ?? ({} as StreamError)
    return { code, topic, sequence }
  }
  const topic = 'participant/supplier-1'

  test('one event dropped', async () => {
    expect(await faultOf((message) => (target(message) ? [] : [message]))).toEqual({ code: 'GAP', topic, sequence: 2 })
  })

  test('one event altered', async () => {
    const alter: Lie = (message) =>
      isEvent(message) && target(message) ? [{ ...message, data: { ...message.data, to: '7' } }] : [message]
    expect(await faultOf(alter)).toEqual({ code: 'FORGED', topic, sequence: 2 })
  })

  test('altered, with a hash that fits: the next one does not', async () => {
    const { SubscriberState } = await import('#client/subscriber-state')
    const { eventDigest, extendFeed } = await import('#proof/feed')
    const mirror = new SubscriberState(node.trust)
    const forge: Lie = (message) => {
      if (!isEvent(message)) return [message]
      if (!target(message)) {
        mirror.take(message)
        return [message]
      }
      const [height = 0, index = 0, event = 0] = message.cursor.split('.').map(Number)
      const data = { ...message.data, to: '7' }
      const digest = eventDigest({ ...message, cursor: { height, index, event }, data })
      return [
        {
          ...message,
          data,
          topics: message.topics.map((t) => ({ ...t, ...extendFeed(mirror.feed(t.topic), digest) })),
        },
      ]
    }
    const quiet: Lie = (message) => {
      try {
        return forge(message)
      } catch {
        return [message] // the mirror follows the truth, and loses it here
      }
    }
    expect(await faultOf(quiet)).toEqual({ code: 'FORGED', topic, sequence: 3 })
  })

  test('two events in the other order', async () => {
    let held: StreamMessage | undefined
    const swap: Lie = (message) => {
      if (target(message)) {
        held = message
        return []
      }
      if (!held || message.kind !== 'event') return [message]
      const both = [message, held]
      held = undefined
      return both
    }
    expect(await faultOf(swap)).toEqual({ code: 'GAP', topic, sequence: 2 })
  })

  test('one event twice', async () => {
    expect(await faultOf((message) => (target(message) ? [message, message] : [message]))).toEqual({
      code: 'DUPLICATE',
      topic,
      sequence: 2,
    })
  })

  test('the tail hidden: the head counts it', async () => {
    const hide: Lie = (message) => (message.kind === 'event' && message.event === 'ReceivableSplit' ? [] : [message])
    expect(await faultOf(hide)).toEqual({ code: 'HIDDEN_TAIL', topic, sequence: 3 })
  })

  test('the tail hidden together with its heads: completeness is not attested', async () => {
    const hide: Lie = (message) =>
      (message.kind === 'event' && message.event === 'ReceivableSplit') ||
      (message.kind === 'head' && message.topic === topic)
        ? []
        : [message]
    expect(await faultOf(hide)).toEqual({ code: 'INCOMPLETE', topic, sequence: 3 })
  })

  test('a proof of another count, and noise', async () => {
    const forge: Lie = (message) =>
      message.kind === 'head' && message.topic === topic
        ? [{ ...message, proof: { ...message.proof, feed: { ...(message.proof['feed'] as object), count: 2 } } }]
        : [message]
    expect(await faultOf(forge)).toMatchObject({ code: 'BAD_PROOF', topic })
    expect(await faultOf(() => ['{"kind":'])).toMatchObject({ code: 'BAD_MESSAGE' })
  })

  test('a node whose own log leaves out an event', async () => {
    let isLying = false
    const lying = await startTestNode({ stream: { headEveryMs: 10 } })
    const events = lying.ledger.events.bind(lying.ledger)
    // The feed reads through this; the ledger itself, its proofs and its state stay what they are.
    Object.assign(lying.ledger, {
      events: async (...args: Parameters<Ledger['events']>) =>
        (await events(...args)).filter(({ event }) => !isLying || event !== 'ReceivableApproved'),
    })
    await lying.as('core:maker').perform('receivable.openBatch', BATCH)
    await lying.as('core:maker').perform('receivable.issue', ISSUE)
    await lying.as('core:checker').perform('receivable.approve', { receivable: 'r' })
    await lying.as('supplier-1:maker').perform('receivable.accept', { receivable: 'r', holding: 'h' })
    isLying = true
    const fault = await faultOf((message) => [message], lying)
    await lying.stop()
    expect(fault).toEqual({ code: 'GAP', topic, sequence: 1 })
  })
})

describe('ends that the subscriber is told', () => {
  const closeOf = async (socket: WebSocket) =>
    new Promise<{ code: number; reason: string }>((resolve) => {
      socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() }))
    })
  const open = async (on: TestNode, operator: string) =>
    new WebSocket(`${on.url.replace('http', 'ws')}/v1/stream`, [
      STREAM_PROTOCOL,
      BEARER_PROTOCOL_PREFIX + (await on.as(operator).token()),
    ])

  test('a reader that does not read is cut off with the cursor to resume from, and resumes', async () => {
    const slow = await startTestNode({ stream: { maxBufferedBytes: 2_000, patienceMs: 100 } })
    // Enough to fill the kernel's buffers as well: what does not leave the process is what is counted.
    const invoices = Array.from({ length: 90 }, (_, i) => ({
      commitment: commitment(`${i}`),
      amountFen: '100',
      assignedFen: '1',
    }))
    const core = slow.as('core:maker')
    await core.perform('receivable.openBatch', BATCH)
    const issue = (n: number) =>
      core.perform('receivable.issue', {
        ...ISSUE,
        receivable: `r${n}`,
        faceFen: '90',
        invoices: invoices.map((invoice, i) => ({ ...invoice, commitment: commitment(`${n}/${i}`) })),
      })
    for (let n = 0; n < 400; n += 20) await Promise.all(Array.from({ length: 20 }, (_, i) => issue(n + i)))
    const socket = await open(slow, 'regulator:viewer')
    await new Promise((resolve) => socket.once('open', resolve))
    socket.pause()
    const closed = closeOf(socket)
    // The node has given up on this reader and says so behind what is still unread.
    const hasGivenUp = () =>
      [...slow.app.websocketServer.clients].some(({ readyState }) => readyState === WebSocket.CLOSING)
    while (!hasGivenUp()) await new Promise((resolve) => setTimeout(resolve, 10))
    socket.resume()
    const { code, reason } = await closed
    expect(code).toBe(CLOSE.SLOW_CONSUMER)
    expect(reason).toMatch(/^slow consumer: resume from \d+\.\d+\.\d+$/)
    const { position } = await issue(1_000)
    const { events, subscriber } = await follow('regulator:viewer', { on: slow })
    await subscriber.complete({ height: Number(position.split('.')[0]) })
    subscriber.close()
    expect(names(events).filter((name) => name === 'receivable.ReceivableDrafted')).toHaveLength(401)
    await slow.stop()
  })

  test('a key that is revoked ends its stream', async () => {
    const socket = await open(node, 'factor:viewer')
    const closed = closeOf(socket)
    await new Promise((resolve) => socket.once('open', resolve))
    const revocation = { participant: 'factor', keyId: 'viewer-key', reason: 'left' }
    const { height } = await node.ledger.head()
    await node.as('factor:service').perform('membership.revokeKey', { ...revocation, fromHeight: height + 3 })
    for (let i = 0; i < 3; i += 1)
      await node.as('core:maker').perform('receivable.openBatch', { ...BATCH, batch: `after-${i}` })
    expect((await closed).code).toBe(CLOSE.KEY_REVOKED)
    await expect(node.as('factor:viewer').get('/v1/me')).rejects.toMatchObject({ status: 401, code: 'KEY_REVOKED' })
  })

  test('noise from a subscriber closes its stream; a bad address is an HTTP problem', async () => {
    const socket = await open(node, 'core:viewer')
    const closed = closeOf(socket)
    await new Promise((resolve) => socket.once('open', resolve))
    socket.send('give me everything')
    expect((await closed).code).toBe(CLOSE.BAD_REQUEST)
    const token = await node.as('core:viewer').token()
    for (const [query, field] of [
      ['from=yesterday', '/query/from'],
      ['have=x', '/query/have'],
      ['topics=%00', '/query/topics'],
    ]) {
      const answer = await node.app.inject({
        url: `/v1/stream?${query}`,
        headers: { authorization: `Bearer ${token}` },
      })
      expect([answer.statusCode, answer.json<{ errors: { field: string }[] }>().errors[0]?.field]).toEqual([400, field])
    }
    expect((await node.app.inject({ url: '/v1/stream' })).statusCode).toBe(401)
  })
})
