import { eventDigest, EMPTY_FEED, extendFeed, type Feed } from '#proof/feed'
import type { EventRecord } from '#contracts/kernel/event'
import type { CommittedEvent, EventCursor, Ledger, LedgerHead, Provable } from '#ledger-adapter/port'
import type { JsonObject } from '#proof/json'

const isAfter = (a: EventCursor, b: EventCursor): boolean =>
  a.height !== b.height ? a.height > b.height : a.index !== b.index ? a.index > b.index : a.event > b.event

/** A log that a test writes, with real topic sequences and hashes; its proofs are unsigned. */
export class ScriptedLog implements Pick<Ledger, 'chainId' | 'events' | 'head' | 'onCommit' | 'prove'> {
  readonly chainId = 'scripted'
  readonly all: CommittedEvent[] = []
  readonly feeds = new Map<string, Feed>()
  height = 0
  private readonly listeners = new Set<(height: number) => void>()

  /** One block: for each event the topics that it has. */
  commit(events: readonly (readonly string[])[], data: JsonObject = {}): void {
    this.take(events.map((topics) => ({ contract: 'test', event: 'Happened', data, topics })))
  }

  /** One block of these events, each of a command of its own. */
  take(records: readonly EventRecord[]): void {
    this.height += 1
    records.forEach(({ contract, event, data, topics }, index) => {
      const cursor = { height: this.height, index, event: 0 }
      const core = { cursor, commandId: `c-${this.height}-${index}`, contract, event, data }
      const entries = topics.map((topic) => {
        const feed = extendFeed(this.feeds.get(topic) ?? EMPTY_FEED, eventDigest(core))
        this.feeds.set(topic, feed)
        return { topic, sequence: feed.count, hash: feed.hash }
      })
      this.all.push({ ...core, topics: entries })
    })
    for (const listener of this.listeners) listener(this.height)
  }

  async head(): Promise<LedgerHead> {
    return { height: this.height, timeMs: 0, headerHash: '' }
  }

  async events(after: EventCursor | undefined, { limit, topic }: { limit: number; topic?: string }) {
    return this.all
      .filter(({ cursor }) => after === undefined || isAfter(cursor, after))
      .filter(({ topics }) => topic === undefined || topics.some((entry) => entry.topic === topic))
      .slice(0, limit)
  }

  onCommit(listener: (height: number) => void): () => void {
    this.listeners.add(listener)
    return () => void this.listeners.delete(listener)
  }

  async prove(what: Provable): Promise<JsonObject> {
    if (what.kind !== 'topic') throw new Error('only topics are proven here')
    const { count, hash } = this.feeds.get(what.topic) ?? EMPTY_FEED
    return { kind: 'topic', topic: what.topic, feed: { count, hash } }
  }
}
