// Killing the demonstration at random points and taking it up again: the same figures, nothing paid twice.
// SEED=n repeats the draw of one run of the tests; KILLED_RUNS=n draws more of them (default 6).
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { testDatabase, testTemporal } from '#engines/testing/index'
import { removeFolder } from '#engines/sweep'
import { lastingFigures, REAL_TAPE, runDemoProcess, type DemoEnd, type DemoRun } from './testing/demo-process.ts'
import { csvOf, smallTape } from './testing/small-tape.ts'

const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000)
const runs = Number(process.env['KILLED_RUNS'] ?? 6)
/** The n-th run is killed this often, in turns; the last also loses its engines. */
const PLAN = [
  { kills: 1, enginesToo: false },
  { kills: 1, enginesToo: false },
  { kills: 2, enginesToo: false },
  { kills: 1, enginesToo: true },
  { kills: 1, enginesToo: false },
  { kills: 2, enginesToo: false },
]
const MOST_KILLS = 2
const MINUTE_MS = 60_000

/** When to kill, as parts of the reference run's whole duration, in thousandths; not biased to the ends. */
const draws = fc.sample(fc.array(fc.noBias(fc.nat(999)), { minLength: MOST_KILLS, maxLength: MOST_KILLS }), {
  seed,
  numRuns: runs,
})

const root = mkdtempSync(join(tmpdir(), 'sluice-kill-'))
const tape = join(root, 'small.csv')
let engines: NonNullable<DemoRun['engines']>
let reference: { figures: unknown; ms: number }
let killed = 0

const report = ({ code, signal, stdout, stderr }: DemoEnd): string =>
  `ended with ${signal ?? code}\n${stdout.slice(-2000)}\n${stderr.slice(-4000)}`

beforeAll(async () => {
  writeFileSync(tape, csvOf(await smallTape(REAL_TAPE)))
  const { address, namespace } = testTemporal()
  engines = { DATABASE_URL: (await testDatabase()).url, TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace }
  const json = join(root, 'reference.json')
  const home = join(root, 'reference')
  const end = await runDemoProcess({ args: ['--tape', tape, '--json', json], home, engines })
  expect(end.code, report(end)).toBe(0)
  reference = { figures: lastingFigures(json), ms: end.ms }
  console.log(`SEED=${seed}; uninterrupted: ${(end.ms / 1000).toFixed(1)} s`)
}, 4 * MINUTE_MS)

afterAll(() => rmSync(root, { recursive: true, force: true }))

test.each(draws.map((parts, index) => ({ run: index + 1, parts, ...PLAN[index % PLAN.length]! })))(
  'run $run: killed $kills time(s), engines too: $enginesToo, then finished with the same figures',
  async ({ run, parts, kills, enginesToo }) => {
    const home = join(root, `run-${run}`)
    const json = join(home, 'figures.json')
    const common = { args: ['--tape', tape, '--json', json], home, ...(enginesToo ? {} : { engines }) }
    const told: string[] = []
    try {
      let end: DemoEnd | undefined
      for (let n = 0; n <= kills; n += 1) {
        const afterMs = Math.round((reference.ms * (parts[n] ?? 0)) / 1000)
        end = await runDemoProcess({ ...common, ...(n < kills ? { kill: { afterMs, enginesToo } } : {}) })
        told.push(end.signal === null ? `ended by itself after ${end.ms} ms` : `killed after ${end.ms} ms`)
        if (end.signal !== null) killed += 1
        else break // done, or failed: the draw was longer than what was left to do
      }
      console.log(`SEED=${seed} run ${run}${enginesToo ? ' with its engines' : ''}: ${told.join(', ')}`)
      expect(end!.code, report(end!)).toBe(0)
      expect(lastingFigures(json)).toEqual(reference.figures)
    } finally {
      if (enginesToo) await removeFolder(join(home, 'demo'))
    }
  },
  5 * MINUTE_MS,
)

// Were the reference's time far too long, every run would end before its kill, and all of the above would pass. How
// many hit depends on the machine's load, so no more than that is asserted.
test('kills hit a running demonstration', () => {
  expect(killed).toBeGreaterThan(0)
})
