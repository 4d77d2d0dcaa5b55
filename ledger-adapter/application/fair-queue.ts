import { LedgerError } from '../port.ts'

/** How much may wait for a block, of everybody and of one participant; bytes are those of signed commands. */
export interface QueueLimits {
  readonly maxQueue: number
  readonly maxQueueBytes: number
  readonly maxWaitingOfOne: number
  readonly maxWaitingBytesOfOne: number
  /** Commands a second that one participant may bring in the long run, and at once after a rest. */
  readonly ratePerSecond: number
  readonly rateBurst: number
}

/**
 * One participant gets half of the queue at most, so that no single one can fill it; the rates are above what a node
 * executes, and are for a consortium to lower.
 */
export const DEFAULT_QUEUE_LIMITS: QueueLimits = {
  maxQueue: 20_000,
  maxQueueBytes: 128 << 20,
  maxWaitingOfOne: 10_000,
  maxWaitingBytesOfOne: 64 << 20,
  ratePerSecond: 10_000,
  rateBurst: 20_000,
}

/** What a refusal for a full queue advises; a block later there is room again. */
const RETRY_AFTER_MS = 1_000

export interface Waiting {
  readonly participant: string
  readonly bytes: number
}

interface Lane<T> {
  readonly items: T[]
}

/**
 * How much waits, of everybody and of each participant, against the limits. Count only what is verified to be the
 * participant's own, else others could use up its quota.
 */
export class Quota {
  private readonly waiting = new Map<string, { count: number; bytes: number }>()
  private readonly rate: RateLimit
  private count = 0
  private bytes = 0

  constructor(private readonly limits: QueueLimits) {
    this.rate = new RateLimit(limits.ratePerSecond, limits.rateBurst)
  }

  get length(): number {
    return this.count
  }

  /**
   * @param agreed what the consortium lets one participant have waiting; the node's own limit holds beside it
   * @throws LedgerError QUEUE_FULL, QUOTA with `limit`, `max` and `retryAfterMs`; then nothing has been counted
   */
  check({ participant, bytes }: Waiting, nowMs: number, agreed: number): void {
    const { limits } = this
    const most = Math.min(limits.maxWaitingOfOne, agreed)
    const own = this.waiting.get(participant) ?? { count: 0, bytes: 0 }
    if (this.count >= limits.maxQueue) throw full('commands', this.count)
    if (this.bytes + bytes > limits.maxQueueBytes) throw full('bytes', this.bytes)
    if (own.count >= most) throw quota(participant, 'waiting', most, RETRY_AFTER_MS)
    if (own.bytes + bytes > limits.maxWaitingBytesOfOne) {
      throw quota(participant, 'bytes', limits.maxWaitingBytesOfOne, RETRY_AFTER_MS)
    }
    const waitMs = this.rate.take(participant, nowMs)
    if (waitMs > 0) throw quota(participant, 'rate', limits.ratePerSecond, waitMs)
  }

  /** Counts it, whatever the limits. */
  enter({ participant, bytes }: Waiting): void {
    const own = this.waiting.get(participant) ?? { count: 0, bytes: 0 }
    this.waiting.set(participant, { count: own.count + 1, bytes: own.bytes + bytes })
    this.count += 1
    this.bytes += bytes
  }

  leave({ participant, bytes }: Waiting): void {
    const own = this.waiting.get(participant)!
    if (own.count === 1) this.waiting.delete(participant)
    else this.waiting.set(participant, { count: own.count - 1, bytes: own.bytes - bytes })
    this.count -= 1
    this.bytes -= bytes
  }
}

/**
 * Commands waiting for a block, a lane for each participant. A block takes one of each lane in turn: whoever sends much
 * waits for itself.
 */
export class FairQueue<T extends Waiting> {
  /** In the order of their turns. */
  private lanes = new Map<string, Lane<T>>()
  private readonly quota: Quota

  constructor(limits: QueueLimits) {
    this.quota = new Quota(limits)
  }

  get length(): number {
    return this.quota.length
  }

  /** @throws LedgerError QUEUE_FULL, QUOTA */
  push(item: T, nowMs: number, agreed = Infinity): void {
    this.quota.check(item, nowMs, agreed)
    this.enter(item)
  }

  private enter(item: T): void {
    const lane = this.lanes.get(item.participant)
    if (lane) lane.items.push(item)
    else this.lanes.set(item.participant, { items: [item] })
    this.quota.enter(item)
  }

  /** One of each lane in turn, each lane in its order, until a limit is reached; at least one when there is any. */
  take(maxCommands: number, maxBytes: number): T[] {
    const taken: T[] = []
    const turns = new Map([...this.lanes].map(([participant, { items }]) => [participant, { items, next: 0 }]))
    let bytes = 0
    for (const [participant, turn] of turns) {
      if (taken.length >= maxCommands) break
      const item = turn.items[turn.next]!
      if (bytes + item.bytes > maxBytes && taken.length > 0) break
      taken.push(item)
      bytes += item.bytes
      turn.next += 1
      // The next turn is at the end of the row: a map is walked in the order of insertion, also what is put in meanwhile.
      turns.delete(participant)
      if (turn.next < turn.items.length) turns.set(participant, turn)
    }
    for (const item of taken) this.quota.leave(item)
    const left = new Map<string, Lane<T>>()
    const gone = new Map<string, number>()
    for (const { participant } of taken) gone.set(participant, (gone.get(participant) ?? 0) + 1)
    for (const participant of turns.keys()) {
      const lane = this.lanes.get(participant)!
      lane.items.splice(0, gone.get(participant) ?? 0)
      left.set(participant, lane)
    }
    this.lanes = left
    return taken
  }

  /** What was taken and did not enter a block goes before everything else, whatever the limits. */
  putBack(items: readonly T[]): void {
    const after = this.takeAll()
    for (const item of [...items, ...after]) this.enter(item)
  }

  takeAll(): T[] {
    const all = [...this.lanes.values()].flatMap(({ items }) => items)
    this.lanes.clear()
    for (const item of all) this.quota.leave(item)
    return all
  }
}

const full = (limit: string, waiting: number): LedgerError =>
  new LedgerError('queue', 'QUEUE_FULL', true, { limit, waiting, retryAfterMs: RETRY_AFTER_MS })

const quota = (participant: string, limit: string, max: number, retryAfterMs: number): LedgerError =>
  new LedgerError('queue', 'QUOTA', true, { participant, limit, max, retryAfterMs })

/**
 * Tokens that come back with time, counted in thousandths so that nothing is rounded. As many entries as participants,
 * and those who rest are forgotten.
 */
export class RateLimit {
  private readonly seen = new Map<string, { readonly credit: number; readonly atMs: number }>()

  constructor(
    private readonly perSecond: number,
    private readonly burst: number,
  ) {}

  /** Takes one, or says after how many milliseconds there will be one. */
  take(who: string, nowMs: number): number {
    const credit = this.creditOf(who, nowMs)
    if (credit < 1000) return Math.ceil((1000 - credit) / this.perSecond)
    const atMs = Math.max(nowMs, this.seen.get(who)?.atMs ?? nowMs)
    this.seen.delete(who) // the one seen least lately stands first
    this.seen.set(who, { credit: credit - 1000, atMs })
    const [oldest] = this.seen.keys()
    if (oldest !== undefined && this.creditOf(oldest, nowMs) >= this.burst * 1000) this.seen.delete(oldest)
    return 0
  }

  /** A clock that was set back gives nothing and takes nothing. */
  private creditOf(who: string, nowMs: number): number {
    const before = this.seen.get(who)
    if (!before) return this.burst * 1000
    return Math.min(this.burst * 1000, before.credit + Math.max(0, nowMs - before.atMs) * this.perSecond)
  }
}
