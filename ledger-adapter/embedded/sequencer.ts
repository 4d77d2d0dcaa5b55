import { parametersAt } from '#contracts/governance/read'
import { DEFAULT_PARAMETERS, type Parameters } from '#contracts/governance/state'
import { toBase64url } from '#proof/base64url'
import { headerSigningBytes, type SignedHeader } from '#proof/block'
import { admit, declaredReads, remembered, verifyAhead, type AdmissionRules, type Candidate } from '../application/admission.ts' // prettier-ignore
import {
  atOnce,
  buildBlock,
  buildGenesis,
  loading,
  type ApplicationRules,
  type BuiltBlock,
  type Previous,
} from '../application/build-block.ts'
import type { EventRecord } from '#contracts/kernel/event'
import { DEFAULT_QUEUE_LIMITS, FairQueue, type QueueLimits, type Waiting } from '../application/fair-queue.ts'
import type { SigningKey } from '../application/operator-key.ts'
import { StateAhead } from '../application/state-ahead.ts'
import type { BlockBase } from '../application/state.ts'
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

/** Fewer than these are not made a block of their own while another is stored: together they cost less. */
const WORTH_AHEAD = 64

interface Pending extends Waiting {
  readonly candidate: Candidate
  readonly resolve: (executed: Executed) => void
  readonly reject: (error: LedgerError) => void
  /** Answered already, while its block was in doubt. */
  isAnswered: boolean
}

/** The block that the next one follows, and the state after it. */
interface Tip extends Previous {
  readonly state: BlockBase
}

/** A block ready to be stored; or none, when none of its commands may enter. */
interface Built {
  readonly batch: readonly Pending[]
  readonly block: BuiltBlock | undefined
  readonly refused: ReadonlyMap<Candidate, LedgerError>
  readonly signature: string
  readonly append: () => Promise<void>
  /** Puts back the ids that were to leave the state. */
  readonly restore: () => void
}
interface WithBlock extends Built {
  readonly block: BuiltBlock
}
interface Storing {
  readonly built: WithBlock
  /** Undefined once it is durable, else why that is not known. */
  readonly settled: Promise<unknown>
}

export interface Head extends SignedHeader {
  readonly headerHash: string
  readonly tree: StateTree
}

const RETRY_MS = 200

/**
 * Groups commands into blocks, signs each header and stores the block before anybody is told: acknowledged means
 * durable. While one block is being stored the next collects (group commit) and, when many wait, is built already; it is
 * sent when the one before is durable. When the store does not answer, the block is in doubt until the store says whether
 * it is there.
 */
export class Sequencer {
  private readonly queue: FairQueue<Pending>
  private readonly listeners = new Set<(height: number) => void>()
  private current: Head | undefined
  private isPumping = false
  /** Waits until so many are in the queue. */
  private filling: { readonly enough: number; readonly resolve: () => void } | undefined
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
    const asked = atOnce(this.state, () => {
      const { read, callerOf, height } = this.admission()
      return callerOf(read, participant, keyId, height)
    })
    await verifyAhead(candidate, asked instanceof Promise ? await asked : asked, this.check)
    const found = atOnce(this.state, () => {
      const rules = this.admission()
      const caller = admit(candidate, { height: rules.height, timeMs: this.blockTime() }, rules)
      const version = rules.registry.versionFor(rules.read, candidate.command, rules.height)
      return declaredReads(candidate, version, caller)
    })
    candidate.isAtHand = this.prefetch(found instanceof Promise ? await found : found)
  }

  private readonly check: VerifyPool['check'] = (...signed) => this.signatures.check(...signed)

  /** The rules of admission to the block after the head. */
  private admission(): AdmissionRules & { readonly height: number } {
    const height = this.head.header.height + 1
    if (this.admitting?.height !== height) {
      this.admitting = { ...this.rules, callerOf: remembered(this.rules.callerOf), read: this.state.read, height }
    }
    return this.admitting
  }
  private admitting: (AdmissionRules & { readonly height: number }) | undefined

  /**
   * Asks the store for what a waiting command will read, while the block before it is stored.
   * @returns whether all of it is there
   */
  private prefetch(keys: readonly string[]): boolean {
    const missing = keys.filter((key) => !this.state.isAtHand(key))
    if (missing.length === 0) return true
    if (this.wanted.length === 0) {
      setImmediate(() => {
        // Whoever executes the command asks again, and is told what is wrong.
        this.state.load(this.wanted.splice(0))?.catch(() => undefined)
      })
    }
    this.wanted.push(...missing)
    return false
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
      if (this.filling && this.queue.length >= this.filling.enough) this.filling.resolve()
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
  private async agree(tip: Tip): Promise<Parameters> {
    try {
      this.parameters = await loading(tip.state, () => parametersAt(tip.state.read, tip.height + 1))
    } catch (error) {
      if (!isStoreError(error)) throw error // else the block will say so, and what was last known bounds it well enough
    }
    return this.parameters
  }

  private async drain(): Promise<void> {
    let storing: Storing | undefined
    let ahead: Built | undefined
    try {
      while (storing || this.hasWork()) {
        if (!storing) {
          const built = await this.build(this.committed())
          storing = built && this.store(built)
          continue
        }
        if (await this.isWorthAhead(storing)) ahead = await this.buildAhead(storing)
        const { built } = storing
        const error = await storing.settled
        // What was built on a block that is not there goes back before that block's own commands do.
        if (ahead && (error !== undefined || this.failure !== undefined)) ahead = this.takeBack(ahead)
        const next: Storing | undefined = ahead?.block && this.store(ahead)
        if (error === undefined) this.succeed(built)
        else await this.fail(built, error)
        if (ahead && !next) this.refuse(ahead)
        storing = next
        ahead = undefined
      }
    } catch (error) {
      this.failure = error instanceof Error ? error.message : 'unknown'
      // A defect of ours: nobody is left waiting, and the ledger closes.
      for (const left of [storing?.built, ahead]) if (left) answerAll(left.batch, 'commit', false)
      this.rejectQueue('CLOSED')
    } finally {
      this.isPumping = false
    }
    if (this.failure !== undefined) this.rejectQueue('CLOSED')
    else if (this.queue.length > 0) this.pump()
  }

  private hasWork(): boolean {
    return this.queue.length > 0 && this.failure === undefined
  }

  /** Whether enough wait for a block of their own before the one at hand is stored; else they enter the next together. */
  private async isWorthAhead({ built, settled }: Storing): Promise<boolean> {
    const enough = Math.max(WORTH_AHEAD, built.batch.length / 2)
    let isSettled = false
    const filled = new Promise<void>((resolve) => (this.filling = { enough, resolve }))
    if (this.queue.length < enough) await Promise.race([settled.then(() => (isSettled = true)), filled])
    this.filling = undefined
    return !isSettled && this.hasWork() && this.queue.length >= enough
  }

  private committed(): Tip {
    const { header, headerHash } = this.head
    return { height: header.height, headerHash, timeMs: header.timeMs, state: this.state }
  }

  /** While the block at hand is stored, the one after it. Whatever hinders that is met again when its turn comes. */
  private async buildAhead({ built: { block } }: Storing): Promise<Built | undefined> {
    const { header, headerHash } = block
    const state = new StateAhead(this.state, block)
    const batch: Pending[] = []
    try {
      return await this.building({ height: header.height, headerHash, timeMs: header.timeMs, state }, batch)
    } catch {
      this.queue.putBack(batch.filter(({ isAnswered }) => !isAnswered))
      return undefined
    }
  }

  /** A block of what waits; undefined when there is none of it, and everybody has been told why. */
  private async build(tip: Tip): Promise<WithBlock | undefined> {
    const batch: Pending[] = []
    try {
      const built = await this.building(tip, batch)
      if (built.block) return { ...built, block: built.block }
      this.refuse(built)
    } catch (error) {
      if (isStoreError(error)) await this.awaitStore(batch, undefined)
      else {
        answerAll(batch, 'commit', true)
        throw error
      }
    }
    return undefined
  }

  /** @param batch receives what was taken out of the queue */
  private async building(tip: Tip, batch: Pending[]): Promise<Built> {
    const { limits, now, store } = this.deps
    const { maxBlockCommands, maxBlockBytes } = await this.agree(tip)
    const most = Math.min(limits.maxBlockCommands, maxBlockCommands)
    batch.push(...this.queue.take(most, Math.min(limits.maxBlockBytes, maxBlockBytes)))
    // Never before the block before.
    const timeMs = Math.max(now(), tip.timeMs)
    // More than arrive, so that the ids in the state stay bounded by an hour's and a day's worth.
    const due = this.recovered.expiry.takeDue(timeMs, batch.length * 2 + 16)
    const restore = () => due.forEach((entry) => this.recovered.expiry.add(entry))
    try {
      const candidates = batch.map(({ candidate }) => candidate)
      const ids = due.map(({ commandId }) => commandId)
      const { block, refused } = await buildBlock(this.rules, tip.state, tip, { timeMs, candidates, due: ids })
      const signature = block ? this.sign(block) : ''
      const append = block ? store.appending(block, signature) : () => Promise.resolve()
      return { batch, block, refused: new Map(refused.map(({ candidate, error }) => [candidate, error])), signature, append, restore } // prettier-ignore
    } catch (error) {
      restore()
      throw error
    }
  }

  private takeBack({ batch, restore }: Built): undefined {
    restore()
    this.queue.putBack(batch.filter(({ isAnswered }) => !isAnswered))
  }

  /** Tells those who may not enter; what they are told rests on durable blocks alone. */
  private refuse({ batch, refused, block, restore }: Built): void {
    for (const pending of batch) {
      const error = refused.get(pending.candidate)
      if (error) pending.reject(error)
    }
    if (!block) restore()
  }

  /** Begins to store the block. Those before it are durable. */
  private store(built: Built): Storing {
    const settled = this.append(built).then(
      () => undefined,
      (error: unknown) => error ?? new Error('no reason given'),
    )
    return { built: built as WithBlock, settled }
  }

  private async append({ append }: Built): Promise<void> {
    const { store, lock } = this.deps
    if (!lock.isHeld) await lock.acquire(store.lockId, this.rules.chainId, 0)
    await append()
  }

  private succeed(built: WithBlock): void {
    this.adopt(built.block, built.signature)
    this.refuse(built)
    this.answer(built.block, enteredOf(built))
  }

  /** The block was not stored, or nobody knows. @throws what closes the ledger */
  private async fail(built: WithBlock, error: unknown): Promise<void> {
    const { block } = built
    const entered = enteredOf(built)
    this.refuse(built)
    if (error instanceof LedgerLocked) {
      built.restore()
      return this.awaitStore(entered, undefined)
    }
    if (isConflict(error)) {
      answerAll(entered, 'commit', true)
      throw new LedgerCorrupt(this.rules.chainId, `another process wrote block ${block.header.height}`)
    }
    if (!isStoreError(error)) throw error // a defect of ours, which would come again
    if (!isDefiniteFailure(error)) return this.awaitStore(entered, built)
    built.restore()
    answerAll(entered, 'commit', true)
  }

  /**
   * The store is away. Waits until it answers, then learns from its last block whether the one in doubt is there;
   * what was not stored goes to the front of the queue again.
   */
  private async awaitStore(batch: readonly Pending[], doubt: WithBlock | undefined) {
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
        doubt?.restore()
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

const enteredOf = ({ batch, refused }: Built): readonly Pending[] =>
  refused.size === 0 ? batch : batch.filter(({ candidate }) => !refused.has(candidate))

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
