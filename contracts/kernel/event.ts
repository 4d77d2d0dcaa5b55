import type { Static, TSchema } from 'typebox'
import type { JsonObject } from '#proof/json'
import { Overlay, type Read, type Write } from './state.ts'

/** Who receives an event: `deal/<id>`, `participant/<id>`, `regulator`, `public`. Set by the contract, nowhere else. */
export type Topic = string

export const dealTopic = (deal: string): Topic => `deal/${deal}`
export const participantTopic = (participant: string): Topic => `participant/${participant}`
export const PUBLIC: Topic = 'public'
/** The regulator looks through everything: every event carries this topic. */
export const REGULATOR: Topic = 'regulator'

/** A fact, as it is committed, streamed and projected. */
export interface EventRecord {
  readonly contract: string
  readonly event: string
  readonly data: JsonObject
  readonly topics: readonly Topic[]
}

export interface EventType<S extends TSchema = TSchema> {
  readonly contract: string
  readonly event: string
  readonly schema: S
  /** The only place that says what the event does to the state. */
  readonly apply: (data: Static<S>) => readonly Write[]
  readonly of: (data: Static<S>, topics: readonly Topic[]) => EventRecord
}

export function eventType<const S extends TSchema>(type: {
  contract: string
  event: string
  schema: S
  apply: (data: Static<S>) => readonly Write[]
}): EventType<S> {
  return {
    ...type,
    of: (data, topics) => ({
      contract: type.contract,
      event: type.event,
      data: data as JsonObject,
      topics: [...new Set([...topics, REGULATOR])].sort(),
    }),
  }
}

/**
 * For a decision of several steps where a later step must see what an earlier one did (transfers out of one account):
 * emits an event into an overlay and reads through it. The events are the decision's result. What the last of them write
 * nobody reads here, so events are applied when something is read after them.
 */
export class Stage {
  readonly events: EventRecord[] = []
  private readonly overlay: Overlay
  private readonly unapplied: (() => readonly Write[])[] = []
  constructor(read: Read) {
    this.overlay = new Overlay(read)
  }

  readonly read: Read = (key) => {
    if (this.unapplied.length > 0) this.apply()
    return this.overlay.read(key)
  }

  private apply(): void {
    for (const writes of this.unapplied.splice(0)) for (const write of writes()) this.overlay.write(write)
  }

  emit<S extends TSchema>(type: EventType<S>, data: Static<S>, topics: readonly Topic[]): void {
    this.events.push(type.of(data, topics))
    this.unapplied.push(() => type.apply(data))
  }
}
