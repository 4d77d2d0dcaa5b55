import type { Candidate } from '../application/admission.ts'
import { LEDGER_ERROR_CODES, LedgerError, type Executed, type LedgerErrorCode } from '../port.ts'
import type { RefusalLog } from './application.ts'
import { bundledSize, encodeBundle, MAX_BUNDLE_BYTES, MAX_BUNDLE_COMMANDS } from './bundle.ts'
import type { Commitment } from './machine.ts'
import { RpcUnreachable, type CometbftRpc } from './rpc.ts'
import type { Transactions } from './transactions.ts'

export interface BundlerLimits {
  /** Commands that wait for their block at most; more are refused QUEUE_FULL. */
  readonly maxQueue: number
  /** How long commands gather before they are sent, milliseconds. */
  readonly gatherMs: number
  /** After so long without a block the same bytes go out through another node, milliseconds. */
  readonly resendMs: number
  /** After so long a command's fate is told to be unknown, milliseconds. */
  readonly patienceMs: number
}

export const DEFAULT_LIMITS: BundlerLimits = { maxQueue: 20_000, gatherMs: 10, resendMs: 5_000, patienceMs: 60_000 }

interface Waiting {
  readonly candidate: Candidate
  readonly bytes: Uint8Array
  readonly since: number
  readonly resolve: (executed: Executed) => void
  readonly reject: (error: LedgerError) => void
  sends: number
  sentAt: number
  /** Send it in a transaction of its own: a bundle with it was turned away. */
  isAlone: boolean
}

/** What the bundler asks of the ledger around it. */
export interface BundlerDeps {
  /** Own node first; the others are asked when a command does not come back. */
  readonly rpcs: readonly CometbftRpc[]
  readonly transactions: Transactions
  readonly limits: BundlerLimits
  readonly now: () => number
  /** The recorded answer, when the command is recorded. @throws LedgerError COMMAND_ID_CONFLICT */
  readonly recorded: (candidate: Candidate) => Promise<Executed | undefined>
}

const SWEEP_MS = 250

/** Gathers commands into transactions, sends them, and settles each when a block says what became of it. */
export class Bundler {
  private readonly waiting = new Map<string, Waiting>()
  private queue: Waiting[] = []
  private isSending = false
  private closed: string | undefined
  private readonly sweeper: NodeJS.Timeout

  constructor(private readonly deps: BundlerDeps) {
    this.sweeper = setInterval(() => this.sweep(), SWEEP_MS)
    this.sweeper.unref()
  }

  /** The caller sees to it that an id is sent once at a time. @throws LedgerError QUEUE_FULL, CLOSED */
  send(candidate: Candidate, bytes: Uint8Array): Promise<Executed> {
    if (this.closed !== undefined) throw new LedgerError('queue', 'CLOSED', true, { why: this.closed })
    if (this.waiting.size >= this.deps.limits.maxQueue) {
      throw new LedgerError('queue', 'QUEUE_FULL', true, { waiting: this.waiting.size })
    }
    return new Promise((resolve, reject) => {
      const since = performance.now()
      const one: Waiting = { candidate, bytes, since, resolve, reject, sends: 0, sentAt: 0, isAlone: false }
      this.waiting.set(candidate.command.commandId, one)
      this.queue.push(one)
      this.pump()
    })
  }

  close(why: string): void {
    this.closed ??= why
    clearInterval(this.sweeper)
    for (const one of [...this.waiting.values()]) {
      this.fail(one, new LedgerError('commit', 'CLOSED', one.sends === 0, { why: this.closed }))
    }
    this.queue = []
  }

  /** A block is durable: who waited for one of its commands is answered. */
  settle({ finalized, timeMs }: Commitment, answers: readonly Executed[]): void {
    for (const executed of answers) {
      const one = this.waiting.get(executed.commandId)
      if (!one) continue
      if (one.candidate.digest === executed.digest) this.succeed(one, executed)
      else this.fail(one, conflict(executed))
    }
    for (const fate of finalized.fates) {
      if (!fate) continue
      const { error } = fate
      const { command, digest } = fate.candidate
      const one = this.waiting.get(command.commandId)
      if (!one || one.candidate.digest !== digest || !error) continue
      if (error.code === 'NOT_YET_VALID') this.again(one)
      // Refused here, but another copy may be on its way unless there was none, or time has run out for all.
      else this.fail(one, withOutcome(error, one.sends <= 1 || error.code === 'EXPIRED'))
    }
    for (const one of [...this.waiting.values()]) {
      const { expiresAt } = one.candidate.command
      if (timeMs <= expiresAt) continue
      this.fail(one, new LedgerError('commit', 'EXPIRED', true, { expiresAt, blockTimeMs: timeMs }))
    }
  }

  private succeed(one: Waiting, executed: Executed): void {
    this.waiting.delete(executed.commandId)
    one.resolve(executed)
  }

  private fail(one: Waiting, error: LedgerError): void {
    this.waiting.delete(one.candidate.command.commandId)
    one.reject(error)
  }

  private isWaiting(one: Waiting): boolean {
    return this.waiting.get(one.candidate.command.commandId) === one
  }

  private again(one: Waiting): void {
    if (this.queue.includes(one)) return
    this.queue.push(one)
    this.pump()
  }

  private pump(): void {
    if (this.isSending || this.closed !== undefined) return
    this.isSending = true
    setTimeout(() => void this.drain().finally(() => (this.isSending = false)), this.deps.limits.gatherMs)
  }

  private async drain(): Promise<void> {
    while (this.queue.length > 0 && this.closed === undefined) {
      const batch = this.takeBatch()
      if (batch.length === 0) continue
      if (!(await this.broadcast(batch))) return
    }
  }

  private takeBatch(): Waiting[] {
    const batch: Waiting[] = []
    let bytes = 1
    while (this.queue.length > 0 && batch.length < MAX_BUNDLE_COMMANDS) {
      const next = this.queue[0]!
      bytes += bundledSize(next.bytes.length)
      const isEnd = batch.length > 0 && (bytes > MAX_BUNDLE_BYTES || next.isAlone)
      if (isEnd) break
      this.queue.shift()
      if (!this.isWaiting(next)) continue
      batch.push(next)
      if (next.isAlone) break
    }
    return batch
  }

  /** False when nothing more can be sent for now; the sweep tries again. */
  private async broadcast(batch: readonly Waiting[]): Promise<boolean> {
    const { rpcs, transactions } = this.deps
    const tx = encodeBundle(batch.map(({ bytes }) => bytes))
    const candidates = batch.map(({ candidate }) => candidate)
    transactions.add(tx, candidates)
    const tries = Math.max(...batch.map(({ sends }) => sends))
    const rpc = rpcs[tries % rpcs.length]!
    for (const one of batch) {
      one.sends += 1
      one.sentAt = performance.now()
    }
    try {
      const { state, log } = await rpc.broadcast(tx)
      if (state === 'refused') await this.turnedAway(batch, log)
      // One that found no room is sent again when its time comes, or its patience ends.
      return state !== 'full'
    } catch (error) {
      if (error instanceof RpcUnreachable) return true
      this.close(error instanceof Error ? error.message : 'unknown')
      return false
    }
  }

  /** CheckTx refused: one command decides over its bundle, so each is sent alone; one that was alone has its answer. */
  private async turnedAway(batch: readonly Waiting[], log: string): Promise<void> {
    for (const one of batch) {
      if (!this.isWaiting(one)) continue
      const executed = await this.deps.recorded(one.candidate).catch((error: unknown) => error as LedgerError)
      if (!this.isWaiting(one)) continue
      if (executed instanceof Error) this.fail(one, executed)
      else if (executed) this.succeed(one, executed)
      else if (batch.length === 1) this.fail(one, withOutcome(refusalOf(log), one.sends <= 1))
      else {
        one.isAlone = true
        one.sends -= 1 // it reached nobody
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
        this.again(one)
      }
    }
    if (this.queue.length > 0) this.pump()
  }
}

const conflict = ({ commandId, digest }: Executed): LedgerError =>
  new LedgerError('admission', 'COMMAND_ID_CONFLICT', true, { commandId, recorded: digest })

const withOutcome = ({ code, details }: LedgerError, outcomeKnown: boolean): LedgerError =>
  new LedgerError('admission', code, outcomeKnown, details)

/** The refusal that a node's CheckTx wrote into its log. A foreign log says only that the command was not taken. */
function refusalOf(log: string): LedgerError {
  try {
    const { code, details } = JSON.parse(log) as RefusalLog
    if (code in LEDGER_ERROR_CODES) return new LedgerError('admission', code as LedgerErrorCode, true, details)
    return new LedgerError('queue', 'NO_CONSENSUS', true, { log: log.slice(0, 200) })
  } catch {
    return new LedgerError('queue', 'NO_CONSENSUS', true, { log: log.slice(0, 200) })
  }
}
