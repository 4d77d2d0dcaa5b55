import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import postgres from 'postgres'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ClaimHeldError, readClaim } from '#engines/claim'
import { ended, identify, isRunning, type ProcessIdentity } from '#engines/identity'
import { startPostgres } from '#engines/postgres'
import { removeFolder } from '#engines/sweep'
import { testDatabase } from '#engines/testing/index'
import { hold } from '#engines/testing/holder'

let root: string
let dataDir: string
let said: string[]

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'sluice-postgres-'))
  chmodSync(root, 0o755) // temporary folders are closed to others
  dataDir = join(root, 'postgres')
  said = []
})
afterEach(() => removeFolder(root))

/** The embedded server, whatever the environment of the run says. */
const start = (folder = dataDir) => startPostgres({ dataDir: folder, env: {}, say: (line) => void said.push(line) })

async function query<T>(url: string, run: (sql: postgres.Sql) => Promise<T>): Promise<T> {
  const sql = postgres(url, { max: 1, onnotice: () => undefined })
  try {
    return await run(sql)
  } finally {
    await sql.end({ timeout: 1 })
  }
}

const write = (url: string, note: string) =>
  query(url, async (sql) => {
    await sql`create table if not exists notes (note text primary key)`
    await sql`insert into notes values (${note})`
  })
const notes = (url: string) => query(url, async (sql) => (await sql`select note from notes order by note`).flat())

/** The server's own process, from its claim. */
function serverOf(folder = dataDir): ProcessIdentity {
  const found = readClaim(join(folder, 'claim.json'))
  if (found === undefined || found === 'broken') throw new Error(`no claim in ${folder}`)
  return found.children.at(-1)?.process as ProcessIdentity
}

test('a second start finds the data of the first', async () => {
  const first = await start()
  await write(await first.createDatabase('ledger'), 'kept')
  const server = serverOf()
  expect(isRunning(server)).toBe(true)
  await first.stop()
  await first.stop()
  expect(isRunning(server)).toBe(false)

  const second = await start()
  expect(await notes(await second.createDatabase('ledger'))).toEqual([{ note: 'kept' }])
  await second.dropDatabase('ledger')
  await second.dropDatabase('ledger')
  await expect(notes(new URL('/ledger', second.url).href)).rejects.toThrow(/does not exist/)
  await second.stop()
})

test('what was committed is durable: the settings of the running server', async () => {
  const engine = await start()
  const settings = await query(
    engine.url,
    (sql) => sql`
      select current_setting('fsync') as fsync, current_setting('synchronous_commit') as commit,
             current_setting('full_page_writes') as pages, current_setting('listen_addresses') as listens`,
  )
  expect([...settings]).toEqual([{ fsync: 'on', commit: 'on', pages: 'on', listens: '127.0.0.1' }])
  await engine.stop()
})

test('after kill -9 of the server the next start recovers', async () => {
  const engine = await start()
  await write(engine.url, 'committed')
  process.kill(serverOf().pid, 'SIGKILL')
  await engine.ended
  await engine.stop()
  const again = await start()
  expect(await notes(again.url)).toEqual([{ note: 'committed' }])
  await again.stop()
})

test('after kill -9 of the process that started it, the next start stops the orphan and recovers', async () => {
  const holder = await hold('postgres', dataDir)
  await write(holder.started, 'committed')
  const orphan = serverOf()
  holder.child.kill('SIGKILL')
  await holder.exited
  expect(isRunning(orphan)).toBe(true)

  const engine = await start()
  expect(isRunning(orphan)).toBe(false)
  expect(await notes(engine.url)).toEqual([{ note: 'committed' }])
  await engine.stop()
})

test('an orphan that nobody wrote down is found by its working folder', async () => {
  const holder = await hold('postgres', dataDir)
  const orphan = serverOf()
  holder.child.kill('SIGKILL')
  await holder.exited
  rmSync(join(dataDir, 'claim.json'))
  const engine = await start()
  expect(isRunning(orphan)).toBe(false)
  expect(said.join('\n')).toContain(`process ${orphan.pid}`)
  await write(engine.url, 'alone')
  await engine.stop()
})

test('a stale postmaster.pid whose number is a stranger now does not hinder the start', async () => {
  const engine = await start()
  const data = engine.description.split('data in ')[1] as string
  process.kill(serverOf().pid, 'SIGKILL')
  await engine.ended
  await engine.stop()
  const pidFile = join(data, 'postmaster.pid')
  const lines = readFileSync(pidFile, 'utf8').split('\n')
  writeFileSync(pidFile, [String(process.pid), ...lines.slice(1)].join('\n'))
  const again = await start()
  await write(again.url, 'well')
  await again.stop()
  expect(identify(process.pid)).toBeDefined()
})

test('a first start that was cut short is begun anew', async () => {
  const engine = await start()
  const data = engine.description.split('data in ')[1] as string
  await engine.stop()
  // As if initdb had been killed: half a cluster beside an empty place.
  rmSync(data, { recursive: true })
  mkdirSync(`${data}.new`)
  writeFileSync(join(`${data}.new`, 'PG_VERSION'), '18\n')
  const again = await start()
  await write(again.url, 'well')
  await again.stop()
})

test.each([
  ['SIGINT', undefined, { code: 130, signal: null }],
  ['SIGTERM', undefined, { code: 143, signal: null }],
  [undefined, 'throw', { code: 1, signal: null }],
  [undefined, 'exit', { code: 3, signal: null }],
] as const)('the server ends with its process: signal %s, ending %s', async (signal, ending, exit) => {
  const holder = await hold('postgres', dataDir, ending)
  const claimed = readClaim(join(dataDir, 'claim.json'))
  if (signal) holder.child.kill(signal)
  expect(await holder.exited).toEqual(exit)
  expect(claimed).toBeTypeOf('object')
  expect(await ended(serverOf(), 20_000)).toBe(true)
})

test('two folders side by side, and one folder for one process at a time', async () => {
  const otherDir = join(root, 'other')
  const [one, other] = await Promise.all([start(), start(otherDir)])
  await Promise.all([write(one.url, 'one'), write(other.url, 'other')])
  expect(await notes(one.url)).toEqual([{ note: 'one' }])
  expect(await notes(other.url)).toEqual([{ note: 'other' }])
  await expect(start()).rejects.toThrow(ClaimHeldError)
  await expect(start()).rejects.toThrow(`${dataDir} is in use by this process already (Postgres)`)
  await Promise.all([one.stop(), other.stop()])
})

test('data below a folder that only its owner may enter', async () => {
  const closed = join(root, 'closed')
  mkdirSync(closed, { mode: 0o700 })
  const hidden = join(closed, 'postgres')
  const begin = async () => {
    const engine = await start(hidden)
    return { engine, data: engine.description.split('data in ')[1] as string }
  }
  const first = await begin()
  await write(first.engine.url, 'reached')
  await first.engine.stop()
  const second = await begin()
  expect(await notes(second.engine.url)).toEqual([{ note: 'reached' }])
  await second.engine.stop()

  // Only root hands Postgres to another user, who cannot enter here; anyone else runs it as themselves, in place.
  const away = process.getuid?.() === 0
  expect(first.data).toMatch(away ? /^\/var\/tmp\/sluice-/ : new RegExp(`^${hidden}`))
  expect(said.some((line) => line.includes(`data is in ${dirname(first.data)}`))).toBe(away)
  expect(second.data).toBe(first.data)

  // Whoever removes the folder begins anew, wherever the data was.
  rmSync(hidden, { recursive: true })
  const third = await begin()
  await expect(notes(third.engine.url)).rejects.toThrow(/does not exist/)
  await third.engine.stop()
  await removeFolder(closed)
  expect(existsSync(first.data)).toBe(false)
})

test('DATABASE_URL: nothing is started, and databases are made there', async () => {
  const { url } = await testDatabase()
  const engine = await startPostgres({ dataDir, env: { DATABASE_URL: url } })
  expect(readClaim(join(dataDir, 'claim.json'))).toBeUndefined()
  expect(engine.description).toContain('DATABASE_URL')
  const name = `made_${process.pid}`
  const made = await engine.createDatabase(name)
  await write(made, 'there')
  expect(await engine.createDatabase(name)).toBe(made)
  expect(await notes(made)).toEqual([{ note: 'there' }])
  await engine.dropDatabase(name)
  await engine.stop()
  expect(await query(url, (sql) => sql`select 1 as one`)).toMatchObject([{ one: 1 }])
})

test('a DATABASE_URL that is none, or where nobody answers, is named without its password', async () => {
  await expect(startPostgres({ dataDir, env: { DATABASE_URL: 'mysql://x' } })).rejects.toThrow(/DATABASE_URL is not/)
  const dead = startPostgres({ dataDir, env: { DATABASE_URL: 'postgres://me:secret@127.0.0.1:1/x' } })
  await expect(dead).rejects.toThrow(/server of DATABASE_URL \(127\.0\.0\.1:1\) does not answer/)
  await expect(dead).rejects.not.toThrow(/secret/)
})
