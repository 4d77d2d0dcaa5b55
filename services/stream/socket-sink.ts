import type { WebSocket } from 'ws'
import { SlowConsumer, type Sink } from '#node/feed/ports'
import type { StreamMessage } from '#proof/stream'

export interface SinkLimits {
  /** Bytes that may lie unsent in this process for one subscriber. */
  readonly maxBufferedBytes: number
  /** How long they may lie there without any of them leaving. */
  readonly patienceMs: number
}

const LOOK_EVERY_MS = 20

/** Sends frames at the reader's pace; a reader that takes nothing for a while is told so by SlowConsumer. */
export class SocketSink implements Sink {
  constructor(
    private readonly socket: Pick<WebSocket, 'send' | 'bufferedAmount' | 'readyState' | 'OPEN'>,
    private readonly limits: SinkLimits,
  ) {}

  async send(message: StreamMessage): Promise<void> {
    await this.room()
    if (this.socket.readyState === this.socket.OPEN) this.socket.send(JSON.stringify(message))
  }

  private async room(): Promise<void> {
    const { maxBufferedBytes, patienceMs } = this.limits
    let least = this.socket.bufferedAmount
    let since = Date.now()
    while (this.socket.readyState === this.socket.OPEN && this.socket.bufferedAmount > maxBufferedBytes) {
      if (this.socket.bufferedAmount < least) {
        least = this.socket.bufferedAmount
        since = Date.now()
      }
      if (Date.now() - since > patienceMs) throw new SlowConsumer(`${this.socket.bufferedAmount} bytes unread`)
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
    }
  }
}
