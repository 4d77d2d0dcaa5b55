// The script behind every `npm run`, in a checkout of its own with an npm and a compiler that only pretend.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
// prettier-ignore
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'

const source = import.meta.dirname
let root: string
let scripts: string

/** Writes what the real npm writes last, and a compiler that leaves a word; the way it ends is up to the test. */
const NPM = (ending: string) => `#!/bin/sh
echo "npm $*" >> calls
rm -rf node_modules
mkdir -p node_modules/typescript/bin
${ending}
cp compiler.js node_modules/typescript/bin/tsc
echo {} > node_modules/.package-lock.json
`

function npmThat(ending: string) {
  writeFileSync(join(root, 'bin', 'npm'), NPM(ending))
  chmodSync(join(root, 'bin', 'npm'), 0o755)
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'sluice-run-'))
  scripts = join(root, 'scripts')
  mkdirSync(join(root, 'bin'))
  mkdirSync(scripts)
  for (const name of ['run.mjs', 'child.mjs', 'install.mjs', 'rooms.mjs'])
    cpSync(join(source, name), join(scripts, name))
  writeFileSync(join(scripts, 'build.mjs'), "import '../compiler.js'")
  writeFileSync(join(root, 'package-lock.json'), '{"first":true}')
  writeFileSync(join(root, 'compiler.js'), "console.log('compiled')")
  npmThat('')
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

interface Running {
  readonly child: ChildProcess
  readonly output: () => string
  readonly exit: Promise<[number | null, NodeJS.Signals | null]>
}

function start(...args: string[]): Running {
  const env = { ...process.env, PATH: `${join(root, 'bin')}:${process.env['PATH']}` }
  const child = spawn(process.execPath, [join(scripts, 'run.mjs'), ...args], { cwd: root, env, stdio: 'pipe' })
  let text = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()))
  return { child, output: () => text, exit: once(child, 'close') as Running['exit'] }
}

async function run(...args: string[]): Promise<{ code: number | null; output: string }> {
  const { exit, output } = start(...args)
  const [code] = await exit
  return { code, output: output() }
}

const calls = () =>
  existsSync(join(root, 'calls')) ? readFileSync(join(root, 'calls'), 'utf8').trim().split('\n') : []

async function until(what: () => boolean): Promise<void> {
  while (!what()) await new Promise((resolve) => setTimeout(resolve, 20))
}

test('the first run installs what is locked, the second finds it there', async () => {
  const first = await run('build')
  expect(first).toMatchObject({ code: 0 })
  expect(first.output).toMatch(/npm ci \(first run\)[^]*compiling to dist[^]*compiled/)
  expect(await run('build')).toMatchObject({ code: 0 })
  expect(calls()).toEqual(['npm ci --no-audit --no-fund --loglevel=error'])
})

test('another lock file installs again; the same one with a newer date does not', async () => {
  await run('build')
  const later = new Date(Date.now() + 3_600_000)
  utimesSync(join(root, 'package-lock.json'), later, later)
  expect((await run('build')).output).not.toContain('npm ci')
  writeFileSync(join(root, 'package-lock.json'), '{"second":true}')
  utimesSync(join(root, 'package-lock.json'), later, later)
  expect((await run('build')).output).toContain('npm ci (the lock file changed)')
  expect(calls()).toHaveLength(2)
})

test('an install that fails is said, nothing runs, and the next one begins anew', async () => {
  npmThat('exit 7')
  const failed = await run('build')
  expect(failed.code).toBe(7)
  expect(failed.output).toContain('npm ci failed (exit 7); nothing was run')
  npmThat('')
  const next = await run('build')
  expect(next.output).toContain('an earlier install was cut short')
  expect(next.code).toBe(0)
  expect(existsSync(join(root, '.sluice', 'installing'))).toBe(false)
})

test('an install cut short by kill -9, even after npm had written its last file, begins anew', async () => {
  npmThat('cp compiler.js node_modules/typescript/bin/tsc; echo {} > node_modules/.package-lock.json; exec sleep 60')
  const cut = start('build')
  await until(() => existsSync(join(root, 'node_modules', '.package-lock.json')))
  const npm = Number(readFileSync(join(root, '.sluice', 'installing'), 'utf8'))
  cut.child.kill('SIGKILL')
  process.kill(npm, 'SIGKILL')
  await cut.exit
  npmThat('')
  const next = await run('build')
  expect(next).toMatchObject({ code: 0 })
  expect(next.output).toContain('an earlier install was cut short')
  expect(calls()).toHaveLength(2)
})

test('two at once install once', async () => {
  npmThat('sleep 1')
  const one = start('build')
  await until(() => existsSync(join(root, '.sluice', 'installing')))
  const other = start('build')
  expect((await Promise.all([one.exit, other.exit])).map(([code]) => code)).toEqual([0, 0])
  expect(other.output()).toContain('another install is at work here')
  expect(calls()).toHaveLength(1)
})

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('%s reaches the task, which is waited for, and nothing follows it', async (signal, code) => {
  writeFileSync(
    join(root, 'compiler.js'),
    `process.on('${signal}', () => setTimeout(() => { console.log('put away'); process.exit(0) }, 200))
     setInterval(() => {}, 1000); console.log('at work')`,
  )
  const task = start('check')
  await until(() => task.output().includes('at work'))
  task.child.kill(signal)
  expect(await task.exit).toEqual([code, null])
  expect(task.output()).toContain('put away')
  expect(task.output()).not.toContain('lint')
})

test('a shell between npm and the script that ends without passing the signal on', async () => {
  const ending = "() => setTimeout(() => { require('fs').writeFileSync('away', ''); process.exit(0) }, 100)"
  writeFileSync(
    join(root, 'compiler.js'),
    `process.on('SIGTERM', ${ending}); setInterval(() => {}, 1000); require('fs').writeFileSync('at-work', '')`,
  )
  const env = { ...process.env, PATH: `${join(root, 'bin')}:${process.env['PATH']}`, npm_lifecycle_event: 'build' }
  const script = `"${process.execPath}" scripts/run.mjs build; exit $?` // two commands, so that the shell stays
  const shell = spawn('sh', ['-c', script], { cwd: root, env, stdio: 'ignore' })
  await until(() => existsSync(join(root, 'at-work')))
  shell.kill('SIGTERM')
  await once(shell, 'exit')
  await until(() => existsSync(join(root, 'away')))
  expect(existsSync(join(root, 'away'))).toBe(true)
})

test('the exit code of a task is the code of the run; an unknown task is named', async () => {
  writeFileSync(join(root, 'compiler.js'), 'process.exit(5)')
  expect((await run('build')).code).toBe(5)
  expect(await run('bild')).toMatchObject({ code: 2, output: expect.stringMatching(/no task bild; there are demo,/) })
  expect((await run()).code).toBe(2)
})
