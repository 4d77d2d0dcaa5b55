import { batchAttested, batchRejected } from '#contracts/asset-registry/events'
import { batchKey, versionText } from '#contracts/asset-registry/state'
import type { CommittedEvent, EventCursor, Ledger } from '#ledger-adapter/port'
import { Loop } from '../loop.ts'
import { readOne } from '../read-state.ts'
import { BatchError } from './errors.ts'
import { settleBatch, settleTape, type HeldTape } from './settle.ts'

export interface KeeperOptions {
  readonly ledger: Pick<Ledger, 'head' | 'events' | 'query' | 'onCommit'>
  /** Each tape that there is, opened for as long as it is used. */
  readonly eachTape: (use: (held: HeldTape) => Promise<void>) => Promise<void>
  readonly idleMs?: number
  readonly onError: (error: unknown) => void
}

const PAGE = 500
/** Behind every event of a block. */
const LAST = 999_999_999

/**
 * Keeps the tapes of a node's organisations in line with the ledger: what was decided while the node was down when it
 * starts, then each decision as it comes. A seed is so forgotten without anybody having to think of it.
 */
export class TapeKeeper {
  private readonly loop: Loop
  private cursor: EventCursor | undefined

  constructor(private readonly options: KeeperOptions) {
    this.loop = new Loop({
      step: () => this.step(),
      onCommit: (listener) => options.ledger.onCommit(listener),
      idleMs: options.idleMs ?? 5_000,
      onError: options.onError,
    })
  }

  start(): void {
    this.loop.start()
  }

  stop(): Promise<void> {
    return this.loop.stop()
  }

  private async step(): Promise<boolean> {
    const { ledger } = this.options
    if (!this.cursor) {
      const { height } = await ledger.head()
      await this.settleAll()
      this.cursor = { height, index: LAST, event: LAST }
      return true
    }
    const events = await ledger.events(this.cursor, { limit: PAGE })
    for (const event of events) if (isDecision(event)) await this.settle(event)
    this.cursor = events.at(-1)?.cursor ?? this.cursor
    return events.length === PAGE
  }

  private settleAll(): Promise<void> {
    return this.options.eachTape(async (held) => {
      for (const deal of await held.store.deals())
        await this.told(() => settleTape(held, deal, (version) => this.batch(deal, version)))
    })
  }

  private async settle({ data }: CommittedEvent): Promise<void> {
    const { deal, version } = data as { deal: string; version: number }
    const batch = await this.batch(deal, version)
    if (batch) await this.options.eachTape((held) => this.told(() => settleBatch(held, batch)))
  }

  private batch(deal: string, version: number) {
    return readOne(this.options.ledger, batchKey(deal, versionText(version)))
  }

  /** A tape that is at odds with the ledger stays so until a person has looked: the others go on. */
  private async told(work: () => Promise<unknown>): Promise<void> {
    try {
      await work()
    } catch (error) {
      if (!(error instanceof BatchError)) throw error
      this.options.onError(error)
    }
  }
}

const isDecision = ({ contract, event }: CommittedEvent): boolean =>
  [batchAttested, batchRejected].some((type) => type.contract === contract && type.event === event)
