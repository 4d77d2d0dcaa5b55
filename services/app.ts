import { randomBytes } from 'node:crypto'
import { drizzle } from 'drizzle-orm/postgres-js'
import type { FastifyInstance } from 'fastify'
import postgres from 'postgres'
import { describe, type Description } from '#contracts/describe'
import type { Registry } from '#contracts/kernel/execute'
import { registry as allContracts } from '#contracts/registry'
import type { Ledger } from '#ledger-adapter/port'
import type { Database, Projection } from '#node/projector/projection'
import type { FileExchange } from '#node/exchange/exchange'
import type { NoticeBoard } from '#node/notices/notice-board'
import { PROJECTIONS } from '#node/projector/projections/index'
import { topicTables } from '#node/projector/projections/topics'
import { Projector } from '#node/projector/projector'
import { READ_SCHEMA } from '#node/projector/tables'
import { Relay, type SignalSender } from '#node/relay/relay'
import type { Hash } from '#proof/hash'
import { commandRoutes } from './commands/http.ts'
import { exchangeService } from './exchange/http.ts'
import { issuanceService } from './issuance/main.ts'
import { mount } from './kit/route.ts'
import { createServer, type ServerOptions } from './kit/server.ts'
import type { WorkflowStarter } from './kit/workflows.ts'
import { noticeRoutes } from './notices/http.ts'
import { createReading } from './reading/reading.ts'
import { receivableSplitService } from './receivable-split/main.ts'
import { recordRoutes } from './records/http.ts'
import { servicingService } from './servicing/main.ts'
import { sessionRoutes } from './session/http.ts'
import { Sessions } from './session/sessions.ts'
import { verifyPage } from './verify-page/http.ts'
import { streamService, type StreamLimits } from './stream/http.ts'

export interface NodeAppOptions extends ServerOptions {
  readonly ledger: Ledger
  /** Of this organisation: read models, cursors. */
  readonly databaseUrl: string
  /** Starts and wakes workflows; workflows/temporal-port.ts is one. */
  readonly workflows: WorkflowStarter & SignalSender
  /** Where workflows tell people; without it there are no notices to read. */
  readonly notices?: NoticeBoard
  /** Files this organisation holds ready for others; without it there are none to pull. */
  readonly exchange?: FileExchange
  readonly registry?: Registry
  /** What a version of the contracts says of itself, for a node that runs bundles; null: its sources. */
  readonly descriptionOf?: (bundle: Hash | null) => Description
  /** What callers sign in to: the node's public name. */
  readonly audience?: string
  /** At least 32 bytes; without it one is made, and a restart ends all sessions. */
  readonly tokenSecret?: Uint8Array
  readonly tokenLifetimeMs?: number
  readonly projections?: readonly Projection[]
  readonly stream?: Partial<StreamLimits>
  /** The longest that a read waits for its `?at=`. */
  readonly maxWaitMs?: number
  /** A projection or the relay failed and tries again. */
  readonly onError?: (where: string, error: unknown) => void
}

export interface NodeApp {
  /** Listen with `app.listen({ host: '127.0.0.1', port: 0 })`. */
  readonly app: FastifyInstance
  readonly db: Database
  /** Workflows that wait for topics, for whoever starts them without a service. */
  readonly relay: Relay
  /** Stops listening, streams, relay and projector, in this order; the ledger stays open. */
  close(): Promise<void>
}

/** Every service of one node in one process, with its projector, relay and streams, all running. */
export async function createNodeApp(options: NodeAppOptions): Promise<NodeApp> {
  const { ledger, workflows, registry = allContracts, onError = tell } = options
  const { descriptionOf = () => describe(registry) } = options
  const sql = postgres(options.databaseUrl, { max: 16, onnotice: () => undefined })
  const db = drizzle(sql)
  const projections = options.projections ?? PROJECTIONS
  const projector = new Projector({ ledger, db, projections, onError })
  const relay = new Relay({ ledger, db, signals: workflows, onError: (error) => onError('relay', error) })
  try {
    await projector.start()
    await relay.start()
    const app = await createServer(options)
    const sessions = new Sessions({
      ledger,
      audience: options.audience ?? 'sluice',
      secret: options.tokenSecret ?? randomBytes(32),
      ...(options.tokenLifetimeMs === undefined ? {} : { tokenLifetimeMs: options.tokenLifetimeMs }),
    })
    const { maxWaitMs } = options
    const reading = createReading({ ledger, db, ...(maxWaitMs === undefined ? {} : { maxWaitMs }) })
    const deps = {
      authenticator: sessions,
      sessions,
      ledger,
      registry,
      descriptionOf,
      reading,
      workflows,
      waiting: relay,
    }
    verifyPage(app)
    mount(app, sessionRoutes, deps)
    mount(app, commandRoutes, deps)
    mount(app, recordRoutes, deps)
    if (options.notices) mount(app, noticeRoutes, { ...deps, notices: options.notices })
    if (options.exchange) await app.register(exchangeService, { ...deps, exchange: options.exchange })
    await app.register(issuanceService, deps)
    await app.register(servicingService, deps)
    await app.register(receivableSplitService, deps)
    const { topics } = topicTables(READ_SCHEMA)
    const directory = { topics: async () => (await db.select({ id: topics.id }).from(topics)).map(({ id }) => id) }
    await app.register(streamService, {
      ledger,
      authenticator: sessions,
      directory,
      ...(options.stream ? { limits: options.stream } : {}),
    })
    const close = async () => {
      await app.close()
      await Promise.all([relay.stop(), projector.stop()])
      await sql.end({ timeout: 5 })
    }
    return { app, db, relay, close }
  } catch (error) {
    await Promise.allSettled([relay.stop(), projector.stop()])
    await sql.end({ timeout: 5 })
    throw error
  }
}

const tell = (where: string, error: unknown): void => {
  const { message, cause } = error instanceof Error ? error : new Error(String(error))
  // What a query failed of is in its cause; its text comes before all its values.
  const reason = cause instanceof Error ? `${cause.message} (${message.slice(0, 200)})` : message
  process.emitWarning(`${where}: ${reason}`, 'SluiceNodeWarning')
}
