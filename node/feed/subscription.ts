import { cursorText, type CommittedEvent, type EventCursor, type Ledger, type TopicEntry } from '#ledger-adapter/port'
import type { JsonObject } from '#proof/json'
import type { EventMessage } from '#proof/stream'
import type { Entitlement, Sink, TopicDirectory } from './ports.ts'

export interface SubscriptionOptions {
  readonly ledger: Pick<Ledger, 'chainId' | 'events' | 'prove' | 'onCommit'>
  readonly entitlement: Entitlement
  readonly directory: TopicDirectory
  readonly sink: Sink
  readonly participant: string
  /** The last event the subscriber has. */
  readonly from?: EventCursor
  /** Topic → sequence up to which the subscriber has it; without it, it is taken to have all up to `from`. */
  readonly have?: ReadonlyMap<string, number>
  /** Only these of the topics it may read. */
  readonly only?: ReadonlySet<string>
  /** Called between pages and when idle; throws when the subscriber is no longer signed in. */
  readonly stillSignedIn: () => Promise<void>
  readonly pageSize?: number
  /** A lost hint of the ledger delays by this at most. */
  readonly idleMs?: number
  /** Heads of topics that moved are sent when there is nothing else, and not more often than this. */
  readonly headEveryMs?: number
}

/**
 * One subscriber's stream: reads the ledger's log page by page, asks of each page which of its topics the subscriber
 * may read now, and sends what it may. It has no rules of visibility, and holds no queue: the reader's pace is its own.
 */
export class Subscription {
  private readonly pageSize: number
  private readonly idleMs: number
  private readonly headEveryMs: number
  private cursor: EventCursor | undefined
  /** Topic → sequence of the last event of it that was sent. */
  private readonly sent: Map<string, number>
  private readonly readable = new Set<string>()
  /** Topics that went by and could not be read: asked about again, since that may change. */
  private readonly passedBy = new Set<string>()
  private readonly provenAt = new Map<string, number>()
  private readonly pendingHeads = new Map<string, { count: number; hash: string; proof: JsonObject }>()
  private readonly headRequests: number[] = []
  private headsAtMs = 0
  private moved = true
  private wake: () => void = () => undefined

  constructor(private readonly options: SubscriptionOptions) {
    this.pageSize = options.pageSize ?? 200
    this.idleMs = options.idleMs ?? 5_000
    this.headEveryMs = options.headEveryMs ?? 1_000
    this.cursor = options.from
    this.sent = new Map(options.have)
  }

  /** All topics' heads are wanted, whether or not they moved. False when too many are waiting already. */
  requestHeads(request: number): boolean {
    if (this.headRequests.length >= MAX_HEAD_REQUESTS) return false
    this.headRequests.push(request)
    this.nudge()
    return true
  }

  /** The last event that the subscriber was sent or that was not for it. */
  position(): string | undefined {
    return this.cursor && cursorText(this.cursor)
  }

  /** Streams until the signal; throws SlowConsumer, what `stillSignedIn` throws, and LedgerError. */
  async run(signal: AbortSignal): Promise<void> {
    const { ledger, sink, participant, from, stillSignedIn } = this.options
    const unlisten = ledger.onCommit(() => this.nudge())
    signal.addEventListener('abort', () => this.nudge(), { once: true })
    try {
      await sink.send({ kind: 'hello', chainId: ledger.chainId, participant, from: from ? cursorText(from) : null })
      while (!signal.aborted) {
        this.moved = false
        await stillSignedIn()
        if (await this.page(signal)) continue
        await this.heads()
        if (!this.moved && this.headRequests.length === 0 && !signal.aborted) await this.sleep()
      }
    } finally {
      unlisten()
    }
  }

  private nudge(): void {
    this.moved = true
    this.wake()
  }

  private async sleep(): Promise<void> {
    await new Promise<void>((resolve) => {
      const due = this.headsAtMs + this.headEveryMs - Date.now()
      const timer = setTimeout(resolve, due > 0 ? Math.min(due, this.idleMs) : this.idleMs)
      this.wake = () => {
        clearTimeout(timer)
        resolve()
      }
      if (this.moved) this.wake()
    })
  }

  /** True when there was anything. */
  private async page(signal: AbortSignal): Promise<boolean> {
    const events = await this.options.ledger.events(this.cursor, { limit: this.pageSize })
    await this.ask(new Set(events.flatMap(({ topics }) => topics.map(({ topic }) => topic))))
    for (const event of events) {
      if (signal.aborted) return true
      await this.live(event)
      this.cursor = event.cursor
    }
    return events.length > 0
  }

  /** Asks about these topics and those followed; tells the subscriber of any that ended. */
  private async ask(topics: ReadonlySet<string>): Promise<void> {
    const { entitlement, participant, only, sink } = this.options
    const asked = [...new Set([...topics, ...this.readable])].filter((topic) => !only || only.has(topic))
    const allowed = asked.length > 0 ? await entitlement.readable(participant, asked) : new Set<string>()
    const ended = [...this.readable].filter((topic) => !allowed.has(topic))
    for (const topic of ended) {
      this.readable.delete(topic)
      this.passedBy.add(topic)
      this.pendingHeads.delete(topic)
    }
    for (const topic of asked) {
      if (!allowed.has(topic)) this.passedBy.add(topic)
      else this.readable.add(topic)
    }
    if (ended.length > 0) await sink.send({ kind: 'ended', topics: ended })
  }

  private async live(event: CommittedEvent): Promise<void> {
    const entries = event.topics.filter(({ topic }) => this.readable.has(topic))
    for (const { topic, sequence } of entries) {
      const last = this.lastSent(topic, sequence - 1)
      if (last < sequence - 1) await this.backfill(topic, last, sequence - 1)
    }
    const fresh = entries.filter(({ topic, sequence }) => sequence === this.sent.get(topic)! + 1)
    if (fresh.length > 0) await this.send(event, fresh)
  }

  /** What the subscriber has of a topic that meets us for the first time. */
  private lastSent(topic: string, ifTakenAsKnown: number): number {
    const { from, have } = this.options
    const known = this.sent.get(topic) ?? (from && !have && !this.passedBy.has(topic) ? ifTakenAsKnown : 0)
    this.sent.set(topic, known)
    this.passedBy.delete(topic)
    return known
  }

  /** Sends the events of one topic after sequence `last` up to `until`, which all lie before the stream's place. */
  private async backfill(topic: string, last: number, until: number): Promise<void> {
    let after: EventCursor | undefined
    for (;;) {
      const events = await this.options.ledger.events(after, { limit: this.pageSize, topic })
      for (const event of events) {
        const { sequence } = event.topics.find((entry) => entry.topic === topic)!
        if (sequence > until) return
        if (sequence > last) {
          const seen = event.topics.filter((entry) => this.has(entry) || entry.topic === topic)
          await this.send(event, seen, topic)
        }
        if (sequence === until) return
      }
      after = events.at(-1)?.cursor
      if (!after) return
    }
  }

  private has({ topic, sequence }: TopicEntry): boolean {
    return this.readable.has(topic) && (this.sent.get(topic) ?? 0) >= sequence
  }

  private async send(event: CommittedEvent, topics: readonly TopicEntry[], backfill?: string): Promise<void> {
    const { commandId, contract, event: name, data } = event
    const body = { cursor: cursorText(event.cursor), commandId, contract, event: name, data, topics }
    const message: EventMessage = { kind: 'event', ...body, ...(backfill === undefined ? {} : { backfill }) }
    await this.options.sink.send(message)
    for (const { topic, sequence } of topics) {
      this.sent.set(topic, Math.max(sequence, this.sent.get(topic) ?? 0))
      await this.sendHeadIfDue(topic)
    }
  }

  /**
   * Proves topics that moved since their last head, or all of them on request. Commits go on meanwhile, so a head is
   * sent at the moment when the subscriber has been sent exactly as many events as it counts.
   */
  private async heads(): Promise<void> {
    const request = this.headRequests.shift()
    if (request === undefined && Date.now() < this.headsAtMs + this.headEveryMs) return
    this.headsAtMs = Date.now()
    if (request !== undefined) await this.ask(new Set([...(await this.options.directory.topics()), ...this.passedBy]))
    for (const topic of this.readable) {
      if (request === undefined && this.provenAt.get(topic) === this.sent.get(topic)) continue
      await this.prove(topic)
    }
    if (request === undefined) return
    // Those still pending count events that were committed since; they are in the log, and reach us page by page.
    while (this.pendingHeads.size > 0 && (await this.page(NEVER))) continue
    await this.options.sink.send({ kind: 'heads', request, topics: [...this.readable] })
  }

  private async prove(topic: string): Promise<void> {
    const before = this.cursor
    const proof = await this.options.ledger.prove({ kind: 'topic', topic })
    const { count, hash } = proof['feed'] as { count: number; hash: string }
    const next = await this.options.ledger.events(before, { limit: 1, topic })
    const reached = next[0] ? next[0].topics.find((entry) => entry.topic === topic)!.sequence - 1 : count
    const last = this.lastSent(topic, Math.min(reached, count))
    if (last < Math.min(reached, count)) await this.backfill(topic, last, Math.min(reached, count))
    this.pendingHeads.set(topic, { count, hash, proof })
    await this.sendHeadIfDue(topic)
  }

  private async sendHeadIfDue(topic: string): Promise<void> {
    const head = this.pendingHeads.get(topic)
    if (!head || head.count !== this.sent.get(topic)) return
    this.pendingHeads.delete(topic)
    this.provenAt.set(topic, head.count)
    await this.options.sink.send({ kind: 'head', topic, ...head })
  }
}

const MAX_HEAD_REQUESTS = 16
const NEVER = new AbortController().signal
