// The demonstration on the small tape, once embedded and once on four validators: the same figures, to the fen.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { readClaim } from '#engines/claim'
import { isRunning } from '#engines/identity'
import { sleep } from '#engines/say'
import { testDatabase, testTemporal } from '#engines/testing/index'
import { describeNetwork } from '../network/testing/cometbft.ts'
import { readRecord, type RunRecord } from './run-record.ts'
import { lastingFigures, REAL_TAPE, runDemoProcess, type DemoEnd } from './testing/demo-process.ts'
import { csvOf, smallTape } from './testing/small-tape.ts'

const MINUTE_MS = 60_000

describeNetwork('sluice demo --ledger cometbft', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-demo-'))
  const json = (ledger: string): string => join(folder, `${ledger}.json`)
  const ends = new Map<string, DemoEnd>()
  let run: (ledger: string, home: string, ...more: string[]) => Promise<DemoEnd>

  beforeAll(async () => {
    const tape = join(folder, 'small.csv')
    writeFileSync(tape, csvOf(await smallTape(REAL_TAPE)))
    const { address, namespace } = testTemporal()
    const engines = { DATABASE_URL: (await testDatabase()).url, TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace } // prettier-ignore
    run = (ledger, home, ...more) => runDemoProcess({ args: ['--tape', tape, '--ledger', ledger, ...more], home: join(folder, home), engines }) // prettier-ignore
    for (const ledger of ['embedded', 'cometbft']) {
      const end = await run(ledger, ledger, '--json', json(ledger))
      expect(end.code, `${end.stdout.slice(-2000)}\n${end.stderr.slice(-4000)}`).toBe(0)
      ends.set(ledger, end)
    }
  }, 15 * MINUTE_MS)

  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test('the figures are those of the embedded ledger', () => {
    expect(lastingFigures(json('cometbft'))).toEqual(lastingFigures(json('embedded')))
    const { loans } = JSON.parse(readFileSync(json('cometbft'), 'utf8')) as { loans: number }
    expect(loans).toBeGreaterThan(100)
  })

  test('four validators ran, and streams and export were verified by their votes', () => {
    const { stdout, stderr } = ends.get('cometbft')!
    for (const name of ['huaxia-securities', 'jiangnan-bank', 'beihai-bank'])
      expect(stderr).toMatch(new RegExp(`${name} +a process of its own, CometBFT http`))
    expect(stdout).toMatch(/regulator: \d+ events of \d+ topics received, .*every topic proven complete/)
  })

  test(
    'a ledger that cannot go on ends it, wherever it stands, and leaves nothing running',
    async () => {
      const ending = run('cometbft', 'failing')
      const home = join(folder, 'failing', 'demo-cometbft')
      let record: RunRecord | undefined
      while (!record) await sleep(100).then(async () => (record = await readRecord(home)))
      const url = new URL(inject('postgresUrl'))
      url.pathname = record.run.replaceAll('-', '_')
      const database = await firstBlock(url.href)
      await database.query(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'refused by the test'; END $$`) // prettier-ignore
      await database.query('CREATE TRIGGER refuse BEFORE INSERT ON sluice_ledger.block FOR EACH ROW EXECUTE FUNCTION refuse()') // prettier-ignore
      await database.end()
      const { code, stderr } = await ending
      expect(code, stderr.slice(-4000)).toBe(1)
      expect(stderr).toContain('sluice: the ledger cannot go on: refused by the test')
      const claimed = readClaim(join(home, record.run, 'network', 'claim.json'))
      const children = claimed === undefined || claimed === 'broken' ? [] : claimed.children
      expect(children.filter((child) => isRunning(child.process))).toEqual([])
    },
    5 * MINUTE_MS,
  )
})

/** A session with the database of a ledger that has begun. */
async function firstBlock(connectionString: string): Promise<pg.Client> {
  for (;;) {
    const client = new pg.Client({ connectionString })
    client.on('error', () => undefined) // the database is removed at the end
    try {
      await client.connect()
      const { rowCount } = await client.query('SELECT FROM sluice_ledger.block WHERE height > 0')
      if (rowCount! > 0) return client
    } catch {
      // There is no database yet, or no table in it.
    }
    await client.end().catch(() => undefined)
    await sleep(100)
  }
}
