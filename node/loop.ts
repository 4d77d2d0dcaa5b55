export interface LoopOptions {
  /** Does a bounded piece of work; true when there may be more at once. */
  readonly step: () => Promise<boolean>
  /** Called with a hint that there is work; answers how to stop listening. */
  readonly onCommit: (listener: () => void) => () => void
  /** Without any hint it looks this often. */
  readonly idleMs: number
  /** After a step it rests so long, whatever is hinted: commits that come one upon another are then one step's work. */
  readonly restMs?: number
  /** The loop waits a while and goes on; what fails for ever is for a person to see. */
  readonly onError: (error: unknown) => void
}

const MAX_PAUSE_MS = 10_000

/** Works while there is work, then sleeps until a hint or the slow poll; a failure is told, then tried again later. */
export class Loop {
  private running: Promise<void> | undefined
  private isStopping = false
  private isHinted = false
  private wake: () => void = () => undefined

  constructor(private readonly options: LoopOptions) {}

  start(): void {
    this.running ??= this.run()
  }

  /** Resolves when the step in hand is done. */
  async stop(): Promise<void> {
    this.isStopping = true
    this.wake()
    await this.running
  }

  private async run(): Promise<void> {
    const unlisten = this.options.onCommit(() => {
      this.isHinted = true
      this.wake()
    })
    let failures = 0
    while (!this.isStopping) {
      this.isHinted = false
      try {
        const hasMore = await this.options.step()
        failures = 0
        if (!hasMore) {
          if (this.options.restMs) await this.sleep(this.options.restMs, false)
          await this.sleep(this.options.idleMs, true)
        }
      } catch (error) {
        failures += 1
        this.options.onError(error)
        await this.sleep(Math.min(MAX_PAUSE_MS, 100 * 2 ** Math.min(failures, 10)), false)
      }
    }
    unlisten()
  }

  private async sleep(ms: number, untilHint: boolean): Promise<void> {
    if (this.isStopping || (untilHint && this.isHinted)) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.wake = () => {
        if (!untilHint && !this.isStopping) return
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
