import { hkdfSync } from 'node:crypto'
import { drizzle } from 'drizzle-orm/postgres-js'
import type { FastifyInstance } from 'fastify'
import postgres from 'postgres'
import { describe, type Description } from '#contracts/describe'
import type { Registry } from '#contracts/kernel/execute'
import { registry as allContracts } from '#contracts/registry'
import type { Ledger } from '#ledger-adapter/port'
import type { FileExchange } from '#node/exchange/exchange'
import type { RecipientBook } from '#node/exchange/recipients'
import type { HistorySource } from '#node/history/source'
import type { AssetBook } from '#node/ingest/asset-book'
import type { NoticeBoard } from '#node/notices/notice-board'
import type { Database, Projection } from '#node/projector/projection'
import { PROJECTIONS } from '#node/projector/projections/index'
import { topicTables } from '#node/projector/projections/topics'
import { Projector } from '#node/projector/projector'
import { READ_SCHEMA } from '#node/projector/tables'
import { Relay, type SignalSender } from '#node/relay/relay'
import type { Hash } from '#proof/hash'
import { commandRoutes } from './commands/http.ts'
import { exchangeService } from './exchange/http.ts'
import { historyService } from './history/http.ts'
import { issuanceService } from './issuance/main.ts'
import { mount } from './kit/route.ts'
import type { WorkflowStarter } from './kit/workflows.ts'
import { noticeRoutes } from './notices/http.ts'
import { createReading } from './reading/reading.ts'
import { receivableSplitService } from './receivable-split/main.ts'
import { proofRoutes } from './proofs/http.ts'
import { recordRoutes } from './records/http.ts'
import { servicingService } from './servicing/main.ts'
import { sessionRoutes } from './session/http.ts'
import { Sessions } from './session/sessions.ts'
import { streamService, type StreamLimits } from './stream/http.ts'

/** One ledger as a node serves it. */
export interface LedgerAppOptions {
  readonly ledger: Ledger
  /** Of this organisation and this ledger alone: read models, cursors. */
  readonly databaseUrl: string
  /** Starts and wakes workflows; workflows/temporal-port.ts is one. */
  readonly workflows: WorkflowStarter & SignalSender
  /** Where workflows tell people; without it there are no notices to read. */
  readonly notices?: NoticeBoard
  /** Files this organisation holds ready for others; without it there are none to pull. */
  readonly exchange?: FileExchange
  /** Of a network, for members that run nodes; without it nobody fetches the whole ledger here. */
  readonly history?: HistorySource
  /** Whom files can be encrypted to here. */
  readonly recipients?: RecipientBook
  /** The tapes this organisation holds; without them no asset is proven here. */
  readonly assets?: AssetBook
  readonly registry?: Registry
  /** What a version of the contracts says of itself, for a node that runs bundles; null: its sources. */
  readonly descriptionOf?: (bundle: Hash | null) => Description
  readonly projections?: readonly Projection[]
}

/** What all ledgers of a node have in common. */
export interface NodeManners {
  readonly audience: string
  /** At least 32 bytes; each ledger's tokens have a secret of their own that follows from it. */
  readonly tokenSecret: Uint8Array
  readonly tokenLifetimeMs?: number
  readonly stream?: Partial<StreamLimits>
  readonly maxWaitMs?: number
  readonly onError: (where: string, error: unknown) => void
}

/** A ledger's projector and relay, running, and its routes, to be mounted. */
export interface LedgerApp {
  readonly chainId: string
  readonly db: Database
  readonly relay: Relay
  mountOn(app: FastifyInstance): Promise<void>
  /** Relay, projector and connections; the ledger stays open. */
  stop(): Promise<void>
}

export async function startLedgerApp(options: LedgerAppOptions, manners: NodeManners): Promise<LedgerApp> {
  const { ledger, workflows } = options
  const { onError } = manners
  const sql = postgres(options.databaseUrl, { max: 16, onnotice: () => undefined })
  const db = drizzle(sql)
  const projections = options.projections ?? PROJECTIONS
  const projector = new Projector({ ledger, db, projections, onError })
  const relay = new Relay({ ledger, db, signals: workflows, onError: (error) => onError('relay', error) })
  const stop = async (): Promise<void> => {
    await Promise.allSettled([relay.stop(), projector.stop()])
    await sql.end({ timeout: 5 })
  }
  try {
    await projector.start()
    await relay.start()
  } catch (error) {
    await stop()
    throw error
  }
  return { chainId: ledger.chainId, db, relay, stop, mountOn: (app) => mountLedger(app, options, manners, { db, relay }) } // prettier-ignore
}

async function mountLedger(
  app: FastifyInstance,
  options: LedgerAppOptions,
  manners: NodeManners,
  { db, relay }: Pick<LedgerApp, 'db' | 'relay'>,
): Promise<void> {
  const { ledger, workflows, registry = allContracts } = options
  const { descriptionOf = () => describe(registry) } = options
  const { audience, tokenLifetimeMs, maxWaitMs, stream } = manners
  const sessions = new Sessions({
    ledger,
    audience,
    secret: secretOf(manners.tokenSecret, ledger.chainId),
    ...(tokenLifetimeMs === undefined ? {} : { tokenLifetimeMs }),
  })
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
  mount(app, sessionRoutes, deps)
  mount(app, commandRoutes, deps)
  const { assets } = options
  mount(app, proofRoutes, { ...deps, ...(maxWaitMs === undefined ? {} : { maxWaitMs }), ...(assets ? { assets } : {}) })
  mount(app, recordRoutes, deps)
  if (options.notices) mount(app, noticeRoutes, { ...deps, notices: options.notices })
  if (options.history) await app.register(historyService, { ...deps, history: options.history })
  const { exchange, recipients } = options
  if (exchange) await app.register(exchangeService, { ...deps, exchange, ...(recipients ? { recipients } : {}) })
  await app.register(issuanceService, deps)
  await app.register(servicingService, deps)
  await app.register(receivableSplitService, deps)
  const { topics } = topicTables(READ_SCHEMA)
  const directory = { topics: async () => (await db.select({ id: topics.id }).from(topics)).map(({ id }) => id) }
  await app.register(streamService, {
    ledger,
    authenticator: sessions,
    directory,
    ...(stream ? { limits: stream } : {}),
  })
}

/** A token of one ledger opens no other: the same name may be another party there. */
const secretOf = (secret: Uint8Array, chainId: string): Uint8Array => {
  if (secret.length < 32) throw new Error('the secret of tokens needs at least 32 bytes')
  return new Uint8Array(hkdfSync('sha256', secret, '', `sluice/token-secret/v1/${chainId}`, 32))
}
