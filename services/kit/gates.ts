import { RateLimit } from '#ledger-adapter/application/fair-queue'
import { Problem } from './problem.ts'

/**
 * How much of a node may be asked for at once. Writes are bounded by the ledger's own queue and quotas, streams by their
 * service; `open` routes are for anybody, so they are bounded by where a request comes from.
 */
export interface RequestLimits {
  /** Reads under way in the node, those that wait for a block among them: what they cost in Postgres its sessions bound. */
  readonly readsAtOnce: number
  /** Of one participant: one that asks for everything leaves room for the others. */
  readonly readsOfOneAtOnce: number
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
  readsAtOnce: 4_096,
  readsOfOneAtOnce: 2_048,
  openAtOnce: 64,
  openPerSecond: 100,
  openBurst: 400,
  openPerSecondInAll: 1_000,
}

/** What a refusal for too many at once advises. */
const RETRY_AFTER_MS = 1_000

/** What bounds a route: `open` unless it says otherwise; `other`: something of its own. */
export type Gate = 'open' | 'read' | 'other'

declare module 'fastify' {
  interface FastifyContextConfig {
    gate?: Gate
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
  private readonly atOnce = { open: 0, read: 0, other: 0 }
  private readonly ofParticipant = new Map<string, number>()

  constructor(
    limits: Partial<RequestLimits> = {},
    private readonly now: () => number = Date.now,
  ) {
    this.limits = { ...DEFAULT_REQUEST_LIMITS, ...limits }
    const { openPerSecond, openBurst, openPerSecondInAll } = this.limits
    this.ofAddress = new RateLimit(openPerSecond, openBurst)
    this.ofAll = new RateLimit(openPerSecondInAll, openPerSecondInAll)
  }

  /**
   * A place for a request until it leaves.
   * @throws Problem 429 TOO_MANY_REQUESTS of an address, 503 BUSY of the node; then nothing has been counted
   */
  enter(gate: Gate, address: string): Place {
    const { readsAtOnce, openAtOnce, openPerSecond, openPerSecondInAll } = this.limits
    if (gate === 'read' && this.atOnce.read >= readsAtOnce) throw busy('reads', readsAtOnce)
    if (gate === 'open') {
      if (this.atOnce.open >= openAtOnce) throw busy('requests without a token', openAtOnce)
      const nowMs = this.now()
      const waitMs = this.ofAddress.take(networkOf(address), nowMs)
      if (waitMs > 0) throw tooMany(`more than ${openPerSecond} requests a second without a token`, waitMs)
      const allWaitMs = this.ofAll.take('', nowMs)
      if (allWaitMs > 0) throw busy('requests a second without a token', openPerSecondInAll, allWaitMs)
    }
    this.atOnce[gate] += 1
    return new Place(this, gate)
  }

  /** @throws Problem 429 TOO_MANY_REQUESTS */
  claim(participant: string): void {
    const { readsOfOneAtOnce } = this.limits
    const count = this.ofParticipant.get(participant) ?? 0
    if (count >= readsOfOneAtOnce)
      throw tooMany(`${participant} has ${readsOfOneAtOnce} reads under way already`, RETRY_AFTER_MS)
    this.ofParticipant.set(participant, count + 1)
  }

  leave(gate: Gate, participant: string | undefined): void {
    this.atOnce[gate] -= 1
    if (participant === undefined) return
    const count = this.ofParticipant.get(participant)!
    if (count === 1) this.ofParticipant.delete(participant)
    else this.ofParticipant.set(participant, count - 1)
  }
}

/** Held until the answer is sent and the work for it is done: who hangs up early leaves no work uncounted. */
export class Place {
  private participant: string | undefined
  private isClosed = false
  private isWorking = false

  constructor(
    private readonly gates: Gates,
    private readonly gate: Gate,
  ) {}

  /** The caller is known. @throws Problem 429 when it has too many places */
  claim(participant: string): void {
    if (this.gate !== 'read') return
    this.gates.claim(participant)
    this.participant = participant
  }

  async during<T>(work: () => Promise<T>): Promise<T> {
    this.isWorking = true
    try {
      return await work()
    } finally {
      this.isWorking = false
      if (this.isClosed) this.gates.leave(this.gate, this.participant)
    }
  }

  /** The answer was sent, or nobody waits for it any more. */
  close(): void {
    if (this.isClosed) return
    this.isClosed = true
    if (!this.isWorking) this.gates.leave(this.gate, this.participant)
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

const busy = (what: string, max: number, retryAfterMs = RETRY_AFTER_MS): Problem =>
  new Problem({
    code: 'BUSY',
    status: 503,
    title: { en: 'The node is busy; try again', zh: '节点繁忙，请重试' },
    detail: `the node has as many ${what} as it takes, ${max}`,
    extensions: { details: { max, retryAfterMs } },
  })

const tooMany = (detail: string, retryAfterMs: number): Problem =>
  new Problem({
    code: 'TOO_MANY_REQUESTS',
    status: 429,
    title: { en: 'You ask too much; try again later', zh: '请求过于频繁，请稍后重试' },
    detail,
    extensions: { details: { retryAfterMs } },
  })
