import type { Parameters } from '#contracts/governance/state'
import { commandKey } from '#proof/command'
import { idConflict, type Candidate } from '../application/admission.ts'
import { DEFAULT_QUEUE_LIMITS, FairQueue, Quota, type QueueLimits, type Waiting } from '../application/fair-queue.ts'
import { LEDGER_ERROR_CODES, LedgerError, type Executed, type LedgerErrorCode } from '../port.ts'
import { Addresses, type Address } from './addresses.ts'
import type { RefusalLog } from './application.ts'
import { bundledSize, encodeBundle, MAX_BUNDLE_BYTES, MAX_BUNDLE_COMMANDS } from './bundle.ts'
import type { Commitment } from './machine.ts'
import type { CometbftRpc } from './rpc.ts'
import type { Transactions } from './transactions.ts'

/** What waits is what was taken and is in no block yet, sent or not. */
export interface BundlerLimits extends QueueLimits {
  /** How long commands gather before they are sent, milliseconds. */
  readonly gatherMs: number
  /** After so long without a block the same bytes go out through another node, milliseconds. */
  readonly resendMs: number
  /** After so long a command's fate is told to be unknown, milliseconds. */
  readonly patienceMs: number
}

export const DEFAULT_LIMITS: BundlerLimits = {
  ...DEFAULT_QUEUE_LIMITS,
  gatherMs: 10,
  resendMs: 5_000,
  patienceMs: 60_000,
}

interface Pending extends Waiting {
  readonly candidate: Candidate
  readonly signed: Uint8Array
  readonly since: number
  readonly resolve: (executed: Executed) => void
  readonly reject: (error: LedgerError) => void
  sends: number
  /** Of them those that may be in a mempool or a block: all but what our own CometBFT said it did not take. */
  copies: number
  sentAt: number
  /** Send it in a transaction of its own: a bundle with it was turned away. */
  isAlone: boolean
  isQueued: boolean
}

/** What the bundler asks of the ledger around it. */
export interface BundlerDeps {
  /** Own node first; the others are asked when a command does not come back. */
  readonly rpcs: readonly CometbftRpc[]
  readonly transactions: Transactions
  readonly limits: BundlerLimits
  readonly now: () => number
  /** What governance decided, as last known. */
  readonly parameters: () => Parameters
  /** The recorded answer, when the command is recorded. @throws LedgerError COMMAND_ID_CONFLICT */
  readonly recorded: (candidate: Candidate) => Promise<Executed | undefined>
  /** Whether block time has passed its expiry: what is not recorded then never will be. */
  readonly isPast: (candidate: Candidate) => boolean
  /** Told when an address begins to fail. */
  readonly onProblem: (error: unknown) => void
}

const SWEEP_MS = 250
/** The limits are those of all that waits; the order of sending has none of its own. */
const NO_LIMITS: QueueLimits = {
  maxQueue: Infinity,
  maxQueueBytes: Infinity,
  maxWaitingOfOne: Infinity,
  maxWaitingBytesOfOne: Infinity,
  ratePerSecond: Infinity,
  rateBurst: Infinity,
}
/** In one bundle, after its version. */
const ROOM = MAX_BUNDLE_BYTES - 1

/** Gathers commands into transactions, sends them, and settles each when a block says what became of it. */
export class Bundler {
  /** By the keys of the ids. */
  private readonly waiting = new Map<string, Pending>()
  /** To be sent, in turn by participant. */
  private readonly queue = new FairQueue<Pending>(NO_LIMITS)
  /** To be sent by themselves. */
  private alone: Pending[] = []
  private readonly quota: Quota
  private readonly addresses: Addresses
  private isSending = false
  private closed: string | undefined
  private readonly sweeper: NodeJS.Timeout

  constructor(private readonly deps: BundlerDeps) {
    this.quota = new Quota(deps.limits)
    this.addresses = new Addresses(deps.rpcs, deps.onProblem)
    this.sweeper = setInterval(() => this.sweep(), SWEEP_MS)
    this.sweeper.unref()
  }

  /**
   * The caller sees to it that an id is sent once at a time, and that the signature is good: what waits counts against
   * its author's quota.
   * @throws LedgerError QUEUE_FULL, QUOTA, CLOSED
   */
  send(candidate: Candidate, signed: Uint8Array): Promise<Executed> {
    if (this.closed !== undefined) throw new LedgerError('queue', 'CLOSED', true, { why: this.closed })
    const counted: Waiting = { participant: candidate.command.participant, bytes: bundledSize(signed.length) }
    const since = performance.now()
    this.quota.check(counted, this.deps.now(), this.deps.parameters().maxQueuedPerParticipant)
    return new Promise((resolve, reject) => {
      const fresh = { sends: 0, copies: 0, sentAt: 0, isQueued: false, isAlone: false }
      const one: Pending = { ...counted, candidate, signed, since, resolve, reject, ...fresh }
      this.waiting.set(candidate.idKey, one)
      this.quota.enter(one)
      this.again(one)
    })
  }

  close(why: string): void {
    this.closed ??= why
    clearInterval(this.sweeper)
    for (const one of [...this.waiting.values()]) {
      this.fail(one, new LedgerError('commit', 'CLOSED', one.copies === 0, { why: this.closed }))
    }
    this.queue.takeAll()
    this.alone = []
  }

  /** A block is durable: who waited for one of its commands is answered. */
  settle({ finalized, timeMs }: Commitment, answers: readonly Executed[]): void {
    for (const executed of answers) {
      const one = this.waiting.get(commandKey(executed))
      if (!one) continue
      if (one.candidate.digest === executed.digest) this.succeed(one, executed)
      else this.fail(one, idConflict(executed, executed.digest))
    }
    for (const fate of finalized.fates) {
      if (!fate) continue
      const { error } = fate
      const { idKey, digest } = fate.candidate
      const one = this.waiting.get(idKey)
      if (!one || one.candidate.digest !== digest || !error) continue
      if (error.code === 'NOT_YET_VALID') this.again(one)
      // Refused here, but another copy may be on its way unless there was none.
      else this.refused(one, error, one.copies - 1)
    }
    for (const one of [...this.waiting.values()]) {
      const { expiresAt } = one.candidate.command
      if (timeMs <= expiresAt) continue
      this.fail(one, new LedgerError('commit', 'EXPIRED', true, { expiresAt, blockTimeMs: timeMs }))
    }
  }

  private succeed(one: Pending, executed: Executed): void {
    this.forget(one)
    one.resolve(executed)
  }

  private fail(one: Pending, error: LedgerError): void {
    this.forget(one)
    one.reject(error)
  }

  /**
   * Not admitted, whether in a block or before. Of what has run out by a node's clock a copy may still be executed, also
   * one that somebody else sent: only block time says that it never happened.
   * @param copies others than the one that was refused
   */
  private refused(one: Pending, { code, details }: LedgerError, copies: number): void {
    const outcomeKnown = code === 'EXPIRED' ? this.deps.isPast(one.candidate) : copies <= 0
    this.fail(one, new LedgerError('admission', code, outcomeKnown, details))
  }

  private forget(one: Pending): void {
    if (this.isWaiting(one)) this.quota.leave(one)
    this.waiting.delete(one.candidate.idKey)
  }

  private isWaiting(one: Pending): boolean {
    return this.waiting.get(one.candidate.idKey) === one
  }

  private again(one: Pending): void {
    if (one.isQueued) return
    one.isQueued = true
    if (one.isAlone) this.alone.push(one)
    else this.queue.push(one, 0)
    this.pump()
  }

  private pump(): void {
    if (this.isSending || this.closed !== undefined) return
    this.isSending = true
    setTimeout(() => void this.drain().finally(() => (this.isSending = false)), this.deps.limits.gatherMs)
  }

  private get hasWork(): boolean {
    return this.queue.length + this.alone.length > 0
  }

  private async drain(): Promise<void> {
    while (this.hasWork && this.closed === undefined) {
      const batch = this.takeBatch()
      if (batch.length > 0 && !(await this.broadcast(batch))) return
    }
  }

  private takeBatch(): Pending[] {
    const most = Math.min(MAX_BUNDLE_COMMANDS, this.deps.parameters().maxBlockCommands)
    const taken = this.alone.length > 0 ? this.alone.splice(0, 1) : this.queue.take(most, ROOM)
    for (const one of taken) one.isQueued = false
    return taken.filter((one) => this.isWaiting(one))
  }

  /** False when nothing more can be sent for now; the sweep tries again. */
  private async broadcast(batch: readonly Pending[]): Promise<boolean> {
    const { transactions } = this.deps
    const tx = encodeBundle(batch.map(({ signed }) => signed))
    const candidates = batch.map(({ candidate }) => candidate)
    transactions.add(tx, candidates)
    const address = this.addresses.pick(Math.max(...batch.map(({ sends }) => sends)))
    for (const one of batch) {
      one.sends += 1
      one.copies += 1
      one.sentAt = performance.now()
    }
    try {
      const { state, log } = await address.rpc.broadcast(tx)
      this.addresses.worked(address)
      if (state !== 'inFlight' && address.isOwn) for (const one of batch) one.copies -= 1
      if (state === 'refused') await this.turnedAway(batch, log, address)
      // One that found no room is sent again when its time comes, or its patience ends.
      return state !== 'later'
    } catch (error) {
      // Whatever it answered, or did not: another address may take it at once, or each again when its time comes.
      this.addresses.failed(address, error)
      if (!this.addresses.areAllFailing) for (const one of batch) if (this.isWaiting(one)) this.again(one)
      return true
    }
  }

  /**
   * CheckTx refused: one command decides over its bundle, so each is sent alone; one that was alone has its answer. That
   * of another member's node is none: it is asked elsewhere when its time comes.
   */
  private async turnedAway(batch: readonly Pending[], log: string, { isOwn }: Address): Promise<void> {
    for (const one of batch) {
      if (!this.isWaiting(one)) continue
      const executed = await this.deps.recorded(one.candidate).catch((error: unknown) => error)
      if (!this.isWaiting(one)) continue
      if (isConflict(executed)) this.fail(one, executed)
      else if (executed instanceof Error)
        continue // the store is away
      else if (executed) this.succeed(one, executed as Executed)
      else if (batch.length === 1 && isOwn) this.refused(one, refusalOf(log), one.copies)
      else if (batch.length > 1) {
        one.isAlone = true
        if (isOwn) one.sends -= 1 // and so to our own again
        this.again(one)
      }
    }
  }

  private sweep(): void {
    const { resendMs, patienceMs } = this.deps.limits
    const now = performance.now()
    for (const one of [...this.waiting.values()]) {
      if (now - one.since > patienceMs) {
        this.fail(one, new LedgerError('commit', 'NO_CONSENSUS', false, { waitedMs: Math.round(now - one.since) }))
      } else if (one.sends > 0 && now - one.sentAt > resendMs) {
        one.sentAt = now
        // What has run out by the clock is left to the block that says so.
        if (this.deps.now() <= one.candidate.command.expiresAt) this.again(one)
      }
    }
    if (this.hasWork) this.pump()
  }
}

const isConflict = (error: unknown): error is LedgerError =>
  error instanceof LedgerError && error.code === 'COMMAND_ID_CONFLICT'

/** The refusal that our own CheckTx wrote into its log. A foreign log says only that the command was not taken. */
function refusalOf(log: string): LedgerError {
  try {
    const { code, details } = JSON.parse(log) as RefusalLog
    if (Object.hasOwn(LEDGER_ERROR_CODES, code))
      return new LedgerError('admission', code as LedgerErrorCode, true, details)
  } catch {
    // Told below.
  }
  return new LedgerError('queue', 'NO_CONSENSUS', true, { log: log.slice(0, 200) })
}
