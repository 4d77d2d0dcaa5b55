import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startPostgres, type PostgresEngine } from '#engines/postgres'
import { expectIntact, pause, SplitLoad } from '../conformance/load.ts'
import type { Ledger } from '../port.ts'
import { embeddedHarness } from '../testing/embedded-harness.ts'
import { FlakyProxy } from '../testing/flaky-proxy.ts'
import { LedgerChild } from '../testing/ledger-child.ts'
import { WORTH_AHEAD } from './block-line.ts'

const SEED = Number(process.env.SEED ?? Date.now() % 2 ** 31)
const RUNS = Number(process.env.KILLED_RUNS ?? 50)
const LIMITS = { storePatienceMs: 200, storeTimeoutMs: 2_000 }
const LANES = 4
/** Beside them in a rush, so that a block is made while the one before is stored. */
const RUSH_LANES = 124

// A server of its own, since it is killed; one for all runs.
let folder: string
let engine: PostgresEngine
let proxy: FlakyProxy
const start = () => startPostgres({ dataDir: folder, env: {}, say: () => undefined })
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-killed-'))
  engine = await start()
  proxy = await FlakyProxy.before(engine.url) // one address, whatever port the restarted server has
})
afterAll(async () => {
  await proxy.close()
  await engine.stop()
  await rm(folder, { recursive: true, force: true })
})

/** Asks until there is an answer: a server that goes through recovery refuses connections. */
async function ask<T extends pg.QueryResultRow>(text: string): Promise<T[]> {
  for (;;) {
    const client = new pg.Client({ connectionString: engine.url, connectionTimeoutMillis: 5_000 })
    client.on('error', () => undefined) // the question fails by itself
    try {
      await client.connect()
      return (await client.query<T>(text)).rows
    } catch {
      await pause(20)
    } finally {
      await client.end().catch(() => undefined)
    }
  }
}

/** The whole server dies, and is started again on its data. */
async function killServer(): Promise<void> {
  const [row] = await ask<{ data_directory: string }>('SHOW data_directory')
  const postmaster = Number.parseInt(await readFile(join(row!.data_directory, 'postmaster.pid'), 'utf8'), 10)
  process.kill(postmaster, 'SIGKILL')
  await engine.ended
  await engine.stop()
  engine = await start()
  proxy.retarget(engine.url)
}

/** The writer's backend dies: the postmaster ends every session and goes through recovery by itself. */
async function killBackend(): Promise<void> {
  const [row] = await ask<{ pid: number }>(
    `SELECT pid FROM pg_stat_activity WHERE application_name = 'sluice-ledger-writer'`,
  )
  if (row) process.kill(row.pid, 'SIGKILL')
}

/** How many blocks hold so many commands of the load. */
function blocksOf({ sent }: SplitLoad, atLeast: number): number {
  const sizes = new Map<number, number>()
  for (const { executed } of sent.values()) {
    const { height } = executed!.position
    sizes.set(height, (sizes.get(height) ?? 0) + 1)
  }
  return [...sizes.values()].filter((size) => size >= atLeast).length
}

/** Commands acknowledged before, then milliseconds: in a rush fewer, since there are as many in each. */
const moment = (progress: number, afterMs: number) => ({ progress: fc.integer({ min: 1, max: progress }), afterMs: fc.nat({ max: afterMs }) }) // prettier-ignore
const victim = fc.constantFrom('node', 'server', 'backend')
const run = fc.oneof(
  fc.record({ victim, isRush: fc.constant(false), ...moment(30, 100) }),
  fc.record({ victim, isRush: fc.constant(true), ...moment(200, 30) }),
)

describe(`a ledger whose node or Postgres is killed at random instants under load (SEED=${SEED} KILLED_RUNS=${RUNS})`, () => {
  it(
    'loses nothing it acknowledged, does nothing twice or by half, and its chain verifies',
    { timeout: 60_000 + RUNS * 10_000 },
    async () => {
      const databaseUrl = await engine.createDatabase('killed')
      const url = proxy.through(databaseUrl)
      let node = LedgerChild.standBy()
      let standby = LedgerChild.standBy()
      const load = new SplitLoad(() => node as unknown as Ledger, 'killed', LANES, RUSH_LANES)
      try {
        await node.open(url, LIMITS)
        load.start()
        const seen = { node: 0, server: 0, backend: 0 }
        const rushed = { ...seen }
        for (const { victim, isRush, progress, afterMs } of fc.sample(run, { seed: SEED, numRuns: RUNS })) {
          if (isRush) load.rush()
          await load.progress(progress)
          await pause(afterMs)
          seen[victim] += 1
          if (isRush) rushed[victim] += 1
          if (victim === 'node') {
            await node.kill()
            await ask('SELECT 1')
            await standby.open(url, LIMITS) // checks the state rows against the last signed header
            node = standby
            standby = LedgerChild.standBy()
          } else await (victim === 'server' ? killServer() : killBackend())
          load.calm() // what is under way is sent again until it is answered
        }
        await load.progress(LANES)
        await load.stop()
        for (const counts of [seen, rushed])
          for (const [victim, count] of Object.entries(counts)) if (RUNS >= 50) expect(count, victim).toBeGreaterThan(0)
        const rushes = Object.values(rushed).reduce((sum, count) => sum + count, 0)
        expect(blocksOf(load, WORTH_AHEAD)).toBeGreaterThanOrEqual(Math.floor(rushes / 4))
      } finally {
        await Promise.all([node.kill(), standby.kill()])
      }
      await ask('SELECT 1')
      const harness = await embeddedHarness(engine.url.replace(/[^/]*$/, 'killed'))
      try {
        await expectIntact(harness, await harness.open(), [load])
      } finally {
        await harness.dispose()
      }
    },
  )
})
