import { randomBytes } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import type { Database } from '#node/projector/projection'
import type { Relay } from '#node/relay/relay'
import { createServer, type ServerOptions } from './kit/server.ts'
import { startLedgerApp, type LedgerApp, type LedgerAppOptions, type NodeManners } from './ledger-app.ts'
import { verifyPage } from './verify-page/http.ts'

export interface NodeAppOptions
  extends Omit<ServerOptions, 'alias'>, LedgerAppOptions, Partial<Omit<NodeManners, 'tokenSecret'>> {
  /** What callers sign in to: the node's public name. */
  readonly audience?: string
  /** At least 32 bytes; without it one is made, and a restart ends all sessions. */
  readonly tokenSecret?: Uint8Array
  /** The longest that a read waits for its `?at=`. */
  readonly maxWaitMs?: number
  /** A projection or the relay failed and tries again. */
  readonly onError?: (where: string, error: unknown) => void
  /**
   * Further ledgers of this organisation, each under `/ledgers/CHAIN_ID`: parties that may not see each other's amounts
   * run separate ones. Each has a page `verify` of its own, and a database of its own for its read models.
   */
  readonly others?: readonly LedgerAppOptions[]
}

export interface NodeApp {
  /** Listen with `app.listen({ host: '127.0.0.1', port: 0 })`. */
  readonly app: FastifyInstance
  readonly db: Database
  /** Workflows that wait for topics, for whoever starts them without a service. */
  readonly relay: Relay
  /** Every ledger that is served, by its chain's id. */
  readonly ledgers: ReadonlyMap<string, Pick<LedgerApp, 'db' | 'relay'>>
  /** Stops listening, streams, relay and projector, in this order; the ledgers stay open. */
  close(): Promise<void>
}

export const ledgerPath = (chainId: string): string => `/ledgers/${chainId}`

/**
 * Every service of one node in one process, with its projector, relay and streams, all running. Its own ledger stands at
 * the root and under its chain's id, each further one under its chain's id alone.
 * @throws when two ledgers have one chain's id or one database
 */
export async function createNodeApp(options: NodeAppOptions): Promise<NodeApp> {
  const all = [options, ...(options.others ?? [])]
  requireDistinct('chain id', all.map(({ ledger }) => ledger.chainId)) // prettier-ignore
  requireDistinct('database', all.map(({ databaseUrl }) => databaseUrl)) // prettier-ignore
  const { audience = 'sluice', tokenSecret = randomBytes(32), onError = tell } = options
  const { tokenLifetimeMs, stream, maxWaitMs } = options
  const manners: NodeManners = {
    audience,
    tokenSecret,
    onError,
    ...(tokenLifetimeMs === undefined ? {} : { tokenLifetimeMs }),
    ...(stream === undefined ? {} : { stream }),
    ...(maxWaitMs === undefined ? {} : { maxWaitMs }),
  }
  const running: LedgerApp[] = []
  const stop = async (): Promise<void> => {
    await Promise.all(running.map((one) => one.stop()))
  }
  try {
    for (const each of all) running.push(await startLedgerApp(each, among(all, each, manners)))
    const [own, ...others] = running as [LedgerApp, ...LedgerApp[]]
    const alias = ledgerPath(own.chainId)
    const app = await createServer({ ...options, alias })
    verifyPage(app)
    await own.mountOn(app)
    for (const other of others) {
      await app.register(
        async (scope) => {
          // The description of the root's routes is theirs too.
          scope.addHook('onRoute', (route) => void (route.schema = { ...route.schema, hide: true }))
          verifyPage(scope)
          await other.mountOn(scope)
        },
        { prefix: ledgerPath(other.chainId) },
      )
    }
    const close = async () => {
      await app.close()
      await stop()
    }
    return { app, db: own.db, relay: own.relay, ledgers: new Map(running.map((one) => [one.chainId, one])), close }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Of several ledgers a complaint names the one that it is about. */
const among = (all: readonly unknown[], { ledger }: LedgerAppOptions, manners: NodeManners): NodeManners =>
  all.length === 1
    ? manners
    : { ...manners, onError: (where, error) => manners.onError(`${ledger.chainId} ${where}`, error) }

function requireDistinct(what: string, values: readonly string[]): void {
  const twice = values.find((value, index) => values.indexOf(value) !== index)
  if (twice === undefined) return
  // A database's address may hold a password.
  throw new Error(`two ledgers of one node have the same ${what}${what === 'database' ? '' : ` ${twice}`}`)
}

const tell = (where: string, error: unknown): void => {
  const { message, cause } = error instanceof Error ? error : new Error(String(error))
  // What a query failed of is in its cause; its text comes before all its values.
  const reason = cause instanceof Error ? `${cause.message} (${message.slice(0, 200)})` : message
  process.emitWarning(`${where}: ${reason}`, 'SluiceNodeWarning')
}
