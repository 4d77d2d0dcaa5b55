import { under } from './address.ts'
import { DEFAULT_PATIENCE } from './patience.ts'
import { BEARER_PROTOCOL_PREFIX, CLOSE, STREAM_PROTOCOL, type StreamMessage } from '#proof/stream'
import type { AnyTrust } from '#proof/receipt'
import {
  StreamError,
  SubscriberState,
  type ProvenHead,
  type SubscriberCheckpoint,
  type VerifiedEvent,
} from './subscriber-state.ts'

/** The part of a WebSocket that is used, as browsers, Node 22 and `ws` all have it. */
export interface SocketLike {
  onopen: ((event: never) => void) | null
  onmessage: ((event: never) => void) | null
  onclose: ((event: never) => void) | null
  onerror: ((event: never) => void) | null
  send(text: string): void
  close(code?: number, reason?: string): void
  /** Only `ws` has these; with them a slow `onEvent` slows the node down instead of filling memory. */
  pause?(): void
  resume?(): void
}
export type SocketFactory = (url: string, protocols: string[]) => SocketLike

export interface SubscriberOptions {
  /** `http://host:port` or `ws://host:port` of the node; of a further ledger with `/ledgers/CHAIN_ID`. */
  readonly url: string
  /** A token of `SluiceClient`, asked for at each connection: it may have expired. */
  readonly token: () => Promise<string>
  /** Whom to believe, known beforehand. */
  readonly trust: AnyTrust
  /** `WebSocket` of the runtime, or `(url, protocols) => new WebSocket(url, protocols)` of `ws`. */
  readonly socket: SocketFactory
  /** Called for each event once, in order; awaited before the next one is looked at. */
  readonly onEvent: (event: VerifiedEvent) => void | Promise<void>
  readonly topics?: readonly string[]
  readonly from?: SubscriberCheckpoint
  /** How long to wait before connecting again, by the number of failures in a row. */
  readonly pauseMs?: (failures: number) => number
  /** How long a connection may take to open before it is given up and tried anew, in milliseconds. */
  readonly connectMs?: number
  /** What happened to the line: it is resumed by itself. */
  readonly onLine?: (what: { kind: 'open' } | { kind: 'closed'; code: number; reason: string }) => void
}

interface Waiting {
  readonly topics: readonly string[] | undefined
  readonly height: number
  readonly resolve: (heads: ProvenHead[]) => void
  readonly reject: (error: Error) => void
}

/**
 * Receives a participant's topics and verifies them: every hash recomputed, no sequence left out, heads proven under the
 * ledger's signature. A broken line is resumed without loss or duplicates; a node that lies ends it with a StreamError
 * naming the topic and the sequence.
 */
export class Subscriber {
  private readonly state: SubscriberState
  private socket: SocketLike | undefined
  private isClosed = false
  private requests = 0
  /** Messages that came and were not looked at yet. */
  private queued = 0
  private readonly waiting = new Map<number, Waiting>()
  private work: Promise<void> = Promise.resolve()
  private readonly end: { promise: Promise<void>; resolve: () => void; reject: (error: Error) => void }

  constructor(private readonly options: SubscriberOptions) {
    this.state = new SubscriberState(options.trust, options.from)
    this.end = deferred()
    this.end.promise.catch(() => undefined) // told to those who ask with `done`
  }

  /** Connects, and goes on until `close` or a StreamError. */
  start(): this {
    void this.keepConnected()
    return this
  }

  /** Resolves after `close`; rejects with the StreamError, or the Error that `onEvent` threw. */
  get done(): Promise<void> {
    return this.end.promise
  }

  checkpoint(): SubscriberCheckpoint {
    return this.state.checkpoint()
  }

  provenHead(topic: string): ProvenHead | undefined {
    return this.state.provenHead(topic)
  }

  /**
   * Asks the node for the heads of all topics and waits until everything that they count is here.
   * @param height a block that the caller knows to exist (from a receipt, or from another node): an older head does not do
   * @throws StreamError INCOMPLETE when the node does not prove a topic named in `topics`, or only at an older block
   */
  complete(options: { topics?: readonly string[]; height?: number } = {}): Promise<ProvenHead[]> {
    const request = (this.requests += 1)
    return new Promise((resolve, reject) => {
      this.waiting.set(request, { topics: options.topics, height: options.height ?? 0, resolve, reject })
      void this.end.promise.then(() => reject(new Error('the subscriber was closed')), reject)
      this.ask(request)
    })
  }

  close(): void {
    this.finish()
  }

  private ask(request: number): void {
    this.socket?.send(JSON.stringify({ kind: 'head', request }))
  }

  private async keepConnected(): Promise<void> {
    const pauseMs = this.options.pauseMs ?? ((failures) => Math.min(10_000, 100 * 2 ** failures))
    for (let failures = 0; !this.isClosed; failures += 1) {
      if (failures > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs(failures - 1)))
      try {
        if (!this.isClosed && (await this.connectOnce())) failures = 0
      } catch (error) {
        const reason = error instanceof Error ? error.message : 'no token'
        this.options.onLine?.({ kind: 'closed', code: 0, reason })
      }
    }
  }

  private address(): string {
    const { cursor, topics } = this.state.checkpoint()
    const url = under(this.options.url.replace(/^http/, 'ws'), '/v1/stream')
    const have = Object.entries(topics).map(([topic, { count }]) => `${topic}:${count}`)
    if (cursor !== null) url.searchParams.set('from', cursor)
    if (cursor !== null) url.searchParams.set('have', have.join(','))
    if (this.options.topics) url.searchParams.set('topics', this.options.topics.join(','))
    return url.toString()
  }

  /** One connection from open to close; true when it opened at all. */
  private async connectOnce(): Promise<boolean> {
    const protocols = [STREAM_PROTOCOL, BEARER_PROTOCOL_PREFIX + (await this.options.token())]
    await this.work // what the last connection delivered is taken in before the address says what is here
    if (this.isClosed) return false
    const socket = this.options.socket(this.address(), protocols)
    this.socket = socket
    const connectMs = this.options.connectMs ?? DEFAULT_PATIENCE.answerMs
    let isOpen = false
    let isLate = false
    // A node that is frozen takes the connection and never answers; a close event follows.
    const late = setTimeout(() => {
      isLate = true
      socket.close()
    }, connectMs)
    return new Promise((resolve) => {
      socket.onopen = () => {
        clearTimeout(late)
        isOpen = true
        this.options.onLine?.({ kind: 'open' })
        for (const request of this.waiting.keys()) this.ask(request)
      }
      socket.onmessage = ({ data }: { data: unknown }) => {
        this.enqueue(socket, String(data))
      }
      socket.onerror = () => undefined // a close event follows
      socket.onclose = ({ code, reason: said }: { code: number; reason: string }) => {
        clearTimeout(late)
        if (this.socket === socket) this.socket = undefined
        const reason = isLate ? `${this.options.url} did not open the stream within ${connectMs / 1000} seconds` : said
        this.options.onLine?.({ kind: 'closed', code, reason })
        if (code === CLOSE.BAD_REQUEST || code === CLOSE.KEY_REVOKED) this.finish(new Error(`${code} ${reason}`))
        resolve(isOpen)
      }
    })
  }

  private enqueue(socket: SocketLike, text: string): void {
    this.queued += 1
    if (this.queued === MAX_QUEUED) socket.pause?.()
    this.work = this.work
      .then(() => this.receive(text))
      .catch((error: Error) => this.finish(error))
      .then(() => {
        this.queued -= 1
        if (this.queued === MAX_QUEUED / 2) socket.resume?.()
      })
  }

  private async receive(text: string): Promise<void> {
    if (this.isClosed) return
    const message = parseMessage(text)
    const event = this.state.take(message)
    if (event) await this.options.onEvent(event)
    if (message.kind === 'heads') this.settle(message.request, message.topics)
  }

  private settle(request: number, proven: readonly string[]): void {
    const waiting = this.waiting.get(request)
    if (!waiting) return
    this.waiting.delete(request)
    const heads: ProvenHead[] = []
    for (const topic of waiting.topics ?? [...new Set([...proven, ...this.known()])]) {
      const head = this.state.provenHead(topic)
      if (!proven.includes(topic) && !waiting.topics) continue // no longer readable
      if (!head || head.height < waiting.height) {
        const detail = head ? `proven at block ${head.height}, not ${waiting.height}` : 'the node proves no head'
        const error = new StreamError('INCOMPLETE', topic, this.state.feed(topic).count + 1, detail)
        waiting.reject(error)
        return
      }
      heads.push(head)
    }
    waiting.resolve(heads)
  }

  private known(): string[] {
    return Object.keys(this.state.checkpoint().topics)
  }

  private finish(error?: Error): void {
    if (this.isClosed) return
    this.isClosed = true
    this.socket?.close(1000)
    if (error) this.end.reject(error)
    else this.end.resolve()
  }
}

const MAX_QUEUED = 512
const KINDS: ReadonlySet<string> = new Set(['hello', 'event', 'head', 'heads', 'ended'])

function parseMessage(text: string): StreamMessage {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new StreamError('BAD_MESSAGE', '*', 0, 'not JSON')
  }
  const { kind } = (value ?? {}) as { kind?: unknown }
  if (typeof kind !== 'string' || !KINDS.has(kind)) throw new StreamError('BAD_MESSAGE', '*', 0, 'of no known kind')
  return value as StreamMessage
}

function deferred() {
  let resolve!: () => void
  let reject!: (error: Error) => void
  const promise = new Promise<void>((onResolve, onReject) => {
    resolve = onResolve
    reject = onReject
  })
  return { promise, resolve, reject }
}
