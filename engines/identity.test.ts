import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ended, identify, isRunning, ourselves, processesIn, signal, stopProcess } from '#engines/identity'

const sleeper = async (cwd = '/') => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { cwd, stdio: 'ignore' })
  await once(child, 'spawn')
  const who = identify(child.pid as number)
  if (!who) throw new Error('the child has no identity')
  return { child, who }
}

test('a process is itself, and not another that got its pid', async () => {
  expect(isRunning(ourselves())).toBe(true)
  expect(isRunning({ ...ourselves(), started: 'earlier' })).toBe(false)
  const { child, who } = await sleeper()
  expect(signal({ ...who, started: 'earlier' }, 'SIGKILL')).toBe(false)
  expect(isRunning(who)).toBe(true)
  child.kill('SIGKILL')
  await once(child, 'exit')
  expect(isRunning(who)).toBe(false)
  expect(await ended(who, 0)).toBe(true)
})

test.each([0, -1, 1.5, Number.NaN])('%s is nobody: kill(2) would take it for a group', (pid) => {
  expect(identify(pid)).toBeUndefined()
})

test('a process that does not listen to SIGTERM is stopped all the same', async () => {
  const code = "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); console.log('deaf')"
  const child = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'ignore'] })
  await once(child.stdout, 'data')
  const over = once(child, 'exit')
  await stopProcess(identify(child.pid as number) as NonNullable<ReturnType<typeof identify>>, 'SIGTERM', 200)
  expect(await over).toEqual([null, 'SIGKILL'])
})

test('processes are found by their working folder', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-cwd-'))
  const { child, who } = await sleeper(folder)
  expect(processesIn(folder)).toEqual(process.platform === 'linux' ? [who] : [])
  expect(processesIn(join(folder, 'missing'))).toEqual([])
  child.kill('SIGKILL')
  await once(child, 'exit')
  rmSync(folder, { recursive: true })
})
