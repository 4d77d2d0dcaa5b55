import { Problem } from './problem.ts'

/** Held until the answer is sent and the work for it is done: who hangs up early leaves no work uncounted. */
export class Place {
  private isClosed = false
  private isUnderWay = false

  constructor(private readonly leave: () => void = () => undefined) {}

  /** The caller is known. @throws Problem 429 when it has too many places */
  claim(participant: string): void {
    void participant // Only reads are counted by participant.
  }

  async during<T>(work: () => Promise<T>): Promise<T> {
    this.isUnderWay = true
    try {
      return await work()
    } finally {
      this.isUnderWay = false
      if (this.isClosed) this.leave()
    }
  }

  /** The answer was sent, or nobody waits for it any more. */
  close(): void {
    if (this.isClosed) return
    this.isClosed = true
    if (!this.isUnderWay) this.leave()
  }
}

/** What a refusal for too many at once advises. */
const RETRY_AFTER_MS = 1_000

export const busy = (what: string, max: number, retryAfterMs = RETRY_AFTER_MS): Problem =>
  new Problem({
    code: 'BUSY',
    status: 503,
    title: { en: 'The node is busy; try again', zh: '节点繁忙，请重试' },
    detail: `the node has as many ${what} as it takes, ${max}`,
    extensions: { details: { max, retryAfterMs } },
  })

export const tooMany = (detail: string, retryAfterMs = RETRY_AFTER_MS): Problem =>
  new Problem({
    code: 'TOO_MANY_REQUESTS',
    status: 429,
    title: { en: 'You ask too much; try again later', zh: '请求过于频繁，请稍后重试' },
    detail,
    extensions: { details: { retryAfterMs } },
  })
