// The whole demonstration on the real tape, as a user runs it, against the example in the README of the tape (computed
// independently of this code).
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseFen, sumFen } from '#domain/money'
import { testDatabase, testTemporal } from '#engines/testing/index'
import { runDemoProcess, type DemoEnd } from './testing/demo-process.ts'

type Flows = Record<'principal' | 'interest' | 'lateFee' | 'defaulted' | 'recovery', string>
interface FiguresFile {
  readonly window: readonly [string, string]
  readonly loans: number
  readonly poolFen: string
  readonly months: Record<string, Flows>
  readonly totals: Flows
  readonly cleanUpFen: string
  readonly paidIn: string
  readonly paidOut: Record<string, string>
  readonly calls: number
  readonly blocks: number
  readonly seconds: number
}

const MINUTE_MS = 60_000
const folder = mkdtempSync(join(tmpdir(), 'sluice-demo-'))
let end: DemoEnd
let figures: FiguresFile

beforeAll(async () => {
  const { address, namespace } = testTemporal()
  const engines = { DATABASE_URL: (await testDatabase()).url, TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace }
  const json = join(folder, 'figures.json')
  end = await runDemoProcess({ args: ['--json', json], home: join(folder, 'home'), engines })
  expect(end.code, `${end.stdout.slice(-2000)}\n${end.stderr.slice(-4000)}`).toBe(0)
  figures = JSON.parse(readFileSync(json, 'utf8')) as FiguresFile
}, 8 * MINUTE_MS)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

const sum = (fens: Iterable<string>): bigint => sumFen([...fens].map(parseFen))

test('the pool of the default window', () => {
  const { window, loans, poolFen } = figures
  expect({ window, loans, poolFen }).toEqual({ window: ['2010-07', '2010-12'], loans: 7258, poolFen: '6912035362' })
})

test('the first month and the life of the pool are those of the example', () => {
  expect(figures.months['2011-01']).toEqual({
    principal: '169050379',
    interest: '70461832',
    lateFee: '7515',
    defaulted: '440000',
    recovery: '0',
  })
  expect(figures.totals).toEqual({
    principal: '6213443048',
    interest: '1350857068',
    lateFee: '964818',
    defaulted: '698592171',
    recovery: '59478855',
  })
  expect(figures.cleanUpFen).toBe('143')
})

test('the months are consecutive and sum to the totals', () => {
  const months = Object.keys(figures.months)
  const [first] = months
  expect(first).toBe('2011-01')
  months.forEach((month, index) => {
    expect(month).toBe(`${2011 + Math.floor(index / 12)}-${String((index % 12) + 1).padStart(2, '0')}`)
  })
  for (const [column, total] of Object.entries(figures.totals) as [keyof Flows, string][]) {
    expect(`${column} ${sum(Object.values(figures.months).map((flows) => flows[column]))}`).toBe(`${column} ${total}`)
  }
})

test('what came in is what was collected and the clean-up; what went out is what came in', () => {
  const { principal, interest, lateFee, recovery } = figures.totals
  expect(parseFen(figures.paidIn)).toBe(sum([principal, interest, lateFee, recovery, figures.cleanUpFen]))
  expect(sum(Object.values(figures.paidOut))).toBe(parseFen(figures.paidIn))
  // Principal that neither came nor defaulted is what the clean-up bought.
  const { defaulted } = figures.totals
  expect(parseFen(figures.poolFen)).toBe(sum([principal, defaulted, figures.cleanUpFen]))
})

test('every party that is owed something is paid, holders of A in full', () => {
  expect(Object.keys(figures.paidOut)).toEqual([
    'central-depository',
    'chaoyang-credit',
    'evergreen-fund',
    'huaxia-securities',
    'jiangnan-bank',
    'pacific-asset',
    'xinyi-audit',
    'zhongheng-rating',
  ])
  // The senior investor holds three fifths of A's units: its principal alone is this much.
  const seniorPrincipal = ((((6_912_035_362n * 80n) / 100n / 10_000n) * 3n) / 5n) * 10_000n
  expect(parseFen(figures.paidOut['pacific-asset']!)).toBeGreaterThan(seniorPrincipal)
})

test('it tells the story: a line for each period, streams verified, the ledger verified apart', () => {
  const lines = end.stdout.split('\n')
  const periods = Object.keys(figures.months).length
  expect(lines.filter((line) => /^20\d\d-\d\d-\d\d /.test(line))).toHaveLength(periods)
  expect(end.stdout).toMatch(/regulator: \d+ events of \d+ topics received, .*every topic proven complete/)
  expect(end.stdout).toMatch(/investor: \d+ events of \d+ topics received, .*every topic proven complete/)
  expect(end.stdout).toMatch(/300000\.00 transferred: ar-1\.h5 is hetian-castings's, fen 60000001 to 90000000/)
  // None, as a rule; one that comes while a day is being closed is refused as behind, and made again.
  expect(end.stdout).toMatch(/ commands \(\d refused\), /)
  expect(lines.at(-2)).toBe(`${figures.calls} commands in ${figures.blocks} blocks, ${figures.seconds.toFixed(1)} s`)
  console.log(lines.at(-2))
})
