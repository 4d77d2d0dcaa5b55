import { canonicalJson } from './canonical.ts'
import { putHash, sha256Hex, sha256TextHex, utf8ToBytes, type Hash } from './hash.ts'
import { NO_HASH } from './block.ts'
import type { JsonObject } from './json.ts'

/**
 * An event as its digest covers it. Topics are not part of it: a subscriber of one topic must be able to recompute the
 * digest without learning who else received the event. They are bound by the chains of the feeds instead.
 */
export interface EventCore {
  readonly cursor: { readonly height: number; readonly index: number; readonly event: number }
  /** `genesis` in block 0 */
  readonly commandId: string
  readonly contract: string
  readonly event: string
  readonly data: JsonObject
}

const EVENT_DOMAIN = 'sluice/event/v1\n'
const FEED_DOMAIN = utf8ToBytes('sluice/feed/v1\n')

export const eventDigest = (core: EventCore): Hash => eventDigestOf(eventTextOf(core, canonicalJson(core.data)))

/** The same from the event's canonical text. */
export const eventDigestOf = (eventText: string): Hash => sha256TextHex(`${EVENT_DOMAIN}${eventText}`)

/** The canonical text of an event where that of its data is at hand. */
export function eventTextOf(core: Omit<EventCore, 'data'>, dataText: string): string {
  const { cursor, commandId, contract, event } = core
  const { height, index, event: ordinal } = cursor
  const place = `{"event":${ordinal},"height":${height},"index":${index}}` // counts: safe integers
  const [id, from, what] = [commandId, contract, event].map((part) => canonicalJson(part))
  return `{"commandId":${id},"contract":${from},"cursor":${place},"data":${dataText},"event":${what}}`
}

/** A topic so far: how many events, and the hash that chains them. Stands in the state at `feed/<topic>`. */
export interface Feed {
  readonly count: number
  readonly hash: Hash
}

export const EMPTY_FEED: Feed = { count: 0, hash: NO_HASH }

const feedInput = new Uint8Array(FEED_DOMAIN.length + 64)
feedInput.set(FEED_DOMAIN)

export const feedKey = (topic: string): string => `feed/${topic}`

/** The topic after one more event. A subscriber who folds what it receives knows whether anything was left out. */
export function extendFeed(feed: Feed, digest: Hash): Feed {
  putHash(feed.hash, feedInput, FEED_DOMAIN.length)
  putHash(digest, feedInput, FEED_DOMAIN.length + 32)
  const hash = sha256Hex(feedInput)
  return { count: feed.count + 1, hash }
}
