import type { FairQueue } from '../application/fair-queue.ts'
import { StateAhead } from '../application/state-ahead.ts'
import type { CommittedState } from '../application/state.ts'
import { hasBlock, type BlockMaker, type Built, type Tip, type WithBlock } from './block-maker.ts'
import type { BlockStoring, Storing } from './block-storing.ts'
import { isStoreError } from './connection.ts'
import { answerAway, unanswered, type Pending } from './pending.ts'

/** Fewer than these are not made a block of their own while another is stored: together they cost less. */
export const WORTH_AHEAD = 64

/**
 * One block after another, for as long as commands wait. While one is being stored the next collects (group commit) and,
 * when many wait, is built already; it is sent when the one before is durable.
 */
export class BlockLine {
  private isRunning = false
  /** Waits until so many are in the queue. */
  private filling: { readonly enough: number; readonly resolve: () => void } | undefined
  /** Settles when nothing is under way. */
  private idle: Promise<void> = Promise.resolve()

  constructor(
    private readonly queue: FairQueue<Pending>,
    private readonly maker: BlockMaker,
    private readonly storing: BlockStoring,
    private readonly ledger: {
      readonly isOpen: () => boolean
      readonly committed: () => Tip & { readonly state: CommittedState }
      /** A defect of ours: nothing is taken any more. */
      readonly fail: (error: unknown) => void
      /** Nothing is taken any more, and this run has ended. */
      readonly closed: () => void
    },
  ) {}

  /** Something was queued. */
  notice(): void {
    if (this.filling && this.queue.length >= this.filling.enough) this.filling.resolve()
    if (this.isRunning) return
    this.isRunning = true
    // The next turn of the loop: everything submitted in this one enters one block.
    this.idle = new Promise((done) => {
      setImmediate(() => {
        void this.run().then(done)
      })
    })
  }

  async settled(): Promise<void> {
    while (this.isRunning) await this.idle
  }

  private async run(): Promise<void> {
    let storing: Storing | undefined
    let ahead: Built | undefined
    try {
      while (storing || this.hasWork()) {
        if (!storing) {
          const built = await this.build()
          storing = built && this.storing.begin(built)
          continue
        }
        if (await this.isWorthAhead(storing)) ahead = await this.buildAhead(storing)
        const { built } = storing
        const error = await storing.settled
        // What was built on a block that is not there goes back before that block's own commands do.
        if (ahead && (error !== undefined || !this.ledger.isOpen())) ahead = this.maker.takeBack(ahead)
        const next = ahead && hasBlock(ahead) ? this.storing.begin(ahead) : undefined
        if (error === undefined) this.storing.succeed(built)
        this.maker.refuse(built)
        if (error !== undefined) await this.storing.fail(built, error)
        if (ahead && !next) this.maker.refuse(ahead)
        storing = next
        ahead = undefined
      }
    } catch (error) {
      this.ledger.fail(error)
      // Nobody is left waiting.
      for (const left of [storing?.built, ahead]) if (left) answerAway(left.batch, 'commit', false)
    } finally {
      this.isRunning = false
    }
    if (!this.ledger.isOpen()) this.ledger.closed()
    else if (this.queue.length > 0) this.notice()
  }

  private hasWork(): boolean {
    return this.queue.length > 0 && this.ledger.isOpen()
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

  /** While the block at hand is stored, the one after it. Whatever hinders that is met again when its turn comes. */
  private async buildAhead({ built: { block } }: Storing): Promise<Built | undefined> {
    const { header, headerHash } = block
    const state = new StateAhead(this.ledger.committed().state, block)
    const batch: Pending[] = []
    try {
      return await this.maker.make({ height: header.height, headerHash, timeMs: header.timeMs, state }, batch)
    } catch {
      this.queue.putBack(unanswered(batch))
      return undefined
    }
  }

  /** A block of what waits; undefined when there is none of it, and everybody has been told why. */
  private async build(): Promise<WithBlock | undefined> {
    const batch: Pending[] = []
    try {
      const built = await this.maker.make(this.ledger.committed(), batch)
      if (hasBlock(built)) return built
      this.maker.refuse(built)
    } catch (error) {
      if (isStoreError(error)) await this.storing.wait(batch)
      else {
        answerAway(batch, 'commit', true)
        throw error
      }
    }
    return undefined
  }
}
