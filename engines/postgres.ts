// Postgres for everything on one machine: embedded, or any server by DATABASE_URL.
import { join } from 'node:path'
import postgres from 'postgres'
import { claim } from './claim.ts'
import { startCluster } from './postgres/cluster.ts'
import { messageOf, sayOnStderr, type Say } from './say.ts'

export interface PostgresOptions {
  /** Where the embedded server keeps its data, made when missing; not used with DATABASE_URL. */
  readonly dataDir: string
  /** Takes lines of progress; stderr by default. */
  readonly say?: Say
  /** Read for DATABASE_URL; this process's by default. */
  readonly env?: NodeJS.ProcessEnv
}

export interface PostgresEngine {
  /** The database to connect to for administration: `postgres`, or the one of DATABASE_URL. */
  readonly url: string
  /** What was started or found, for people. */
  readonly description: string
  /** Settles when a server that we started has ended, with its last words; never for DATABASE_URL. */
  readonly ended: Promise<string>
  /** The address of the database of that name, which is created when there is none. */
  createDatabase(name: string): Promise<string>
  /** Removes a database with everything in it, also while clients are connected. No error when there is none. */
  dropDatabase(name: string): Promise<void>
  /** Stops the server that we started; leaves one of DATABASE_URL alone. */
  stop(): Promise<void>
}

/** Runs statements on the administration database over a connection of their own. */
async function administer<T>(url: string, what: string, run: (sql: postgres.Sql) => Promise<T>): Promise<T> {
  const sql = postgres(url, { max: 1, connect_timeout: 10, onnotice: () => undefined })
  try {
    return await run(sql)
  } catch (error) {
    throw new Error(`${what}: ${messageOf(error)}`, { cause: error })
  } finally {
    await sql.end({ timeout: 5 })
  }
}

const withDatabase = (url: string, name: string): string => {
  const parsed = new URL(url)
  parsed.pathname = `/${encodeURIComponent(name)}`
  return parsed.href
}

const isCode = (error: unknown, code: string) => error instanceof postgres.PostgresError && error.code === code
const DUPLICATE_DATABASE = '42P04'
/** Two sessions creating databases at the same moment: the unique index of pg_database is hit instead. */
const UNIQUE_VIOLATION = '23505'

const databases = (url: string) => ({
  createDatabase: async (name: string): Promise<string> => {
    await administer(url, `cannot create the database ${name}`, async (sql) => {
      const [found] = await sql`select 1 from pg_database where datname = ${name}`
      if (found) return
      try {
        await sql`create database ${sql(name)}`
      } catch (error) {
        if (!isCode(error, DUPLICATE_DATABASE) && !isCode(error, UNIQUE_VIOLATION)) throw error
      }
    })
    return withDatabase(url, name)
  },
  dropDatabase: (name: string): Promise<void> =>
    administer(url, `cannot remove the database ${name}`, async (sql) => {
      await sql`drop database if exists ${sql(name)} with (force)`
    }),
})

async function useServer(url: string): Promise<PostgresEngine> {
  if (!URL.canParse(url) || !/^postgres(ql)?:$/.test(new URL(url).protocol)) {
    throw new Error('DATABASE_URL is not an address of the form postgres://user:password@host:port/database')
  }
  const { host } = new URL(url) // the rest may hold a password and is not shown
  const [answer] = await administer(url, `the Postgres server of DATABASE_URL (${host}) does not answer`, (sql) => {
    return sql<{ version: string }[]>`select current_setting('server_version') as version`
  })
  return {
    url,
    description: `Postgres ${answer?.version} at ${host} (DATABASE_URL)`,
    ended: new Promise(() => undefined),
    ...databases(url),
    stop: () => Promise.resolve(),
  }
}

/**
 * A Postgres server to work with: the one of DATABASE_URL, else an embedded one on a free port of 127.0.0.1 with its data
 * in `dataDir`. The embedded one stops with this process; what a kill -9 left behind is stopped and recovered first.
 * @throws ClaimHeldError when another living process runs a server on the same folder
 */
export async function startPostgres(options: PostgresOptions): Promise<PostgresEngine> {
  const { dataDir, say = sayOnStderr, env = process.env } = options
  const given = env['DATABASE_URL']
  if (given !== undefined && given !== '') return useServer(given)
  const held = await claim(join(dataDir, 'claim.json'), 'Postgres')
  try {
    const { port, user, password, data, child } = await startCluster(dataDir, held, say)
    let stopping: Promise<void> | undefined
    const url = `postgres://${user}:${password}@127.0.0.1:${port}/postgres`
    return {
      url,
      description: `embedded Postgres on 127.0.0.1:${port}, data in ${data}`,
      ended: child.exited.then(() => child.tail()),
      ...databases(url),
      stop: () => (stopping ??= child.stop().then(() => held.release())),
    }
  } catch (error) {
    held.release()
    throw error
  }
}
