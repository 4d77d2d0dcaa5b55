// A node whose ledger cannot go on: its process ends and says why, nobody calls it well, and both of its processes are
// started again until they can.
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import pg from 'pg'
import { isoDate } from '#domain/date'
import { checkout } from '#engines/paths'
import { program } from '#engines/program'
import { startPostgres } from '#engines/postgres'
import { sleep } from '#engines/say'
import { encodeBundle } from '#ledger-adapter/cometbft/bundle'
import { CometbftRpc } from '#ledger-adapter/cometbft/rpc'
import { openKeyring } from '#node/keys/keyring'
import { buildCommand } from '#node/keys/signer'
import { createNetwork } from './create.ts'
import { keysFolder, nodeFolder, passphraseFile } from './manifest.ts'
import { openNetwork, type NetworkProcesses } from './run.ts'
import { isHealthy, networkStatus } from './status.ts'
import { describeNetwork } from './testing/cometbft.ts'
import { TEST_MEMBERS } from './testing/test-network.ts'

describeNetwork('a node whose ledger cannot go on', () => {
  const home = join(mkdtempSync(join(tmpdir(), 'sluice-failing-')), 'network')
  const said: string[] = []
  let network: NetworkProcesses
  let database: pg.Client
  let postgres: Awaited<ReturnType<typeof startPostgres>>

  beforeAll(async () => {
    postgres = await startPostgres({ dataDir: '', env: { DATABASE_URL: inject('postgresUrl') } })
    const founding = { members: TEST_MEMBERS, clock: 'test', startDate: isoDate('2026-01-05'), bundle: null } as const
    await createNetwork({ home, name: 'Failing', validators: 1, ...founding })
    network = await openNetwork({
      home,
      postgres,
      say: (text) => said.push(text),
      commandOf: ({ name }, databaseUrl) => ({
        command: process.execPath,
        args: [program('cli/main.ts'), ...['network', 'node', '--home', home, '--node', name, '--ledger-only']],
        cwd: checkout,
        env: { ...process.env, DATABASE_URL: databaseUrl },
      }),
    })
    await network.start()
    database = new pg.Client({ connectionString: await network.databaseUrl('north') })
    await database.connect()
  })
  afterAll(async () => {
    await network.stop()
    await database.end()
    await postgres.dropDatabase(new URL(await network.databaseUrl('north')).pathname.slice(1))
    rmSync(join(home, '..'), { recursive: true, force: true })
  })

  const isWell = async (): Promise<boolean> =>
    (await networkStatus(network.manifest)).every((each) => isHealthy(each, 1))
  const until = async (what: string, isSo: () => Promise<boolean> | boolean): Promise<void> => {
    for (const end = Date.now() + 90_000; !(await isSo()); await sleep(100))
      if (Date.now() > end) throw new Error(`not ${what} within the bound:\n${said.join('\n')}`)
  }
  /** By CometBFT itself: the node's process, which would answer, ends meanwhile. */
  const roll = async (date: string): Promise<void> => {
    const passphrase = (await readFile(passphraseFile(home, 'north'), 'utf8')).trim()
    const signer = (await openKeyring(keysFolder(home, 'north'), 'north', passphrase)).signerFor('service:calendar')
    const { chainId } = network.manifest
    const command = buildCommand({ chainId, contract: 'calendar', method: 'roll', args: { date }, commandId: `roll-${date}`, as: signer, issuedAt: Date.now(), lifetimeMs: 20 * 60_000 }) // prettier-ignore
    const rpc = new CometbftRpc(network.node('north').rpc)
    expect(await rpc.broadcast(encodeBundle([await signer.sign(command)]))).toMatchObject({ state: 'inFlight' })
  }
  const blocks = async (): Promise<number> =>
    Number((await database.query<{ n: string }>('SELECT max(height) AS n FROM sluice_ledger.block')).rows[0]!.n)

  test('meets its CometBFT where nobody else does', () => {
    const { mode } = statSync(network.node('north').socket)
    expect(mode & 0o170777).toBe(0o140600)
    expect(statSync(home).mode & 0o777).toBe(0o700)
  })

  test('ends, is not called well, and goes on with nothing lost when it can', async () => {
    await until('well', isWell)
    await roll('2026-01-06')
    await until('at the first block', async () => (await blocks()) > 0)
    const before = await blocks()
    const { application, comet } = network.node('north')
    await database.query(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'refused by the test'; END $$`) // prettier-ignore
    await database.query('CREATE TRIGGER refuse BEFORE INSERT ON sluice_ledger.block FOR EACH ROW EXECUTE FUNCTION refuse()') // prettier-ignore
    await roll('2026-01-07')
    expect(await application!.exited).toEqual({ code: 1, signal: null })
    await comet!.exited
    expect(readFileSync(join(nodeFolder(home, 'north'), 'node.log'), 'utf8')).toContain('sluice: the ledger cannot go on: refused by the test') // prettier-ignore
    expect(await isWell()).toBe(false)
    // Started again it meets the same block, and the same refusal.
    await until('ended again', () => said.filter((text) => text.includes('has ended')).length >= 2)
    expect(await blocks()).toBe(before)
    await database.query('DROP TRIGGER refuse ON sluice_ledger.block')
    await until('well again', isWell)
    expect(await blocks()).toBeGreaterThan(before)
    expect(network.node('north').application).not.toBe(application)
    expect(network.node('north').comet).not.toBe(comet)
  })
})
