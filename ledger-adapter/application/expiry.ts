import { ID_RETENTION_MS } from '#proof/command'

/** Command ids in the state, by the time they leave it (LEDGER.md §1): a binary heap over (expiresAt, key). */
interface Entry {
  readonly expiresAt: number
  /** Where the id stands in the state. */
  readonly key: string
}

/** How long after its expiry an id stays in the state. */
export { ID_RETENTION_MS }

const isBefore = (a: Entry, b: Entry): boolean =>
  a.expiresAt < b.expiresAt || (a.expiresAt === b.expiresAt && a.key < b.key)

export class ExpiryQueue {
  private readonly heap: Entry[] = []

  get size(): number {
    return this.heap.length
  }

  add(key: string, expiresAt: number): void {
    const { heap } = this
    const entry: Entry = { expiresAt, key }
    let at = heap.push(entry) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!isBefore(entry, heap[parent]!)) break
      heap[at] = heap[parent]!
      at = parent
    }
    heap[at] = entry
  }

  /** Takes the ids that are due at this block time, earliest first, at most `max`. */
  takeDue(blockTimeMs: number, max: number): Entry[] {
    const due: Entry[] = []
    while (due.length < max && this.heap.length > 0 && this.heap[0]!.expiresAt + ID_RETENTION_MS < blockTimeMs) {
      due.push(this.takeFirst())
    }
    return due
  }

  private takeFirst(): Entry {
    const { heap } = this
    const first = heap[0]!
    const last = heap.pop()!
    if (heap.length === 0) return first
    let at = 0
    for (;;) {
      let child = at * 2 + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child += 1
      if (!isBefore(heap[child]!, last)) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = last
    return first
  }
}
