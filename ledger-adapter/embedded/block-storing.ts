import type { FairQueue } from '../application/fair-queue.ts'
import { isConflict, isDefiniteFailure, isStoreError } from './connection.ts'
import { enteredOf, type WithBlock } from './block-maker.ts'
import { LedgerLocked, type SequencerLock } from './lock.ts'
import { answer, answerAway, unanswered, type Pending } from './pending.ts'
import { LedgerCorrupt } from './recover.ts'
import type { LedgerStore, StoredBlock } from './store.ts'

/** A block on its way into the store. */
export interface Storing {
  readonly built: WithBlock
  /** Undefined once it is durable, else why that is not known. */
  readonly settled: Promise<unknown>
}

const RETRY_MS = 200

/**
 * Stores blocks, and finds out what became of one when the store did not say: the block is in doubt until the store's last
 * block tells whether it is there. Nobody is answered before.
 */
export class BlockStoring {
  /** The store does not answer at present. */
  isAway = false

  constructor(
    private readonly queue: FairQueue<Pending>,
    private readonly deps: {
      readonly chainId: string
      readonly store: LedgerStore
      readonly lock: SequencerLock
      readonly patienceMs: number
    },
    private readonly ledger: {
      readonly isOpen: () => boolean
      /** Hash of the last block known to be durable. */
      readonly headerHash: () => string
      readonly adopt: (built: WithBlock) => void
    },
  ) {}

  /** Blocks before it are durable. */
  begin(built: WithBlock): Storing {
    const settled = this.append(built).then(
      () => undefined,
      (error: unknown) => error ?? new Error('no reason given'),
    )
    return { built, settled }
  }

  private async append({ append }: WithBlock): Promise<void> {
    await this.holdLock()
    await append()
  }

  async holdLock(): Promise<void> {
    const { store, lock, chainId } = this.deps
    if (!lock.isHeld) await lock.acquire(store.lockId, chainId, 0)
  }

  succeed(built: WithBlock): void {
    this.ledger.adopt(built)
    answer(built.block, enteredOf(built))
  }

  /** The block was not stored, or nobody knows. @throws what closes the ledger */
  async fail(built: WithBlock, error: unknown): Promise<void> {
    const entered = enteredOf(built)
    if (error instanceof LedgerLocked) {
      built.restore()
      return this.wait(entered)
    }
    if (isConflict(error)) {
      answerAway(entered, 'commit', true)
      throw this.corrupt(built.block.header.height)
    }
    if (!isStoreError(error)) throw error // a defect of ours, which would come again
    if (!isDefiniteFailure(error)) return this.wait(entered, built)
    built.restore()
    answerAway(entered, 'commit', true)
  }

  /**
   * The store is away. Waits until it answers, then learns from its last block whether the one in doubt is there;
   * what was not stored goes to the front of the queue again.
   */
  async wait(batch: readonly Pending[], doubted?: WithBlock): Promise<void> {
    this.isAway = true
    const patience = setTimeout(() => {
      answerAway(batch, 'commit', doubted === undefined)
      answerAway(this.queue.takeAll(), 'queue', true)
    }, this.deps.patienceMs)
    try {
      const last = await this.returned()
      if (!last) return answerAway(batch, 'commit', doubted === undefined)
      if (doubted && last.headerHash === doubted.block.headerHash) {
        this.ledger.adopt(doubted)
        answer(doubted.block, batch)
      } else if (last.headerHash === this.ledger.headerHash()) {
        doubted?.restore()
        this.queue.putBack(unanswered(batch))
      } else {
        answerAway(batch, 'commit', false)
        throw this.corrupt(last.header.height)
      }
    } finally {
      clearTimeout(patience)
      this.isAway = false
    }
  }

  /** The last block, once the store answers; undefined when the ledger was closed before. */
  private async returned(): Promise<StoredBlock | undefined> {
    const { store, lock, chainId } = this.deps
    while (this.ledger.isOpen()) {
      try {
        await lock.acquire(store.lockId, chainId, 0)
        return await store.lastBlock()
      } catch (error) {
        // Locked: the old session still ends what it was sent, or another process has taken over; both end some day.
        if (!isStoreError(error) && !(error instanceof LedgerLocked)) throw error
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
      }
    }
    return undefined
  }

  private corrupt(height: number): LedgerCorrupt {
    return new LedgerCorrupt(this.deps.chainId, `another process wrote block ${height}`)
  }
}
