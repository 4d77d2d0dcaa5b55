import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, Connection } from '@temporalio/client'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readClaim } from '#engines/claim'
import { ended, isRunning, type ProcessIdentity } from '#engines/identity'
import { removeFolder } from '#engines/sweep'
import { startTemporal } from '#engines/temporal'
import { testTemporal } from '#engines/testing/index'
import { hold } from '#engines/testing/holder'

let root: string
let dataDir: string

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'sluice-temporal-'))
  dataDir = join(root, 'temporal')
})
afterEach(() => removeFolder(root))

const start = (folder = dataDir) =>
  startTemporal({ dataDir: folder, env: { ...process.env, TEMPORAL_ADDRESS: '' }, say: () => undefined })

async function withClient<T>(address: string, run: (client: Client) => Promise<T>): Promise<T> {
  const connection = await Connection.connect({ address })
  try {
    return await run(new Client({ connection, namespace: 'default' }))
  } finally {
    await connection.close()
  }
}

/** A workflow that no worker takes up: it stays open, in the server's database. */
const open = (address: string, workflowId: string) =>
  withClient(address, (client) => client.workflow.start('waits', { workflowId, taskQueue: 'nobody', args: [] }))
const statusOf = (address: string, workflowId: string) =>
  withClient(address, async (client) => (await client.workflow.getHandle(workflowId).describe()).status.name)

function serverOf(folder = dataDir): ProcessIdentity {
  const found = readClaim(join(folder, 'claim.json'))
  if (found === undefined || found === 'broken') throw new Error(`no claim in ${folder}`)
  return found.children.at(-1)?.process as ProcessIdentity
}

test('a second start finds the workflows of the first', async () => {
  const first = await start()
  await open(first.address, 'kept')
  await first.stop()
  const second = await start()
  expect(await statusOf(second.address, 'kept')).toBe('RUNNING')
  await second.stop()
})

test('after kill -9 of the server the next start recovers', async () => {
  const engine = await start()
  await open(engine.address, 'kept')
  process.kill(serverOf().pid, 'SIGKILL')
  await engine.ended
  await engine.stop()
  const again = await start()
  expect(await statusOf(again.address, 'kept')).toBe('RUNNING')
  await again.stop()
})

test('after kill -9 of the process that started it, the next start stops the orphan and recovers', async () => {
  const holder = await hold('temporal', dataDir)
  await open(holder.started, 'kept')
  const orphan = serverOf()
  holder.child.kill('SIGKILL')
  await holder.exited
  expect(isRunning(orphan)).toBe(true)
  const engine = await start()
  expect(isRunning(orphan)).toBe(false)
  expect(await statusOf(engine.address, 'kept')).toBe('RUNNING')
  await engine.stop()
})

test('the server ends with its process on Ctrl-C', async () => {
  const holder = await hold('temporal', dataDir)
  const server = serverOf()
  holder.child.kill('SIGINT')
  expect(await holder.exited).toEqual({ code: 130, signal: null })
  expect(await ended(server, 1)).toBe(true)
})

test('two folders side by side', async () => {
  const [one, other] = await Promise.all([start(), start(join(root, 'other'))])
  await Promise.all([open(one.address, 'one'), open(other.address, 'other')])
  expect(await statusOf(one.address, 'one')).toBe('RUNNING')
  await expect(statusOf(one.address, 'other')).rejects.toThrow(/not found/)
  await Promise.all([one.stop(), other.stop()])
})

test('TEMPORAL_ADDRESS: nothing is started', async () => {
  const { address } = testTemporal()
  const engine = await startTemporal({ dataDir, env: { TEMPORAL_ADDRESS: address } })
  expect(engine).toMatchObject({ address, namespace: 'default' })
  expect(readClaim(join(dataDir, 'claim.json'))).toBeUndefined()
  await engine.stop()
  expect(await withClient(address, (client) => client.workflow.count())).toBeDefined()
})

test('a TEMPORAL_ADDRESS where nobody answers, or without the namespace, is named', async () => {
  const dead = startTemporal({ dataDir, env: { TEMPORAL_ADDRESS: '127.0.0.1:1' }, say: () => undefined })
  await expect(dead).rejects.toThrow(/Temporal at 127\.0\.0\.1:1 does not answer for the namespace default/)
  const { address } = testTemporal()
  const env = { TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: 'nowhere' }
  await expect(startTemporal({ dataDir, env, say: () => undefined })).rejects.toThrow(/namespace nowhere/)
})
