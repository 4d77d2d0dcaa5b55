import { chmodSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { Request, Response } from 'cosmjs-types/tendermint/abci/types'
import { RequestRefused, type AbciApplication } from './application.ts'
import { frame, FrameReader } from './framing.ts'
import { Seats, type Sitter } from './seats.ts'

export interface AbciServerOptions {
  /** Where to listen: a port of a loopback address (0 for any), or a Unix socket. */
  readonly listen: { readonly host?: string; readonly port: number } | { readonly path: string }
  /** The largest request; a peer that announces more is cut off. 100 MiB is CometBFT's largest block. */
  readonly maxMessageBytes?: number
  /** Connections at once; CometBFT opens four, and four more while it restarts. */
  readonly maxConnections?: number
  /** Told why a connection was ended, and of an application that threw; nothing by default. */
  readonly onProblem?: (problem: AbciProblem) => void
}

export interface AbciProblem {
  /**
   * `malformed`: no request. `refused`: one that does not fit, or not on that connection; it changed nothing.
   * `application`: it threw, and may not be able to go on.
   */
  readonly kind: 'wire' | 'malformed' | 'refused' | 'application'
  readonly error: unknown
  /** Name of the request, where one was read. */
  readonly request?: string
}

export interface AbciServer {
  /** As `proxy_app` wants it: `tcp://127.0.0.1:PORT` or `unix://PATH`. */
  readonly address: string
  /** Ends every connection; the request that is being answered is finished first. */
  close(): Promise<void>
}

const DEFAULT_MAX_MESSAGE_BYTES = 101 * 1024 * 1024
const DEFAULT_MAX_CONNECTIONS = 16
/** Requests read ahead on one connection; then the socket is not read until they are answered. */
const MAX_AHEAD = 1_000

/** Serves an application to CometBFT v0.38 over ABCI 2.0. @throws when it cannot listen */
export async function serveAbci(application: AbciApplication, options: AbciServerOptions): Promise<AbciServer> {
  const connections = new Set<Connection>()
  const seats = new Seats()
  const server = createServer((socket) => {
    const connection = new Connection(socket, application, seats, options)
    connections.add(connection)
    socket.once('close', () => connections.delete(connection))
  })
  server.maxConnections = options.maxConnections ?? DEFAULT_MAX_CONNECTIONS
  const address = await listening(server, options.listen)
  return {
    address,
    close: async () => {
      const closed = new Promise<void>((done) => server.close(() => done()))
      await Promise.all([...connections].map((connection) => connection.end()))
      await closed
    },
  }
}

async function listening(server: Server, listen: AbciServerOptions['listen']): Promise<string> {
  if ('path' in listen) rmSync(listen.path, { force: true }) // left behind by a process that was killed
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    const where = 'path' in listen ? { path: listen.path } : { host: listen.host ?? '127.0.0.1', port: listen.port }
    server.listen(where, resolve)
  })
  if ('path' in listen) {
    chmodSync(listen.path, 0o600)
    return `unix://${listen.path}`
  }
  const { address, port } = server.address() as AddressInfo
  return `tcp://${address.includes(':') ? `[${address}]` : address}:${port}`
}

/** One connection: reads requests and answers them one after another, in their order. */
class Connection implements Sitter {
  private readonly reader: FrameReader
  private readonly queue: Request[] = []
  private isEnding = false
  private hasHungUp = false
  private working: Promise<void> | undefined

  constructor(
    private readonly socket: Socket,
    private readonly application: AbciApplication,
    private readonly seats: Seats,
    private readonly options: AbciServerOptions,
  ) {
    this.reader = new FrameReader(options.maxMessageBytes ?? DEFAULT_MAX_MESSAGE_BYTES)
    socket.setNoDelay(true)
    socket.on('data', (piece) => this.take(piece))
    socket.on('error', (error) => this.problem('wire', error))
    for (const end of ['end', 'close']) socket.once(end, () => this.hangUp())
  }

  get isOver(): boolean {
    return this.isEnding || this.hasHungUp
  }

  async idle(): Promise<void> {
    await this.working
  }

  private hangUp(): void {
    this.hasHungUp = true
    void this.idle().then(() => this.seats.leave(this))
  }

  /** Answers what is at hand, then ends. */
  async end(): Promise<void> {
    this.isEnding = true
    this.queue.length = 0
    await this.working
    this.socket.destroy()
  }

  private take(piece: Uint8Array): void {
    if (this.isEnding) return
    try {
      for (const message of this.reader.push(piece)) this.queue.push(Request.decode(message))
    } catch (error) {
      this.problem('malformed', error)
      this.refuse(error)
      return
    }
    if (this.queue.length >= MAX_AHEAD) this.socket.pause()
    this.working ??= this.work().finally(() => {
      this.working = undefined
    })
  }

  private async work(): Promise<void> {
    // The turn after: `working` is set, and everything that came with this piece is queued.
    await Promise.resolve()
    for (let request = this.queue.shift(); request; request = this.queue.shift()) {
      const name = nameOf(request)
      try {
        if (!(await this.seats.admits(name, this))) throw new RequestRefused(`${name} belongs to another connection`)
        if (this.isEnding) return
        const response = await answer(this.application, request)
        if (!this.socket.writable) return
        const isRoom = this.socket.write(frame(Response.encode(response).finish()))
        // What CometBFT does not read is not piled up.
        if (!isRoom) await this.drained()
      } catch (error) {
        this.problem(kindOf(error), error, name)
        this.refuse(error)
        return
      }
      if (this.queue.length < MAX_AHEAD / 2) this.socket.resume()
    }
  }

  private drained(): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.socket.off('drain', done).off('close', done)
        resolve()
      }
      this.socket.on('drain', done).on('close', done)
    })
  }

  /** Says why and ends: after a defect no later answer on this connection could be trusted. */
  private refuse(error: unknown): void {
    this.isEnding = true
    this.queue.length = 0
    const message = error instanceof Error ? error.message : 'unknown'
    const exception = Response.fromPartial({ exception: { error: message } })
    this.socket.end(frame(Response.encode(exception).finish()))
    // A peer that neither reads nor closes is not waited for.
    setTimeout(() => this.socket.destroy(), 1_000).unref()
  }

  private problem(kind: AbciProblem['kind'], error: unknown, request?: string): void {
    this.options.onProblem?.({ kind, error, ...(request === undefined ? {} : { request }) })
  }
}

class UnknownRequest extends Error {
  override readonly name = 'UnknownRequest'
}

function kindOf(error: unknown): AbciProblem['kind'] {
  if (error instanceof UnknownRequest) return 'malformed'
  return error instanceof RequestRefused ? 'refused' : 'application'
}

const nameOf = (request: Request): string =>
  (Object.keys(request) as (keyof Request)[]).find((name) => request[name] !== undefined) ?? 'none'

async function answer(app: AbciApplication, request: Request): Promise<Response> {
  if (request.finalizeBlock) return { finalizeBlock: await app.finalizeBlock(request.finalizeBlock) }
  if (request.commit) return { commit: await app.commit(request.commit) }
  if (request.checkTx) return { checkTx: await app.checkTx(request.checkTx) }
  if (request.prepareProposal) return { prepareProposal: await app.prepareProposal(request.prepareProposal) }
  if (request.processProposal) return { processProposal: await app.processProposal(request.processProposal) }
  if (request.flush) return { flush: {} }
  if (request.echo) return { echo: { message: request.echo.message } }
  if (request.info) return { info: await app.info(request.info) }
  if (request.initChain) return { initChain: await app.initChain(request.initChain) }
  if (request.query) return { query: await app.query(request.query) }
  if (request.extendVote) return { extendVote: await app.extendVote(request.extendVote) }
  if (request.verifyVoteExtension) {
    return { verifyVoteExtension: await app.verifyVoteExtension(request.verifyVoteExtension) }
  }
  if (request.listSnapshots) return { listSnapshots: await app.listSnapshots(request.listSnapshots) }
  if (request.offerSnapshot) return { offerSnapshot: await app.offerSnapshot(request.offerSnapshot) }
  if (request.loadSnapshotChunk) return { loadSnapshotChunk: await app.loadSnapshotChunk(request.loadSnapshotChunk) }
  if (request.applySnapshotChunk) {
    return { applySnapshotChunk: await app.applySnapshotChunk(request.applySnapshotChunk) }
  }
  throw new UnknownRequest('a request of no known kind')
}
