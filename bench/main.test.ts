import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { program } from '#engines/program'

test('without a name, or with one that is none, the measurements there are get named', () => {
  const bench = (...args: string[]) =>
    spawnSync(process.execPath, [program('bench/main.ts'), ...args], { encoding: 'utf8' })
  expect(bench()).toMatchObject({ status: 2, stderr: 'bench: no name; one or more of engine, ingest, ledger\n' })
  expect(bench('nope')).toMatchObject({ status: 2, stderr: 'bench: nope; one or more of engine, ingest, ledger\n' })
})
