import { connect, createServer, type Server, type Socket } from 'node:net'
import { once } from 'node:events'

/** A relay in front of a real Postgres whose wire can be cut, or whose answers can be swallowed, by a test. */
export class FlakyProxy {
  private readonly sockets = new Set<Socket>()
  private isSwallowing = false
  private isFrozen = false
  private isGarbling = false
  private constructor(
    private readonly server: Server,
    private target: URL,
    readonly url: string,
    private readonly port: number,
  ) {}

  static async before(databaseUrl: string): Promise<FlakyProxy> {
    const target = new URL(databaseUrl)
    const server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    const url = new URL(databaseUrl)
    url.hostname = '127.0.0.1'
    url.port = String(port)
    const proxy = new FlakyProxy(server, target, url.href, port)
    server.on('connection', (socket) => proxy.relay(socket))
    return proxy
  }

  private relay(client: Socket): void {
    const upstream = connect(Number(this.target.port || 5432), this.target.hostname)
    for (const socket of [client, upstream]) {
      this.sockets.add(socket)
      if (this.isFrozen) socket.pause()
      socket.on('error', () => socket.destroy())
      socket.on('close', () => {
        this.sockets.delete(socket)
        client.destroy()
        // Postgres may still be working on what it was sent: half-close, so that it finishes.
        upstream.end()
      })
    }
    client.on('data', (data) => upstream.write(this.passed(data)))
    upstream.on('data', (data) => {
      if (!this.isSwallowing) client.write(this.passed(data))
    })
  }

  private passed(data: Uint8Array): Uint8Array {
    return this.isGarbling ? data.map((byte) => byte ^ 0x5a) : data
  }

  /** Everything still passes, and nothing as it was sent. */
  garble(): void {
    this.isGarbling = true
  }

  /** The address of another database of the same server, through here. */
  through(databaseUrl: string): string {
    const url = new URL(this.url)
    url.pathname = new URL(databaseUrl).pathname
    return url.href
  }

  /** New connections go to this server from now on: one restarted on the same data may have another port. */
  retarget(databaseUrl: string): void {
    this.target = new URL(databaseUrl)
  }

  /** Requests still arrive, answers no longer do: what was asked happens, and nobody hears of it. */
  swallowAnswers(): void {
    this.isSwallowing = true
  }

  /** Nothing passes any more in either direction, and nobody is told. */
  freeze(): void {
    this.isFrozen = true
    for (const socket of this.sockets) socket.pause()
  }

  thaw(): void {
    this.isFrozen = false
    for (const socket of this.sockets) socket.resume()
  }

  /** Breaks every connection and takes no new one. */
  async cut(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve))
    for (const socket of [...this.sockets]) socket.destroy()
    await closed
  }

  /** As it was at first. */
  async restore(): Promise<void> {
    this.isSwallowing = false
    this.isGarbling = false
    this.isFrozen = false
    if (this.server.listening) return
    this.server.listen(this.port, '127.0.0.1')
    await once(this.server, 'listening')
  }

  async close(): Promise<void> {
    if (this.server.listening) await this.cut()
  }
}
