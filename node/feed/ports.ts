import type { StreamMessage } from '#proof/stream'

/** Which of these topics a participant may read, by the ledger's state now. The contract decides; the feed asks. */
export interface Entitlement {
  readable(participant: string, topics: readonly string[]): Promise<ReadonlySet<string>>
}

/** Every topic there is, so that one that has been silent can be proven too. */
export interface TopicDirectory {
  topics(): Promise<readonly string[]>
}

/** Where messages go. `send` waits while the reader is behind, and throws `SlowConsumer` when it stays so. */
export interface Sink {
  send(message: StreamMessage): Promise<void>
}

export class SlowConsumer extends Error {
  override readonly name = 'SlowConsumer'
}
