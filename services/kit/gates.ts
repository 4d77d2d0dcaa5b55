import { RateLimit } from '#ledger-adapter/application/fair-queue'
import { busy, Place, tooMany } from './place.ts'
import { ReadGate, type ReadLimits } from './read-gate.ts'

/**
 * How much of a node may be asked for at once. Writes are bounded by the ledger's own queue and quotas, streams by their
 * service; `open` routes are for anybody, so they are bounded by where a request comes from.
 */
export interface RequestLimits extends ReadLimits {
  /** Requests under way that nobody has signed in for. */
  readonly openAtOnce: number
  /** Such requests a second from one address in the long run, and at once after a rest. */
  readonly openPerSecond: number
  readonly openBurst: number
  /** From all addresses together. */
  readonly openPerSecondInAll: number
}

/** Above what people and programs of an organisation ask for, also from behind one proxy; for its operator to lower. */
export const DEFAULT_REQUEST_LIMITS: RequestLimits = {
  readsAtOnce: 256,
  readsOfOneAtOnce: 128,
  waitsAtOnce: 4_096,
  waitsOfOneAtOnce: 2_048,
  openAtOnce: 64,
  openPerSecond: 100,
  openBurst: 400,
  openPerSecondInAll: 1_000,
}

/** What bounds a route: `open` unless it says otherwise; `other`: something of its own. */
export type Gate = 'open' | 'read' | 'other'

declare module 'fastify' {
  interface FastifyContextConfig {
    gate?: Gate
    /** A read that waits for a block when it is asked with `?at=`. */
    mayWait?: boolean
  }
  interface FastifyRequest {
    place: Place | null
  }
}

/** The gates of one server, whatever is mounted on it. A refusal comes before anything is read or looked up. */
export class Gates {
  private readonly limits: RequestLimits
  private readonly ofAddress: RateLimit
  private readonly ofAll: RateLimit
  private readonly reads: ReadGate
  private open = 0

  constructor(
    limits: Partial<RequestLimits> = {},
    private readonly now: () => number = Date.now,
  ) {
    this.limits = { ...DEFAULT_REQUEST_LIMITS, ...limits }
    const { openPerSecond, openBurst, openPerSecondInAll } = this.limits
    this.ofAddress = new RateLimit(openPerSecond, openBurst)
    this.ofAll = new RateLimit(openPerSecondInAll, openPerSecondInAll)
    this.reads = new ReadGate(this.limits)
  }

  /**
   * A place for a request until it leaves.
   * @param mayWait a read that is asked to wait for a block
   * @throws Problem 429 TOO_MANY_REQUESTS of an address, 503 BUSY of the node; then nothing has been counted
   */
  enter(gate: Gate, address: string, mayWait = false): Place {
    if (gate === 'read') return this.reads.enter(mayWait)
    if (gate === 'other') return new Place()
    const { openAtOnce, openPerSecond, openPerSecondInAll } = this.limits
    if (this.open >= openAtOnce) throw busy('requests without a token', openAtOnce)
    const nowMs = this.now()
    const waitMs = this.ofAddress.take(networkOf(address), nowMs)
    if (waitMs > 0) throw tooMany(`more than ${openPerSecond} requests a second without a token`, waitMs)
    const allWaitMs = this.ofAll.take('', nowMs)
    if (allWaitMs > 0) throw busy('requests a second without a token', openPerSecondInAll, allWaitMs)
    this.open += 1
    let isIn = true
    return new Place(() => {
      if (isIn) this.open -= 1
      isIn = false
    })
  }
}

/** An address as a limit counts it: of IPv6 the 64 bits that one customer is given. */
export function networkOf(address: string): string {
  const text = address.replace(/^::ffff:(?=\d+\.)/i, '')
  if (!text.includes(':')) return text
  const [before = '', after] = text.split('::')
  const head = before === '' ? [] : before.split(':')
  const tail = after === undefined || after === '' ? [] : after.split(':')
  const groups =
    after === undefined ? head : [...head, ...Array<string>(8 - head.length - tail.length).fill('0'), ...tail]
  return groups.slice(0, 4).join(':')
}
