import { parametersAt } from '#contracts/governance/read'
import { DEFAULT_PARAMETERS, type Parameters } from '#contracts/governance/state'
import { toBase64url } from '#proof/base64url'
import { headerSigningBytes, type SignedHeader } from '#proof/block'
import { admit, verifyAhead, type Candidate } from '../application/admission.ts'
import {
  buildBlock,
  buildGenesis,
  loading,
  type ApplicationRules,
  type BuiltBlock,
} from '../application/build-block.ts'
import type { EventRecord } from '#contracts/kernel/event'
import { DEFAULT_QUEUE_LIMITS, FairQueue, type QueueLimits, type Waiting } from '../application/fair-queue.ts'
import type { SigningKey } from '../application/operator-key.ts'
import type { StateTree } from '../application/tree/flat-tree.ts'
import { VerifyPool } from '../application/verify-pool.ts'
import { LedgerError, type CommittedEvent, type Executed } from '../port.ts'
import { LedgerLocked, type SequencerLock } from './lock.ts'
import { RecentBlocks } from './recent-blocks.ts'
import { LedgerCorrupt, type Recovered } from './recover.ts'
import { isConflict, isDefiniteFailure, isStoreError } from './connection.ts'
import { endSigningBytes } from '#proof/predecessor'
import type { LedgerStore, StoredBlock, StoredEnd } from './store.ts'

export interface SequencerLimits extends QueueLimits {
  /** Commands in one block at most; the consortium's parameter holds beside it. */
  readonly maxBlockCommands: number
  /** Bytes of command text in one block at most, likewise; a single command may always enter. */
  readonly maxBlockBytes: number
  /** How long waiting commands are kept while the store is away, in milliseconds. */
  readonly storePatienceMs: number
  /** How long one answer of the store may take before its connection is given up, in milliseconds. */
  readonly storeTimeoutMs: number
}

export const DEFAULT_LIMITS: SequencerLimits = {
  maxBlockCommands: 20_000,
  maxBlockBytes: 64 << 20,
  ...DEFAULT_QUEUE_LIMITS,
  storePatienceMs: 10_000,
  storeTimeoutMs: 30_000,
}

interface Pending extends Waiting {
  readonly candidate: Candidate
  readonly resolve: (executed: Executed) => void
  readonly reject: (error: LedgerError) => void
  /** Answered already, while its block was in doubt. */
  isAnswered: boolean
}

export interface Head extends SignedHeader {
  readonly headerHash: string
  readonly tree: StateTree
}

const RETRY_MS = 200

/**
 * Groups commands into blocks, signs each header and stores the block before anybody is told: acknowledged means
 * durable. While one block is being stored the next collects (group commit). When the store does not answer, the block
 * is in doubt until the store says whether it is there.
 */
export class Sequencer {
  private readonly queue: FairQueue<Pending>
  private readonly listeners = new Set<(height: number) => void>()
  private current: Head | undefined
  private isPumping = false
  private isStoreAway = false
  private failure: string | undefined
  private idle: Promise<void> = Promise.resolve()
  private readonly signatures = new VerifyPool()
  /** For the receipts that are asked for as soon as a command is answered. */
  readonly recent = new RecentBlocks()
  /** Keys that the next turn of the loop asks the store for. */
  private readonly wanted: string[] = []
  readonly state: Recovered['state']
  private parameters: Parameters = DEFAULT_PARAMETERS

  constructor(
    private readonly rules: ApplicationRules,
    private readonly recovered: Recovered,
    private readonly deps: {
      readonly store: LedgerStore
      readonly lock: SequencerLock
      readonly operatorKey: SigningKey
      readonly now: () => number
      readonly limits: SequencerLimits
    },
  ) {
    this.state = recovered.state
    this.queue = new FairQueue(deps.limits)
    const { last } = recovered
    if (last) this.current = { ...last, tree: this.state.tree }
  }

  get head(): Head {
    if (!this.current) throw new Error('a ledger without its genesis block')
    return this.current
  }

  async enterGenesis(records: readonly EventRecord[]): Promise<void> {
    if (this.current) return
    const block = await buildGenesis(this.rules, this.state, records)
    const signature = this.sign(block)
    await this.deps.store.append(block, signature)
    this.adopt(block, signature)
  }

  /** The height at which the ledger was ended, once it has been. */
  private endedAt: number | undefined

  /**
   * Ends the ledger for good: finishes the block at hand, refuses what waits, and makes it durable that nothing follows.
   * Answers the operator's word for it; asked again, the same. When the store does not answer, nothing is taken any more
   * either, since the end may be stored: ask again.
   * @throws LedgerError CLOSED; what the store throws
   */
  async end(): Promise<StoredEnd> {
    this.checkOpen('queue')
    const { store, lock } = this.deps
    this.endedAt ??= Infinity // from now on nothing is taken; the height is known when the last block is
    this.rejectWaiting()
    while (this.isPumping) await this.idle
    this.checkOpen('queue')
    const { header, headerHash } = this.head
    const signature = toBase64url(this.deps.operatorKey.sign(endSigningBytes(headerHash)))
    if (!lock.isHeld) await lock.acquire(store.lockId, this.rules.chainId, 0)
    await store.putEnd({ height: header.height, signature })
    this.endedAt = header.height
    return { height: header.height, signature }
  }

  /** As found at the start. @throws LedgerCorrupt when blocks follow the end */
  resumeEnded({ height }: StoredEnd): void {
    if (this.head.header.height !== height) throw new LedgerCorrupt(this.rules.chainId, `a block after its end, ${height}`) // prettier-ignore
    this.endedAt = height
  }

  /** Time of a block built now: never before the block before. */
  private blockTime(): number {
    return Math.max(this.deps.now(), this.head.header.timeMs)
  }

  /** The rules of admission against the next block, which asks again; what waits is verified to be its author's. */
  async preAdmit(candidate: Candidate): Promise<void> {
    const { participant, keyId } = candidate.command
    const known = await loading(this.state, () =>
      this.rules.callerOf(this.state.read, participant, keyId, this.head.header.height + 1),
    )
    await verifyAhead(candidate, known, (...signed) => this.signatures.check(...signed))
    const reads = await loading(this.state, () => {
      const block = { height: this.head.header.height + 1, timeMs: this.blockTime() }
      const caller = admit(candidate, block, { ...this.rules, read: this.state.read })
      const version = this.rules.registry.versionFor(this.state.read, candidate.command, block.height)
      return version.declaredReads(candidate.command, caller)
    })
    this.prefetch(reads)
  }

  /** Asks the store for what a waiting command will read, while the block before it is stored. */
  private prefetch(keys: readonly string[]): void {
    const missing = keys.filter((key) => !this.state.isAtHand(key))
    if (missing.length === 0) return
    if (this.wanted.length === 0) {
      setImmediate(() => {
        // Whoever executes the command asks again, and is told what is wrong.
        this.state.load(this.wanted.splice(0)).catch(() => undefined)
      })
    }
    this.wanted.push(...missing)
  }

  /** @throws LedgerError CLOSED, STORE_UNAVAILABLE, QUEUE_FULL, QUOTA at once; later refusals by the promise */
  enqueue(candidate: Candidate): Promise<Executed> {
    this.checkOpen('queue')
    this.checkNotEnded()
    if (this.isStoreAway) throw new LedgerError('queue', 'STORE_UNAVAILABLE', true)
    const { text, command } = candidate
    const waiting = { participant: command.participant, bytes: Buffer.byteLength(text) }
    return new Promise((resolve, reject) => {
      this.queue.push(
        { ...waiting, candidate, resolve, reject, isAnswered: false },
        this.deps.now(),
        this.parameters.maxQueuedPerParticipant,
      )
      this.pump()
    })
  }

  checkOpen(stage: 'queue' | 'read'): void {
    if (this.failure !== undefined) throw new LedgerError(stage, 'CLOSED', true, { why: this.failure })
  }

  /** @throws LedgerError ENDED */
  checkNotEnded(): void {
    if (this.endedAt !== undefined) throw this.ended()
  }

  private ended(): LedgerError {
    return new LedgerError('queue', 'ENDED', true, { height: Math.min(this.endedAt!, this.head.header.height) })
  }

  private rejectWaiting(): void {
    for (const { reject } of this.queue.takeAll()) reject(this.ended())
  }

  onCommit(listener: (height: number) => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  /** Finishes the block at hand, answers what waits with CLOSED. */
  async close(why = 'closed'): Promise<void> {
    this.failure ??= why
    await this.idle
    this.rejectQueue('CLOSED')
    await this.signatures.close()
  }

  private pump(): void {
    if (this.isPumping) return
    this.isPumping = true
    // The next turn of the loop: everything submitted in this one enters one block.
    this.idle = new Promise((done) => {
      setImmediate(() => {
        void this.drain().then(done)
      })
    })
  }

  /** What governance says of the next block. */
  private async agree(): Promise<Parameters> {
    const height = this.head.header.height + 1
    try {
      this.parameters = await loading(this.state, () => parametersAt(this.state.read, height))
    } catch (error) {
      if (!isStoreError(error)) throw error // else the block will say so, and what was last known bounds it well enough
    }
    return this.parameters
  }

  private async drain(): Promise<void> {
    const { limits } = this.deps
    try {
      while (this.queue.length > 0 && this.failure === undefined) {
        const { maxBlockCommands, maxBlockBytes } = await this.agree()
        const most = Math.min(limits.maxBlockCommands, maxBlockCommands)
        const batch = this.queue.take(most, Math.min(limits.maxBlockBytes, maxBlockBytes))
        await this.sequence(batch).catch((error: unknown) => {
          answerAll(batch, 'commit', false) // a defect of ours: nobody is left waiting, and the ledger closes
          throw error
        })
      }
    } catch (error) {
      this.failure = error instanceof Error ? error.message : 'unknown'
      this.rejectQueue('CLOSED')
    } finally {
      this.isPumping = false
    }
    if (this.failure !== undefined) this.rejectQueue('CLOSED')
    else if (this.queue.length > 0) this.pump()
  }

  private async sequence(batch: readonly Pending[]): Promise<void> {
    const { header, headerHash } = this.head
    const timeMs = this.blockTime()
    // More than arrive, so that the ids in the state stay bounded by an hour's and a day's worth.
    const due = this.recovered.expiry.takeDue(timeMs, batch.length * 2 + 16)
    const candidates = batch.map(({ candidate }) => candidate)
    const previous = { height: header.height, headerHash, timeMs: header.timeMs }
    const restore = () => due.forEach((entry) => this.recovered.expiry.add(entry))
    let built: Awaited<ReturnType<typeof buildBlock>>
    try {
      const ids = due.map(({ commandId }) => commandId)
      built = await buildBlock(this.rules, this.state, previous, { timeMs, candidates, due: ids })
    } catch (error) {
      restore()
      if (isStoreError(error)) return this.awaitStore(batch, undefined)
      answerAll(batch, 'commit', true)
      throw error
    }
    const refused = new Map(built.refused.map(({ candidate, error }) => [candidate, error]))
    for (const pending of batch) {
      const error = refused.get(pending.candidate)
      if (error) pending.reject(error)
    }
    const entered = batch.filter(({ candidate }) => !refused.has(candidate))
    if (!built.block) return restore()
    await this.commit(built.block, entered, restore)
  }

  private async commit(block: BuiltBlock, entered: readonly Pending[], restore: () => void): Promise<void> {
    const signature = this.sign(block)
    const { store, lock } = this.deps
    try {
      if (!lock.isHeld) await lock.acquire(store.lockId, this.rules.chainId, 0)
      await store.append(block, signature)
    } catch (error) {
      restore()
      if (error instanceof LedgerLocked) return this.awaitStore(entered, undefined)
      if (isConflict(error)) {
        answerAll(entered, 'commit', true)
        throw new LedgerCorrupt(this.rules.chainId, `another process wrote block ${block.header.height}`)
      }
      if (!isStoreError(error)) throw error // a defect of ours, which would come again
      if (isDefiniteFailure(error)) return answerAll(entered, 'commit', true)
      return this.awaitStore(entered, { block, signature })
    }
    this.adopt(block, signature)
    this.answer(block, entered)
  }

  /**
   * The store is away. Waits until it answers, then learns from its last block whether the one in doubt is there;
   * what was not stored goes to the front of the queue again.
   */
  private async awaitStore(batch: readonly Pending[], doubt: { block: BuiltBlock; signature: string } | undefined) {
    this.isStoreAway = true
    const patience = setTimeout(() => {
      answerAll(batch, 'commit', doubt === undefined)
      answerAll(this.queue.takeAll(), 'queue', true)
    }, this.deps.limits.storePatienceMs)
    try {
      const last = await this.storeReturned()
      if (!last) return answerAll(batch, 'commit', doubt === undefined)
      if (doubt && last.headerHash === doubt.block.headerHash) {
        this.adopt(doubt.block, doubt.signature)
        this.answer(doubt.block, batch)
      } else if (last.headerHash === this.head.headerHash) {
        this.queue.putBack(batch.filter(({ isAnswered }) => !isAnswered))
      } else {
        answerAll(batch, 'commit', false)
        throw new LedgerCorrupt(this.rules.chainId, `another process wrote block ${last.header.height}`)
      }
    } finally {
      clearTimeout(patience)
      this.isStoreAway = false
    }
  }

  private async storeReturned(): Promise<StoredBlock | undefined> {
    const { store, lock } = this.deps
    while (this.failure === undefined) {
      try {
        await lock.acquire(store.lockId, this.rules.chainId, 0)
        return await store.lastBlock()
      } catch (error) {
        // Locked: the old session still ends what it was sent, or another process has taken over; both end some day.
        if (!isStoreError(error) && !(error instanceof LedgerLocked)) throw error
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
      }
    }
    return undefined
  }

  private sign({ headerHash }: BuiltBlock): string {
    return toBase64url(this.deps.operatorKey.sign(headerSigningBytes(headerHash)))
  }

  private adopt(block: BuiltBlock, signature: string): void {
    const { header, headerHash, tree, changes, commands } = block
    this.state.adopt(tree, changes, header.height)
    for (const { command } of commands) this.recovered.expiry.add(command)
    this.current = { header, headerHash, signature, tree }
    this.recent.add(block, signature)
    for (const listener of [...this.listeners]) listener(header.height)
  }

  private answer(block: BuiltBlock, entered: readonly Pending[]): void {
    const answers = executedOf(block)
    entered.forEach((pending, index) => {
      if (!pending.isAnswered) pending.resolve(answers[index]!)
      pending.isAnswered = true
    })
  }

  private rejectQueue(code: 'CLOSED'): void {
    for (const { reject } of this.queue.takeAll()) {
      reject(new LedgerError('queue', code, true, { why: this.failure ?? 'closed' }))
    }
  }
}

function answerAll(batch: readonly Pending[], stage: 'queue' | 'commit', outcomeKnown: boolean): void {
  for (const pending of batch) {
    if (!pending.isAnswered) pending.reject(new LedgerError(stage, 'STORE_UNAVAILABLE', outcomeKnown))
    pending.isAnswered = true
  }
}

export function executedOf({ header, results, events }: BuiltBlock): Executed[] {
  const byIndex: CommittedEvent[][] = results.map(() => [])
  for (const event of events) byIndex[event.cursor.index]?.push(event)
  return results.map((result, index) => ({
    commandId: result.commandId,
    digest: result.digest,
    position: { height: header.height, index },
    outcome: result.accepted
      ? { accepted: true, events: byIndex[index]! }
      : { accepted: false, refusal: result.refusal as never },
  }))
}
