// The demonstration on the small tape, once embedded and once on four validators: the same figures, to the fen.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { testDatabase, testTemporal } from '#engines/testing/index'
import { describeNetwork } from '../network/testing/cometbft.ts'
import { lastingFigures, REAL_TAPE, runDemoProcess, type DemoEnd } from './testing/demo-process.ts'
import { csvOf, smallTape } from './testing/small-tape.ts'

const MINUTE_MS = 60_000

describeNetwork('sluice demo --ledger cometbft', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-demo-'))
  const json = (ledger: string): string => join(folder, `${ledger}.json`)
  const ends = new Map<string, DemoEnd>()

  beforeAll(async () => {
    const tape = join(folder, 'small.csv')
    writeFileSync(tape, csvOf(await smallTape(REAL_TAPE)))
    const { address, namespace } = testTemporal()
    for (const ledger of ['embedded', 'cometbft']) {
      const engines = { DATABASE_URL: (await testDatabase()).url, TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace } // prettier-ignore
      const args = ['--tape', tape, '--ledger', ledger, '--json', json(ledger)]
      const end = await runDemoProcess({ args, home: join(folder, ledger), engines })
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
})
