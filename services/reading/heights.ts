import { LedgerError } from '#ledger-adapter/port'

const POLL_MS = 20
const MAX_WAITING = 10_000

interface Waiter {
  readonly height: number
  readonly deadline: number
  readonly resolve: (reached: number) => void
  readonly reject: (error: unknown) => void
}

/**
 * How far projections are, for reads that wait. All that wait for the same projections share one question at a time, so
 * that thousands of waiting reads ask the database no more often than one does.
 */
export class Heights {
  private readonly waiting = new Map<string, Set<Waiter>>()
  private count = 0

  /** @param ask the height up to which all of these projections have come */
  constructor(
    private readonly ask: (projections: readonly string[]) => Promise<number>,
    private readonly maxWaiting = MAX_WAITING,
  ) {}

  /**
   * Answers how far they are as soon as that is the height, or once so many milliseconds have passed.
   * @throws LedgerError QUEUE_FULL when too many wait already; what asking throws
   */
  async reach(projections: readonly string[], height: number, maxWaitMs: number): Promise<number> {
    if (this.count >= this.maxWaiting) throw new LedgerError('read', 'QUEUE_FULL', true, { waiting: this.count })
    const names = [...new Set(projections)].sort()
    const key = names.join(' ')
    const together = this.waiting.get(key) ?? new Set()
    this.count += 1
    try {
      return await new Promise<number>((resolve, reject) => {
        together.add({ height, deadline: performance.now() + maxWaitMs, resolve, reject })
        if (together.size > 1) return // somebody asks already
        this.waiting.set(key, together)
        void this.serve(key, names, together)
      })
    } finally {
      this.count -= 1
    }
  }

  private async serve(key: string, names: readonly string[], together: Set<Waiter>): Promise<void> {
    for (;;) {
      try {
        this.answer(together, await this.ask(names))
      } catch (error) {
        for (const { reject } of together) reject(error)
        together.clear()
      }
      if (together.size === 0) break
      await new Promise((resolve) => setTimeout(resolve, POLL_MS))
    }
    this.waiting.delete(key)
  }

  private answer(together: Set<Waiter>, reached: number): void {
    const now = performance.now()
    for (const waiter of together) {
      if (reached < waiter.height && now < waiter.deadline) continue
      together.delete(waiter)
      waiter.resolve(reached)
    }
  }
}
