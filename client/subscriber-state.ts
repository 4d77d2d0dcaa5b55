import { EMPTY_FEED, eventDigest, extendFeed, type Feed } from '#proof/feed'
import type { EventMessage, HeadMessage, StreamMessage } from '#proof/stream'
import type { AnyTrust } from '#proof/receipt'
import { verifyReceiptObject } from '#proof/verify-receipt'

export const STREAM_FAULTS = [
  'BAD_MESSAGE', 'WRONG_CHAIN', 'GAP', 'DUPLICATE', 'REORDERED', 'FORGED', 'HIDDEN_TAIL', 'BAD_PROOF', 'INCOMPLETE',
] as const // prettier-ignore
export type StreamFault = (typeof STREAM_FAULTS)[number]

/** What the node sent does not hold. It is not a fault of the line: nothing after it can be trusted. */
export class StreamError extends Error {
  override readonly name = 'StreamError'
  constructor(
    readonly code: StreamFault,
    readonly topic: string,
    /** The sequence at which the topic stops being whole. */
    readonly sequence: number,
    detail: string,
  ) {
    super(`${code} in topic ${topic} at sequence ${sequence}: ${detail}`)
  }
}

/** An event that is part of every topic it is listed under. */
export interface VerifiedEvent {
  readonly cursor: string
  readonly commandId: string
  readonly contract: string
  readonly event: string
  readonly data: EventMessage['data']
  readonly topics: readonly string[]
}

/** What to keep between runs: where the stream stands and what each topic has been proven to be. JSON. */
export interface SubscriberCheckpoint {
  readonly cursor: string | null
  readonly topics: { readonly [topic: string]: Feed }
}

export interface ProvenHead extends Feed {
  readonly topic: string
  /** The block whose signed state says so. */
  readonly height: number
}

type Cursor = readonly [number, number, number]
const parse = (text: string): Cursor | undefined => {
  const match = /^(\d{1,15})\.(\d{1,9})\.(\d{1,9})$/.exec(text)
  return match ? [Number(match[1]), Number(match[2]), Number(match[3])] : undefined
}
const isAfter = (a: Cursor, b: Cursor): boolean => {
  for (let i = 0; i < 3; i += 1) if (a[i] !== b[i]) return a[i]! > b[i]!
  return false
}

/**
 * What one subscriber knows, folded from what it received. It recomputes every hash; nothing of the node is believed
 * but the signature of the ledger's operator on the header that a head is proven against.
 */
export class SubscriberState {
  private cursor: string | null
  private readonly topics: Map<string, Feed>
  private readonly heads = new Map<string, ProvenHead>()

  constructor(
    private readonly trust: AnyTrust,
    from: SubscriberCheckpoint = { cursor: null, topics: {} },
  ) {
    this.cursor = from.cursor
    this.topics = new Map(Object.entries(from.topics))
  }

  checkpoint(): SubscriberCheckpoint {
    return { cursor: this.cursor, topics: Object.fromEntries(this.topics) }
  }

  feed(topic: string): Feed {
    return this.topics.get(topic) ?? EMPTY_FEED
  }

  provenHead(topic: string): ProvenHead | undefined {
    return this.heads.get(topic)
  }

  /** The event when it is new, undefined for everything else. @throws StreamError */
  take(message: StreamMessage): VerifiedEvent | undefined {
    switch (message.kind) {
      case 'hello':
        if (message.chainId !== this.trust.chainId) {
          throw new StreamError('WRONG_CHAIN', '*', 0, `the node streams ${message.chainId}, not ${this.trust.chainId}`)
        }
        return undefined
      case 'event':
        return this.takeEvent(message)
      case 'head':
        return this.takeHead(message)
      case 'ended':
        for (const topic of message.topics) this.heads.delete(topic)
        return undefined
      case 'heads':
        return undefined
    }
  }

  private takeEvent(message: EventMessage): VerifiedEvent | undefined {
    const cursor = parse(message.cursor)
    const { topic: anyTopic = '*', sequence: anySequence = 0 } = message.topics[0] ?? {}
    if (!cursor) throw new StreamError('BAD_MESSAGE', anyTopic, anySequence, `cursor ${message.cursor}`)
    if (message.topics.length === 0) throw new StreamError('BAD_MESSAGE', '*', 0, 'an event without topics')
    const digest = digestOf(message, cursor)
    const next = new Map<string, Feed>()
    let isSeen = false
    for (const { topic, sequence, hash } of message.topics) {
      const feed = this.feed(topic)
      if (sequence <= feed.count && message.backfill !== undefined && topic !== message.backfill) {
        isSeen = true
        continue
      }
      if (sequence <= feed.count) throw new StreamError('DUPLICATE', topic, sequence, `${feed.count} events are here`)
      if (sequence > feed.count + 1) throw new StreamError('GAP', topic, feed.count + 1, `${sequence} came instead`)
      const extended = extendFeed(feed, digest)
      if (extended.hash !== hash) throw new StreamError('FORGED', topic, sequence, 'the chained hash is another')
      next.set(topic, extended)
    }
    const before = this.cursor === null ? undefined : parse(this.cursor)
    if (message.backfill === undefined) {
      if (before && !isAfter(cursor, before)) {
        throw new StreamError('REORDERED', anyTopic, anySequence, `${message.cursor} after ${this.cursor ?? ''}`)
      }
      this.cursor = message.cursor
    }
    for (const [topic, feed] of next) this.topics.set(topic, feed)
    if (isSeen) return undefined
    const { commandId, contract, event, data } = message
    return {
      cursor: message.cursor,
      commandId,
      contract,
      event,
      data,
      topics: message.topics.map(({ topic }) => topic),
    }
  }

  private takeHead({ topic, proof }: HeadMessage): undefined {
    const feed = this.feed(topic)
    const verdict = verifyReceiptObject(proof, this.trust)
    if (!verdict.ok) throw new StreamError('BAD_PROOF', topic, feed.count, verdict.reason)
    const { receipt, anchored } = verdict
    if (receipt.kind !== 'topic' || receipt.topic !== topic) {
      throw new StreamError('BAD_PROOF', topic, feed.count, 'a proof of something else')
    }
    const { count, hash } = receipt.feed
    if (count > feed.count) throw new StreamError('HIDDEN_TAIL', topic, feed.count + 1, `the ledger counts ${count}`)
    if (count === feed.count && hash !== feed.hash)
      throw new StreamError('FORGED', topic, count, 'the ledger has another')
    if (count < feed.count)
      throw new StreamError('BAD_PROOF', topic, count, `an older head; ${feed.count} events are here`)
    this.heads.set(topic, { topic, count, hash, height: anchored.height })
    return undefined
  }
}

/** Contents that have no canonical form cannot be on the ledger. */
function digestOf({ commandId, contract, event, data, topics }: EventMessage, cursor: Cursor): string {
  const [height, index, ordinal] = cursor
  try {
    return eventDigest({ cursor: { height, index, event: ordinal }, commandId, contract, event, data })
  } catch {
    const { topic = '*', sequence = 0 } = topics[0] ?? {}
    throw new StreamError('FORGED', topic, sequence, 'contents without canonical form')
  }
}
