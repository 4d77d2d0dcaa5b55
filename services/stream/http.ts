import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { WebSocket } from 'ws'
import { mayRead } from '#contracts/entitlement'
import { parseCursor, type EventCursor, type Ledger } from '#ledger-adapter/port'
import { LedgerEntitlement } from '#node/feed/entitlement'
import { SlowConsumer, type TopicDirectory } from '#node/feed/ports'
import { Subscription } from '#node/feed/subscription'
import { BEARER_PROTOCOL_PREFIX, CLOSE, STREAM_PROTOCOL } from '#proof/stream'
import { bearerOf, type Authenticator, type SignedIn } from '../kit/caller.ts'
import { badRequest, Problem, unauthorized } from '../kit/problem.ts'
import { SocketSink, type SinkLimits } from './socket-sink.ts'

export interface StreamDeps {
  readonly ledger: Ledger
  readonly authenticator: Authenticator
  readonly directory: TopicDirectory
  readonly limits?: Partial<StreamLimits>
}

export interface StreamLimits extends SinkLimits {
  readonly perParticipant: number
  readonly inAll: number
  readonly pageSize: number
  /** A quiet stream still asks this often whether its key is valid. */
  readonly idleMs: number
  readonly headEveryMs: number
}

const DEFAULTS: StreamLimits = {
  maxBufferedBytes: 1 << 20,
  patienceMs: 10_000,
  perParticipant: 20,
  inAll: 2_000,
  pageSize: 200,
  idleMs: 5_000,
  headEveryMs: 1_000,
}

interface Wanted {
  readonly from?: EventCursor
  readonly have?: ReadonlyMap<string, number>
  readonly only?: ReadonlySet<string>
}

/** `GET /v1/stream`: a websocket with the events of the caller's topics (the protocol: proof/stream.ts). */
export async function streamService(app: FastifyInstance, deps: StreamDeps): Promise<void> {
  const limits = { ...DEFAULTS, ...deps.limits }
  const open = new Map<string, number>()
  const running = new Set<{ end: AbortController; done: Promise<void> }>()
  const admitted = new WeakMap<FastifyRequest, { caller: SignedIn; token: string; wanted: Wanted }>()

  app.addHook('preClose', async () => {
    for (const { end } of running) end.abort()
    await Promise.all([...running].map(({ done }) => done))
  })

  app.route({
    method: 'GET',
    url: '/v1/stream',
    schema: {
      tags: ['stream'],
      summary: 'Websocket: events of the topics that the caller may read, in order, to be verified (proof/stream.ts)',
      security: [{ bearer: [] }],
    },
    config: { gate: 'other' },
    // Before the upgrade, so that what is wrong is an HTTP problem and not a closed socket.
    onRequest: async (request) => {
      const token = tokenOf(request)
      const caller = await deps.authenticator.authenticate(token)
      admitted.set(request, { caller, token, wanted: wantedOf(request.query as Record<string, unknown>) })
    },
    handler: () => {
      throw new Problem({
        code: 'UPGRADE_REQUIRED',
        status: 426,
        title: { en: 'A websocket lives here', zh: '此地址需使用 WebSocket' },
        detail: `open it as a websocket with the subprotocol ${STREAM_PROTOCOL}`,
      })
    },
    wsHandler: (socket, request) => {
      const { caller, token, wanted } = admitted.get(request)!
      const count = open.get(caller.participant) ?? 0
      const all = [...open.values()].reduce((sum, n) => sum + n, 0)
      if (count >= limits.perParticipant || all >= limits.inAll) {
        socket.close(CLOSE.TOO_MANY, 'too many streams; close one first')
        return
      }
      open.set(caller.participant, count + 1)
      const end = new AbortController()
      const done = stream({ deps, limits, socket, caller, token, wanted, end }).finally(() => {
        open.set(caller.participant, open.get(caller.participant)! - 1)
        running.delete(entry)
      })
      const entry = { end, done }
      running.add(entry)
    },
  })
}

async function stream(options: {
  deps: StreamDeps
  limits: StreamLimits
  socket: WebSocket
  caller: SignedIn
  token: string
  wanted: Wanted
  end: AbortController
}): Promise<void> {
  const { deps, limits, socket, caller, token, wanted, end } = options
  const { ledger, authenticator, directory } = deps
  const subscription = new Subscription({
    ledger,
    entitlement: new LedgerEntitlement(ledger, mayRead),
    directory,
    sink: new SocketSink(socket, limits),
    participant: caller.participant,
    stillSignedIn: async () => void (await authenticator.authenticate(token)),
    pageSize: limits.pageSize,
    idleMs: limits.idleMs,
    headEveryMs: limits.headEveryMs,
    ...wanted,
  })
  socket.on('close', () => end.abort())
  socket.on('error', () => end.abort())
  socket.on('message', (data: Buffer) => {
    const request = headRequestOf(data)
    if (request === undefined || !subscription.requestHeads(request)) {
      socket.close(CLOSE.BAD_REQUEST, 'only {"kind":"head","request":N} is understood here, a few at a time')
    }
  })
  try {
    await subscription.run(end.signal)
    socket.close(1001, `the node is stopping: resume from ${subscription.position() ?? 'the start'}`)
  } catch (error) {
    const [code, reason] = closeOf(error, subscription.position())
    socket.close(code, reason)
  }
}

function closeOf(error: unknown, cursor: string | undefined): [number, string] {
  const resume = `resume from ${cursor ?? 'the start'}`
  if (error instanceof SlowConsumer) return [CLOSE.SLOW_CONSUMER, `slow consumer: ${resume}`]
  if (error instanceof Problem && error.code === 'TOKEN_EXPIRED') return [CLOSE.TOKEN_ENDED, `token expired: ${resume}`]
  if (error instanceof Problem && error.status === 401) return [CLOSE.KEY_REVOKED, 'the key is no longer valid']
  return [CLOSE.FAILED, `the node failed: ${resume}`]
}

const headRequestOf = (data: Buffer): number | undefined => {
  try {
    const message = JSON.parse(data.toString()) as { kind?: unknown; request?: unknown }
    return message.kind === 'head' && Number.isSafeInteger(message.request) ? (message.request as number) : undefined
  } catch {
    return undefined
  }
}

function tokenOf(request: FastifyRequest): string {
  const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((text) => text.trim())
  const bearer = offered.find((protocol) => protocol.startsWith(BEARER_PROTOCOL_PREFIX))
  if (bearer) return bearer.slice(BEARER_PROTOCOL_PREFIX.length)
  if (request.headers.authorization) return bearerOf(request)
  throw unauthorized('NO_TOKEN', `offer the subprotocols ${STREAM_PROTOCOL} and ${BEARER_PROTOCOL_PREFIX}TOKEN`)
}

const TOPIC = /^[A-Za-z0-9][A-Za-z0-9._:/-]{0,150}$/
const MAX_TOPICS = 5_000

function wantedOf({ from, have, topics }: Record<string, unknown>): Wanted {
  return {
    ...(from === undefined || from === '' ? {} : { from: cursorOf(from) }),
    ...(have === undefined ? {} : { have: new Map(listOf('have', have).map(haveOf)) }),
    ...(topics === undefined ? {} : { only: new Set(listOf('topics', topics).map(topicOf)) }),
  }
}

function cursorOf(text: unknown): EventCursor {
  try {
    return parseCursor(String(text))
  } catch {
    throw badRequest('BAD_CURSOR', [{ field: '/query/from', problem: 'height.index.event expected' }])
  }
}

function listOf(field: string, value: unknown): string[] {
  const items = typeof value === 'string' ? value.split(',').filter((text) => text !== '') : undefined
  if (!items || items.length > MAX_TOPICS) {
    throw badRequest('BAD_REQUEST', [{ field: `/query/${field}`, problem: `a list of at most ${MAX_TOPICS}` }])
  }
  return items
}

function topicOf(text: string): string {
  if (TOPIC.test(text)) return text
  throw badRequest('BAD_REQUEST', [{ field: '/query/topics', problem: `${text.slice(0, 50)} is no topic` }])
}

function haveOf(text: string): [string, number] {
  const match = /^(.+):(\d{1,15})$/.exec(text)
  if (match && TOPIC.test(match[1]!)) return [match[1]!, Number(match[2])]
  throw badRequest('BAD_REQUEST', [{ field: '/query/have', problem: `${text.slice(0, 50)} is not TOPIC:SEQUENCE` }])
}
