import { asc, sql } from 'drizzle-orm'
import { pgSchema, integer, text } from 'drizzle-orm/pg-core'
import { drizzle } from 'drizzle-orm/postgres-js'
import postgres from 'postgres'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { testDatabase } from '#engines/testing/index'
import { cursorText } from '#ledger-adapter/port'
import { ScriptedLog } from '../testing/scripted-log.ts'
import { projection, type Database, type Projection } from './projection.ts'
import { Projector } from './projector.ts'
import { liveHeight } from './state.ts'
import { READ_SCHEMA } from './tables.ts'

let db: Database
let close: () => Promise<void>
beforeAll(async () => {
  const client = postgres((await testDatabase()).url, { max: 8, onnotice: () => undefined })
  db = drizzle(client)
  close = () => client.end({ timeout: 5 })
})
afterAll(() => close())

const tables = (schema: string) => ({
  seen: pgSchema(schema).table('seen', {
    id: text('id').primaryKey(),
    nth: integer('nth').notNull(),
    note: text('note').notNull(),
  }),
})
type Tables = ReturnType<typeof tables>

/** Every event one row, numbered by the rows before it: taken in twice or out of order, it would show. */
const counting = (name: string, version: number, note: string, gate: () => Promise<void> = async () => undefined) =>
  projection<Tables>({
    name,
    version,
    tables,
    on: [],
    async each(tx, { seen }, event) {
      await gate()
      const [row] = await tx.select({ count: sql<number>`count(*)::int` }).from(seen)
      await tx.insert(seen).values({ id: cursorText(event.cursor), nth: (row?.count ?? 0) + 1, note })
    },
  }) as unknown as Projection

const read = async () =>
  db
    .select()
    .from(tables(READ_SCHEMA).seen)
    .orderBy(asc(tables(READ_SCHEMA).seen.nth))
const options = (ledger: ScriptedLog, projections: Projection[], errors: unknown[] = []) => ({
  ledger,
  db,
  projections,
  pageSize: 3,
  idleMs: 20,
  onError: (_name: string, error: unknown) => void errors.push(error),
})

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 10))
}

test('events in order, each once, by two projectors at once, over failures and restarts', async () => {
  const log = new ScriptedLog()
  for (let i = 0; i < 20; i += 1) log.commit([['t'], ['t', 'u']])
  let calls = 0
  // Every seventh event fails in the middle of its page: nothing of the page may stay.
  const stumbling = counting('seen', 1, 'first', async () => {
    calls += 1
    if (calls % 7 === 0) throw new Error('killed here')
  })
  const errors: unknown[] = []
  const both = [new Projector(options(log, [stumbling], errors)), new Projector(options(log, [stumbling], errors))]
  await Promise.all(both.map((projector) => projector.start()))
  await until(async () => (await liveHeight(db, ['seen'])) >= 10)
  await both[0]!.stop()
  await until(async () => (await liveHeight(db, ['seen'])) >= log.height)
  await both[1]!.stop()
  expect(errors.length).toBeGreaterThan(0)
  const rows = await read()
  expect(rows.map(({ id }) => id)).toEqual(log.all.map(({ cursor }) => cursorText(cursor)))
  expect(rows.map(({ nth }) => nth)).toEqual(rows.map((_row, i) => i + 1))
})

test('a block without events is reached too', async () => {
  const log = new ScriptedLog()
  log.commit([['t']])
  log.commit([])
  const projector = new Projector(options(log, [counting('quiet', 1, 'quiet')]))
  await projector.start()
  await until(async () => (await liveHeight(db, ['quiet'])) === log.height)
  await projector.stop()
  expect(log.height).toBe(2)
})

test('a new version is built beside the old one, which is read until the new has caught up', async () => {
  const log = new ScriptedLog()
  for (let i = 0; i < 8; i += 1) log.commit([['t']])
  const old = new Projector(options(log, [counting('versions', 1, 'old')]))
  await old.start()
  await until(async () => (await liveHeight(db, ['versions'])) === 8)
  let release = (): void => undefined
  const gate = new Promise<void>((resolve) => (release = resolve))
  let taken = 0
  const renewed = new Projector(
    options(log, [counting('versions', 2, 'new', () => ((taken += 1) > 4 ? gate : Promise.resolve()))]),
  )
  await renewed.start()
  await until(async () => taken > 4)
  expect((await read()).map(({ note }) => note)).toEqual(Array(8).fill('old'))
  log.commit([['t']])
  await until(async () => (await liveHeight(db, ['versions'])) === 9)
  expect(await read()).toHaveLength(9)
  release()
  await until(async () => (await read())[0]?.note === 'new')
  await Promise.all([old.stop(), renewed.stop()])
  expect((await read()).map(({ note }) => note)).toEqual(Array(9).fill('new'))
  const schemas = await db.execute(sql`select nspname from pg_namespace where nspname like 'projection_versions%'`)
  expect(schemas.map(({ nspname }) => nspname)).toEqual(['projection_versions_v2'])
})
