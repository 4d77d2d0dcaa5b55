import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { Request, Response } from 'cosmjs-types/tendermint/abci/types'
import { frame, FrameReader } from '../framing.ts'

export const encode = (request: Request): Uint8Array => frame(Request.encode(request).finish())

/** A request of one kind, with some of its fields. */
export type Asked = { readonly [kind in keyof Request]?: Partial<NonNullable<Request[kind]>> }

/** One connection to an application, as a CometBFT of a test has it. */
export class AbciClient {
  readonly answers: Response[] = []
  readonly closed: Promise<void>
  private asked = 0

  private constructor(readonly socket: Socket) {
    const reader = new FrameReader(1 << 27)
    socket.on('error', () => undefined) // the server may cut it while we still write
    socket.on('data', (piece) => {
      for (const message of reader.push(piece)) this.answers.push(Response.decode(message))
    })
    this.closed = new Promise((done) => void socket.once('close', () => done()))
  }

  /** @param address as the server says it: `tcp://HOST:PORT` or `unix://PATH` */
  static async dial(address: string): Promise<AbciClient> {
    const { hostname, port } = new URL(address.replace('tcp:', 'http:'))
    const socket = address.startsWith('unix:') ? connect(address.slice(7)) : connect(Number(port), hostname)
    await once(socket, 'connect')
    return new AbciClient(socket)
  }

  /** Waits until so many answers have come. */
  async until(count: number): Promise<readonly Response[]> {
    while (this.answers.length < count && !this.socket.destroyed) await new Promise((resolve) => setTimeout(resolve, 1))
    return this.answers
  }

  /** The answer to one request; an exception where the application refuses it. Undefined when the connection was ended. */
  async ask(request: Asked): Promise<Response | undefined> {
    this.socket.write(encode(Request.fromPartial(request as never)))
    this.asked += 1
    const place = this.asked - 1
    return (await this.until(place + 1))[place]
  }

  hangUp(): void {
    this.socket.destroy()
  }
}
