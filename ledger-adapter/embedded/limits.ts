import { DEFAULT_QUEUE_LIMITS, type QueueLimits } from '../application/fair-queue.ts'

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
