import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { claim, ClaimHeldError, readClaim } from '#engines/claim'
import { identify, isRunning, ourselves } from '#engines/identity'
import { checkout } from '#engines/paths'
import { program } from '#engines/program'
import { sweep } from '#engines/sweep'

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-claim-'))
  path = join(folder, 'claim.json')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const nobody = { pid: process.pid, started: 'before the last restart' }
const stale = (children: unknown[] = []) =>
  writeFileSync(path, JSON.stringify({ owner: nobody, purpose: 'gone', children }))

async function sleeper() {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' })
  await once(child, 'spawn')
  return { child, who: identify(child.pid as number) as NonNullable<ReturnType<typeof identify>> }
}

test('a claim is held until it is released, and leaves nothing behind', async () => {
  const held = await claim(path, 'testing')
  await expect(claim(path, 'more testing')).rejects.toThrow(ClaimHeldError)
  held.release()
  expect(readdirSync(folder)).toEqual([])
  const again = await claim(path, 'testing')
  again.release()
})

test('a claim held by another process names it and what it does', async () => {
  const { child, who } = await sleeper()
  writeFileSync(path, JSON.stringify({ owner: who, purpose: 'the demonstration', children: [] }))
  await expect(claim(path, 'testing')).rejects.toThrow(
    `${folder} is in use by process ${who.pid} (the demonstration); stop it first, or use another folder`,
  )
  child.kill('SIGKILL')
  await once(child, 'exit')
  const held = await claim(path, 'testing')
  expect(readClaim(path)).toMatchObject({ owner: ourselves(), purpose: 'testing' })
  held.release()
})

test('taking over a stale claim stops the children it names, and nobody who merely has their pid', async () => {
  const [mine, strangers] = [await sleeper(), await sleeper()]
  const over = once(mine.child, 'exit')
  stale([
    { name: 'left', process: mine.who, stopSignal: 'SIGTERM' },
    { name: 'ended', process: { ...strangers.who, started: 'earlier' }, stopSignal: 'SIGTERM' },
  ])
  const held = await claim(path, 'testing')
  expect(await over).toEqual([null, 'SIGTERM'])
  expect(isRunning(strangers.who)).toBe(true)
  strangers.child.kill('SIGKILL')
  held.release()
})

test.each(['', '{"owner":', '{}', 'null', '[1]'])('a claim file cut short (%j) is taken over', async (text) => {
  writeFileSync(path, text)
  const held = await claim(path, 'testing')
  expect(readClaim(path)).toMatchObject({ owner: ourselves() })
  held.release()
})

test('a taking over that was itself cut short does not block for ever', async () => {
  stale()
  const taking = `${path}.taking`
  writeFileSync(taking, '')
  utimesSync(taking, new Date(0), new Date(0))
  const held = await claim(path, 'testing')
  held.release()
  expect(readdirSync(folder)).toEqual([])
})

test('many processes after one stale claim hold it one at a time', async () => {
  stale()
  writeFileSync(join(folder, 'count'), '0')
  const [processes, times] = [4, 6]
  const args = [program('engines/testing/contend.ts'), folder, String(times)]
  const ends = Array.from({ length: processes }, async () => {
    const child = spawn(process.execPath, args, { cwd: checkout, stdio: ['ignore', 'inherit', 'inherit'] })
    return ((await once(child, 'exit')) as [number | null])[0]
  })
  expect(await Promise.all(ends)).toEqual(Array<number>(processes).fill(0))
  expect(readFileSync(join(folder, 'count'), 'utf8')).toBe(String(processes * times))
})

test('sweeping removes the folders whose owners are gone, and only those', async () => {
  const make = (run: string, owner: unknown) => {
    mkdirSync(join(folder, run, 'postgres'), { recursive: true })
    if (owner === undefined) return
    const record = { owner, purpose: 'a test', children: [] }
    writeFileSync(join(folder, run, 'postgres', 'claim.json'), JSON.stringify(record))
  }
  make('gone', nobody)
  make('living', ourselves())
  make('beginning', undefined)
  const said: string[] = []
  await sweep(folder, (line) => void said.push(line))
  expect(readdirSync(folder).sort()).toEqual(['beginning', 'living'])
  expect(said).toEqual([`removing ${join(folder, 'gone')}, left behind by an earlier run`])
  await sweep(join(folder, 'missing'), () => undefined)
})
