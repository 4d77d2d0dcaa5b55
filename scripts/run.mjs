// Entry of every npm script: needs Node alone. Installs the locked dependencies when they are missing or older than the
// lock file, then runs the task. (No imports from node_modules here.)
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { install } from './install.mjs'
import { forwardSignals, run, say } from './child.mjs'
import { ROOMS } from './rooms.mjs'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')

const bin = (name, ...args) => [process.execPath, [join(root, 'node_modules', ...BIN[name]), ...args]]
/** The programs by their files: no shell and no wrapper stands between this process and them. */
const BIN = {
  tsc: ['typescript', 'bin', 'tsc'],
  eslint: ['eslint', 'bin', 'eslint.js'],
  depcruise: ['dependency-cruiser', 'bin', 'dependency-cruise.mjs'],
  prettier: ['prettier', 'bin', 'prettier.cjs'],
  vitest: ['vitest', 'vitest.mjs'],
}
/**
 * A ledger under load keeps what is in flight for tenths of a second: in a young generation of V8's own size it is copied
 * again and again, which was a quarter of the time of a call.
 */
const MEMORY = '--max-semi-space-size=64'
const COMPILE = [process.execPath, [join(root, 'scripts', 'build.mjs')]]
/** A program from dist/, compiled anew: that takes half a second and writes only what has changed. */
const compiled = (path, ...args) => [
  [undefined, COMPILE],
  [undefined, [process.execPath, [MEMORY, join(root, 'dist', path), ...args]]],
]
const sluice = (...args) => compiled('cli/main.js', ...args)

/** Each task is steps of [what is said before, [command, arguments]]. */
const TASKS = {
  demo: (args) => sluice('demo', ...args),
  dev: (args) => sluice('dev', ...args),
  sluice: (args) => sluice(...args),
  conformance: (args) => sluice('conformance', ...args),
  bench: (args) => compiled('bench/main.js', ...args),
  check: () => [
    ['types', bin('tsc', '-p', 'tsconfig.json')],
    ['lint', bin('eslint', '.', '--cache', '--cache-location', 'node_modules/.cache/eslint/')],
    ['rooms', bin('depcruise', ...ROOMS, '--config', '.dependency-cruiser.cjs', '--output-type', 'err')],
    ['format', bin('prettier', '--check', '--log-level', 'warn', '.')],
  ],
  build: () => [['compiling to dist/', COMPILE]],
}

/** Runs the steps in order, up to the first that fails. */
async function steps(list) {
  for (const [what, [command, args]] of list) {
    if (what) say(what)
    const code = await run(command, args, { cwd: root })
    if (code !== 0) return code
  }
  if (list.every(([what]) => what) && list.length > 1) say('all is well')
  return 0
}

/**
 * The projects of tests one after another, all of them even when one fails, and the sum of their counts in one line at
 * the end. Arguments go to vitest (`npm test -- domain/money`), so a project may have no test to run; all together may not.
 */
async function tests(projects, args) {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-tests-'))
  const counts = join(folder, 'counts')
  // A reporter asked for replaces those of the configuration, ours among them.
  const ours = args.some((arg) => arg.startsWith('--reporter'))
    ? ['--reporter=./engines/testing/summary-reporter.ts']
    : []
  let worst = 0
  try {
    for (const [project, what] of projects) {
      say(what)
      const [command, vitest] = bin('vitest', 'run', '--project', project, '--passWithNoTests', ...ours, ...args)
      const code = await run(command, vitest, { cwd: root, env: { ...process.env, SLUICE_TEST_COUNTS: counts } })
      worst = Math.max(worst, code)
    }
    const sum = sumOf(counts)
    if (sum.passed + sum.failed + sum.skipped === 0) {
      say('no test ran')
      worst = Math.max(worst, 1)
    }
    // A run that ended badly without counting a failure (it was killed, a server did not start) is one failure.
    if (worst !== 0 && sum.failed === 0) sum.failed = 1
    const skipped = sum.skipped > 0 ? `, ${sum.skipped} skipped` : ''
    console.log(`\n${sum.passed} passed, ${sum.failed} failed${skipped}`)
    return worst
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function sumOf(file) {
  const sum = { passed: 0, failed: 0, skipped: 0 }
  let text = ''
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if (error.code !== 'ENOENT') throw error // no run came so far as to count
  }
  for (const line of text.split('\n').filter(Boolean)) {
    for (const [name, count] of Object.entries(JSON.parse(line))) sum[name] += count
  }
  return sum
}

const UNIT = ['unit', 'tests that need nothing (project unit)']
const given = (name) => (process.env[name] ? `by ${name}` : 'started for the run')
const ENGINES = [
  'engines',
  `tests on real servers (project engines): Postgres ${given('DATABASE_URL')}, Temporal ${given('TEMPORAL_ADDRESS')}`,
]
const TESTS = { test: [UNIT, ENGINES], 'test:unit': [UNIT] }

const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 20 || (major === 20 && minor < 12)) {
  say(`Node 20.12 or newer is needed; this is ${process.version}`)
  process.exit(1)
}
const [task = '', ...args] = process.argv.slice(2)
const isTest = Object.hasOwn(TESTS, task)
if (!isTest && !Object.hasOwn(TASKS, task)) {
  say(
    `there is no task ${task || '(none given)'}; there are ${[...Object.keys(TASKS), ...Object.keys(TESTS)].join(', ')}`,
  )
  process.exit(2)
}
forwardSignals()
const installed = await install(root)
process.exitCode = installed !== 0 ? installed : await (isTest ? tests(TESTS[task], args) : steps(TASKS[task](args)))
