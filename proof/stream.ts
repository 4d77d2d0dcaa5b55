import type { JsonObject } from './json.ts'

/**
 * What goes over `/v1/stream`, one JSON document a frame. A subscriber opens
 * `/v1/stream?from=CURSOR&have=TOPIC:SEQUENCE,…&topics=TOPIC,…` (all optional) with the subprotocols
 * `sluice.stream.v1` and `bearer.TOKEN`, or an Authorization header. A browser cannot set headers, and a token in the
 * address would end in logs.
 */
export const STREAM_PROTOCOL = 'sluice.stream.v1'
export const BEARER_PROTOCOL_PREFIX = 'bearer.'

/** Application close codes; what is sent before them is complete and can be resumed from. */
export const CLOSE = {
  BAD_REQUEST: 4000,
  TOKEN_ENDED: 4001,
  KEY_REVOKED: 4003,
  SLOW_CONSUMER: 4008,
  TOO_MANY: 4029,
  FAILED: 4500,
} as const

export interface StreamTopic {
  readonly topic: string
  readonly sequence: number
  readonly hash: string
}

export interface HelloMessage {
  readonly kind: 'hello'
  readonly chainId: string
  readonly participant: string
  readonly from: string | null
}

export interface EventMessage {
  readonly kind: 'event'
  readonly cursor: string
  readonly commandId: string
  readonly contract: string
  readonly event: string
  readonly data: JsonObject
  /** Only topics that the subscriber may read. */
  readonly topics: readonly StreamTopic[]
  /**
   * This event is older than the stream's place: the subscriber may now read this topic and is given what it missed.
   * Other topics listed are those under which it has already had the event.
   */
  readonly backfill?: string
}

/** A topic's count and hash under the ledger's signature; sent when the subscriber has been sent as many events. */
export interface HeadMessage {
  readonly kind: 'head'
  readonly topic: string
  readonly count: number
  readonly hash: string
  /** A topic receipt (proof/receipt.ts). */
  readonly proof: JsonObject
}

/** The heads asked for have all been sent, with these topics. */
export interface HeadsMessage {
  readonly kind: 'heads'
  readonly request: number
  readonly topics: readonly string[]
}

/** No longer readable by this subscriber: nothing more comes of it. */
export interface EndedMessage {
  readonly kind: 'ended'
  readonly topics: readonly string[]
}

export type StreamMessage = HelloMessage | EventMessage | HeadMessage | HeadsMessage | EndedMessage

/** What a subscriber may send: a request for the heads of all its topics. */
export interface HeadRequest {
  readonly kind: 'head'
  readonly request: number
}
