import type { EventRecord } from '#contracts/kernel/event'
import { toBase64url } from '#proof/base64url'
import type { SignedHeader } from '#proof/block'
import { endSigningBytes } from '#proof/predecessor'
import type { Candidate } from '../application/admission.ts'
import { buildGenesis, type ApplicationRules, type BuiltBlock } from '../application/build-block.ts'
import { FairQueue } from '../application/fair-queue.ts'
import type { SigningKey } from '../application/operator-key.ts'
import type { CommittedState } from '../application/state.ts'
import type { StateTree } from '../application/tree/flat-tree.ts'
import { LedgerError, type Executed } from '../port.ts'
import { BlockLine } from './block-line.ts'
import { BlockMaker, type Tip } from './block-maker.ts'
import { BlockStoring } from './block-storing.ts'
import type { SequencerLimits } from './limits.ts'
import type { SequencerLock } from './lock.ts'
import type { Pending } from './pending.ts'
import { PreAdmission } from './pre-admission.ts'
import { RecentBlocks } from './recent-blocks.ts'
import { LedgerCorrupt, type Recovered } from './recover.ts'
import type { LedgerStore, StoredEnd } from './store.ts'

export interface Head extends SignedHeader {
  readonly headerHash: string
  readonly tree: StateTree
}

interface SequencerDeps {
  readonly store: LedgerStore
  readonly lock: SequencerLock
  readonly operatorKey: SigningKey
  readonly now: () => number
  readonly limits: SequencerLimits
}

/**
 * Groups commands into blocks, signs each header and stores the block before anybody is told: acknowledged means durable.
 * Holds what is committed, and who may still come; blocks are made and stored in `BlockLine`.
 */
export class Sequencer {
  readonly state: CommittedState
  /** For the receipts that are asked for as soon as a command is answered. */
  readonly recent = new RecentBlocks()
  private readonly queue: FairQueue<Pending>
  private readonly maker: BlockMaker
  private readonly storing: BlockStoring
  private readonly line: BlockLine
  private readonly ahead: PreAdmission
  private readonly listeners = new Set<(height: number) => void>()
  private current: Head | undefined
  /** Why nothing is taken any more. */
  private failure: string | undefined
  /** The height at which the ledger was ended, once it has been. */
  private endedAt: number | undefined

  constructor(
    private readonly rules: ApplicationRules,
    private readonly recovered: Recovered,
    private readonly deps: SequencerDeps,
  ) {
    const { chainId } = rules
    const { state, expiry, last } = recovered
    const { limits } = deps
    this.state = state
    if (last) this.current = { ...last, tree: state.tree }
    const isOpen = () => this.failure === undefined
    this.queue = new FairQueue(limits)
    this.maker = new BlockMaker(rules, this.queue, expiry, deps)
    this.storing = new BlockStoring(
      this.queue,
      { ...deps, chainId, patienceMs: limits.storePatienceMs },
      {
        isOpen,
        headerHash: () => this.head.headerHash,
        adopt: ({ block, signature }) => this.adopt(block, signature),
      },
    )
    this.line = new BlockLine(this.queue, this.maker, this.storing, {
      isOpen,
      committed: () => this.committed(),
      fail: (error) => (this.failure = error instanceof Error ? error.message : 'unknown'),
      closed: () => this.rejectClosed(),
    })
    const height = () => this.head.header.height + 1
    // Of a block built now: never before the block before.
    const timeMs = () => Math.max(deps.now(), this.head.header.timeMs)
    this.ahead = new PreAdmission(rules, state, { height, timeMs })
  }

  get head(): Head {
    if (!this.current) throw new Error('a ledger without its genesis block')
    return this.current
  }

  private committed(): Tip & { readonly state: CommittedState } {
    const { header, headerHash } = this.head
    return { height: header.height, headerHash, timeMs: header.timeMs, state: this.state }
  }

  async enterGenesis(records: readonly EventRecord[]): Promise<void> {
    if (this.current) return
    const block = await buildGenesis(this.rules, this.state, records)
    const signature = this.maker.sign(block)
    await this.deps.store.append(block, signature)
    this.adopt(block, signature)
  }

  /** The rules of admission against the next block, which asks again; what waits is verified to be its author's. */
  preAdmit(candidate: Candidate): Promise<void> {
    return this.ahead.preAdmit(candidate)
  }

  /** @throws LedgerError CLOSED, ENDED, STORE_UNAVAILABLE, QUEUE_FULL, QUOTA at once; later refusals by the promise */
  enqueue(candidate: Candidate): Promise<Executed> {
    this.checkOpen('queue')
    this.checkNotEnded()
    if (this.storing.isAway) throw new LedgerError('queue', 'STORE_UNAVAILABLE', true)
    const { text, command } = candidate
    const waiting = { participant: command.participant, bytes: Buffer.byteLength(text) }
    return new Promise((resolve, reject) => {
      this.queue.push(
        { ...waiting, candidate, resolve, reject, isAnswered: false },
        this.deps.now(),
        this.maker.parameters.maxQueuedPerParticipant,
      )
      this.line.notice()
    })
  }

  /**
   * Ends the ledger for good: finishes the block at hand, refuses what waits, and makes it durable that nothing follows.
   * Answers the operator's word for it; asked again, the same. When the store does not answer, nothing is taken any more
   * either, since the end may be stored: ask again.
   * @throws LedgerError CLOSED; what the store throws
   */
  async end(): Promise<StoredEnd> {
    this.checkOpen('queue')
    this.endedAt ??= Infinity // from now on nothing is taken; the height is known when the last block is
    for (const { reject } of this.queue.takeAll()) reject(this.ended())
    await this.line.settled()
    this.checkOpen('queue')
    const { header, headerHash } = this.head
    const signature = toBase64url(this.deps.operatorKey.sign(endSigningBytes(headerHash)))
    await this.storing.holdLock()
    await this.deps.store.putEnd({ height: header.height, signature })
    this.endedAt = header.height
    return { height: header.height, signature }
  }

  /** As found at the start. @throws LedgerCorrupt when blocks follow the end */
  resumeEnded({ height }: StoredEnd): void {
    if (this.head.header.height !== height) throw new LedgerCorrupt(this.rules.chainId, `a block after its end, ${height}`) // prettier-ignore
    this.endedAt = height
  }

  /** @throws LedgerError CLOSED */
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

  onCommit(listener: (height: number) => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  /** Finishes the block at hand, answers what waits with CLOSED. */
  async close(why = 'closed'): Promise<void> {
    this.failure ??= why
    await this.line.settled()
    this.rejectClosed()
    await this.ahead.close()
  }

  private rejectClosed(): void {
    for (const { reject } of this.queue.takeAll()) {
      reject(new LedgerError('queue', 'CLOSED', true, { why: this.failure ?? 'closed' }))
    }
  }

  /** What is durable becomes visible. */
  private adopt(block: BuiltBlock, signature: string): void {
    const { header, headerHash, tree, changes, commands } = block
    this.state.adopt(tree, changes, header.height)
    for (const { idKey, command } of commands) this.recovered.expiry.add(idKey, command.expiresAt)
    this.current = { header, headerHash, signature, tree }
    this.recent.add(block, signature)
    for (const listener of [...this.listeners]) listener(header.height)
  }
}
