import { parametersAt } from '#contracts/governance/read'
import { DEFAULT_PARAMETERS, type Parameters } from '#contracts/governance/state'
import { toBase64url } from '#proof/base64url'
import { headerSigningBytes } from '#proof/block'
import type { Candidate } from '../application/admission.ts'
import { buildBlock, type ApplicationRules, type BuiltBlock, type Previous } from '../application/build-block.ts'
import type { ExpiryQueue } from '../application/expiry.ts'
import type { FairQueue } from '../application/fair-queue.ts'
import { loading } from '../application/loading.ts'
import type { SigningKey } from '../application/operator-key.ts'
import type { BlockBase } from '../application/state.ts'
import type { LedgerError } from '../port.ts'
import { isStoreError } from './connection.ts'
import type { SequencerLimits } from './limits.ts'
import { unanswered, type Pending } from './pending.ts'
import type { LedgerStore } from './store.ts'

/** The block that the next one follows, and the state after it. */
export interface Tip extends Previous {
  readonly state: BlockBase
}

/** A block ready to be stored; or none, when none of its commands may enter. */
export interface Built {
  readonly batch: readonly Pending[]
  readonly block: BuiltBlock | undefined
  readonly refused: ReadonlyMap<Candidate, LedgerError>
  readonly signature: string
  readonly append: () => Promise<void>
  /** Puts back the ids that were to leave the state. */
  readonly restore: () => void
}
export interface WithBlock extends Built {
  readonly block: BuiltBlock
}

export const hasBlock = (built: Built): built is WithBlock => built.block !== undefined

export const enteredOf = ({ batch, refused }: Built): readonly Pending[] =>
  refused.size === 0 ? batch : batch.filter(({ candidate }) => !refused.has(candidate))

/** Makes a signed block of what waits, as large as the limits and the consortium allow. */
export class BlockMaker {
  /** As governance last said. */
  parameters: Parameters = DEFAULT_PARAMETERS

  constructor(
    private readonly rules: ApplicationRules,
    private readonly queue: FairQueue<Pending>,
    private readonly expiry: ExpiryQueue,
    private readonly deps: {
      readonly store: LedgerStore
      readonly operatorKey: SigningKey
      readonly now: () => number
      readonly limits: SequencerLimits
    },
  ) {}

  /** @param batch receives what was taken out of the queue */
  async make(tip: Tip, batch: Pending[]): Promise<Built> {
    const { limits, now, store } = this.deps
    const { maxBlockCommands, maxBlockBytes } = await this.agree(tip)
    const most = Math.min(limits.maxBlockCommands, maxBlockCommands)
    batch.push(...this.queue.take(most, Math.min(limits.maxBlockBytes, maxBlockBytes)))
    // Never before the block before.
    const timeMs = Math.max(now(), tip.timeMs)
    // More than arrive, so that the ids in the state stay bounded by an hour's and a day's worth.
    const due = this.expiry.takeDue(timeMs, batch.length * 2 + 16)
    const restore = () => due.forEach(({ key, expiresAt }) => this.expiry.add(key, expiresAt))
    try {
      const candidates = batch.map(({ candidate }) => candidate)
      const keys = due.map(({ key }) => key)
      const { block, refused } = await buildBlock(this.rules, tip.state, tip, { timeMs, candidates, due: keys })
      const signature = block ? this.sign(block) : ''
      const append = block ? store.appending(block, signature) : () => Promise.resolve()
      return { batch, block, refused: new Map(refused.map(({ candidate, error }) => [candidate, error])), signature, append, restore } // prettier-ignore
    } catch (error) {
      restore()
      throw error
    }
  }

  sign({ headerHash }: BuiltBlock): string {
    return toBase64url(this.deps.operatorKey.sign(headerSigningBytes(headerHash)))
  }

  takeBack({ batch, restore }: Built): undefined {
    restore()
    this.queue.putBack(unanswered(batch))
  }

  /** Tells those who may not enter; what they are told rests on durable blocks alone. */
  refuse({ batch, refused, block, restore }: Built): void {
    for (const pending of batch) {
      const error = refused.get(pending.candidate)
      if (error) pending.reject(error)
    }
    if (!block) restore()
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
}
