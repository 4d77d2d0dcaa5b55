// Entry of every npm script: needs Node alone. Installs the locked dependencies when they are missing or older than the
// lock file, then runs the task. (No imports from node_modules here.)
import { spawnSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const bin = (name) => join(root, 'node_modules', '.bin', name)
const node = (...args) => ['node', ['--conditions=source', '--import', 'tsx', ...args]]
const sluice = (...args) => node('cli/main.ts', ...args)

const TASKS = {
  demo: (args) => [sluice('demo', ...args)],
  dev: (args) => [sluice('dev', ...args)],
  sluice: (args) => [sluice(...args)],
  conformance: (args) => [sluice('conformance', ...args)],
  bench: (args) => [node('bench/main.ts', ...args)],
  check: () => [
    [bin('tsc'), ['-p', 'tsconfig.json']],
    [bin('eslint'), ['.', '--cache', '--cache-location', 'node_modules/.cache/eslint/']],
    [
      bin('depcruise'),
      [
        'domain',
        'proof',
        'contracts',
        'ledger-adapter',
        'node',
        'services',
        'workflows',
        'reports',
        'client',
        'portal',
        'cli',
        'engines',
        '--config',
        '.dependency-cruiser.cjs',
        '--output-type',
        'err',
      ],
    ],
    [bin('prettier'), ['--check', '--log-level', 'warn', '.']],
  ],
  test: (args) => [[bin('vitest'), ['run', ...args]]],
  'test:unit': (args) => [[bin('vitest'), ['run', '--project', 'unit', ...args]]],
  build: () => [[bin('tsc'), ['-p', 'tsconfig.build.json']]],
}

/** `npm ci` when node_modules is missing or older than the lock file; says so, since it takes a minute. */
function install() {
  const lock = join(root, 'package-lock.json')
  const installed = join(root, 'node_modules', '.package-lock.json')
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return
  console.error('sluice: installing the locked dependencies (npm ci) …')
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'])
}

function run(command, args) {
  const { status, signal, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit' })
  if (error) {
    console.error(`sluice: cannot run ${command}: ${error.message}`)
    process.exit(1)
  }
  if (signal) process.kill(process.pid, signal)
  if (status !== 0) process.exit(status ?? 1)
}

const [task, ...args] = process.argv.slice(2)
if (!Object.hasOwn(TASKS, task ?? '')) {
  console.error(`sluice: unknown task ${task}; one of ${Object.keys(TASKS).join(', ')}`)
  process.exit(2)
}
install()
for (const [command, commandArgs] of TASKS[task](args)) run(command, commandArgs)
