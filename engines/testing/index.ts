// For tests named `*.int.test.ts`: a database of one's own, and the Temporal server of the run.
import { randomBytes } from 'node:crypto'
import { afterAll, inject } from 'vitest'
import { startPostgres } from '../postgres.ts'
import type { TemporalForTests } from './global-setup.ts'

export interface TestDatabase {
  readonly url: string
  /** Removes it now; otherwise that happens after the file's last test. */
  drop(): Promise<void>
}

const open = new Set<TestDatabase>()

// Registered at import, hence before any hook of the test file, hence run after all of them (hooks run last in, first out).
afterAll(async () => {
  await Promise.all([...open].map((database) => database.drop()))
})

/** The administration of the run's server; nothing is started. */
const server = () => startPostgres({ dataDir: '', env: { DATABASE_URL: inject('postgresUrl') } })

/** A fresh, empty database, removed after the file's last test even while connections to it are open. */
export async function testDatabase(): Promise<TestDatabase> {
  const postgres = await server()
  const name = `test_${randomBytes(8).toString('hex')}`
  const database: TestDatabase = {
    url: await postgres.createDatabase(name),
    drop: async () => {
      if (open.delete(database)) await postgres.dropDatabase(name)
    },
  }
  open.add(database)
  return database
}

/**
 * The Temporal server of the run. It is shared by all test files: use task queues and workflow ids of your own.
 * @throws with every way that was tried when there is no server
 */
export function testTemporal(): TemporalForTests {
  const temporal = inject('temporal')
  if ('missing' in temporal) throw new Error(`no Temporal server for the tests: ${temporal.missing}`)
  return temporal
}
