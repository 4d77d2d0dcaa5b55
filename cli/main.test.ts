import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { COMMANDS } from '#cli/commands/index'
import { CommandFailure, exitCodeOf, explain } from '#cli/failure'
import { checkout } from '#engines/paths'
import { program } from '#engines/program'

const sluice = (args: string[], env: NodeJS.ProcessEnv = {}) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program('cli/main.ts'), ...args], {
    cwd: checkout,
    encoding: 'utf8',
    env: { ...process.env, DATABASE_URL: '', TEMPORAL_ADDRESS: '', ...env },
  })
  return { status, stdout, stderr }
}

test('the help lists every command, without loading any', () => {
  const { status, stdout } = sluice(['--help'])
  expect(status).toBe(0)
  for (const { name, summary } of COMMANDS) {
    expect(stdout).toContain(`\n  ${name} `)
    expect(stdout).toContain(summary.slice(0, 12))
  }
})

test.each([
  [['nope'], /unknown command 'nope'/],
  [['engines', 'nope'], /unknown command 'nope'/],
  [['--nope'], /unknown option '--nope'/],
])('a wrong command line %j exits 2 and says what is wrong', (args, message) => {
  const { status, stderr } = sluice(args)
  expect(status).toBe(2)
  expect(stderr).toMatch(message)
  expect(stderr).not.toMatch(/\n\s+at /)
})

test('the doctor says how each engine would be found, and fails where one cannot be', () => {
  const given = sluice(['engines', 'doctor'], {
    DATABASE_URL: 'postgres://me:secret@db.example:5433/x',
    TEMPORAL_ADDRESS: 'temporal.example:7233',
  })
  expect(given.status).toBe(0)
  expect(given.stdout).toMatch(/^ok\s+Postgres\s+db\.example:5433 \(DATABASE_URL\)$/m)
  expect(given.stdout).toMatch(/^ok\s+Temporal\s+temporal\.example:7233 \(TEMPORAL_ADDRESS\)$/m)
  expect(given.stdout).not.toContain('secret')

  const named = sluice(['engines', 'doctor'], { SLUICE_TEMPORAL: '/nowhere/temporal' })
  expect(named.status).toBe(1)
  expect(named.stdout).toMatch(/^MISSING\s+Temporal\s+\/nowhere\/temporal does not work: .*ENOENT/m)
  expect(named.stderr).toMatch(/^sluice: no way to Temporal on this machine$/m)
  expect(named.stderr).not.toMatch(/\n\s+at /)
  expect(sluice(['engines', 'doctor'], { SLUICE_TEMPORAL: '/nowhere/temporal', SLUICE_DEBUG: '1' }).stderr).toMatch(
    /\n\s+at /,
  )
})

test('a failure is told with its causes, none twice', () => {
  const cause = new Error('connection refused')
  expect(explain(new Error('no ledger', { cause }), undefined)).toBe('sluice: no ledger\n  because: connection refused')
  expect(explain(new Error('no ledger: connection refused', { cause }), undefined)).toBe(
    'sluice: no ledger: connection refused',
  )
  const many = new AggregateError([new Error('one'), 'two'], 'stopping failed')
  expect(explain(many, '')).toBe('sluice: stopping failed\n  because: one\n  because: two')
  expect(explain('just text', undefined)).toBe('sluice: just text')
  expect(explain(cause, '1')).toContain('main.test.ts')
})

test('exit codes', () => {
  expect(exitCodeOf(new Error('x'))).toBe(1)
  expect(exitCodeOf(new CommandFailure('x', 4))).toBe(4)
})

// It once failed for the lost reader, could not say so, failed for that, and so on until the memory was full.
test.each([['stdout'], ['stdout', 'stderr']] as const)(
  'who has lost the reader of %s ends, as by SIGPIPE',
  async (...lost) => {
    const child = spawn(process.execPath, [program('cli/main.ts'), 'engines', 'doctor'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const ended = once(child, 'exit')
    for (const name of lost) child[name].destroy()
    let said = ''
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
    expect(await ended).toEqual([141, null])
    expect(said).toBe('')
  },
)
