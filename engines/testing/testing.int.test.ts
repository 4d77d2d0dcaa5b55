import postgres from 'postgres'
import { expect, test } from 'vitest'
import { Connection } from '@temporalio/client'
import { testDatabase, testTemporal } from '#engines/testing/index'

const countTables = async (url: string) => {
  const sql = postgres(url, { max: 1 })
  try {
    return await sql`select tablename from pg_tables where schemaname = 'public'`
  } finally {
    await sql.end()
  }
}

test('two databases of one run know nothing of each other', async () => {
  const [one, other] = [await testDatabase(), await testDatabase()]
  const sql = postgres(one.url, { max: 1 })
  await sql`create table only_here (id bigint primary key)`
  await sql.end()
  expect(await countTables(one.url)).toMatchObject([{ tablename: 'only_here' }])
  expect(await countTables(other.url)).toEqual([])
})

test('a dropped database is gone, even with a client in it', async () => {
  const database = await testDatabase()
  const sql = postgres(database.url, { max: 1, onnotice: () => undefined })
  await sql`select 1`
  await database.drop()
  await database.drop()
  await expect(countTables(database.url)).rejects.toThrow(/does not exist/)
  await sql.end({ timeout: 0 })
})

test('Temporal answers for its namespace', async () => {
  const { address, namespace } = testTemporal()
  const connection = await Connection.connect({ address })
  const { namespaceInfo } = await connection.workflowService.describeNamespace({ namespace })
  expect(namespaceInfo?.name).toBe(namespace)
  await connection.close()
})
