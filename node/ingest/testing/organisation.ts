// Organisations with a tape each, for tests: a database and a folder of their own.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll } from 'vitest'
import { CUT_OFF, DEAL } from '#contracts/deal/testing/plan'
import { program } from '#engines/program'
import { testDatabase } from '#engines/testing/index'
import { generatePool, generateUpdates } from '../generate.ts'
import type { Ingested } from '../ingest.ts'
import { TapeStore } from '../store.ts'

export const POOL = { seed: '7', receivables: 4000, poolFen: 400_000_000n, cutOff: CUT_OFF }
/** What is bought later: 300 more. */
export const BOUGHT = { ...POOL, first: POOL.receivables, receivables: 300, poolFen: 30_000_000n }
export const texts = (rows: Iterable<string>): string => [...rows].join('')
export const pool = texts(generatePool(POOL))
export const day = (n: number): string => texts(generateUpdates({ ...POOL, day: n }))

export interface TestOrganisation {
  readonly store: TapeStore
  readonly url: string
  readonly folder: string
  readonly deal: string
}

/** A folder for a test file's own files and organisations; gone after its last test. */
export function tapesForTests() {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-ingest-'))
  const opened: TapeStore[] = []
  afterAll(async () => {
    await Promise.all(opened.map((store) => store.close()))
    rmSync(folder, { recursive: true, force: true })
  })
  return {
    folder,
    async organisation(name: string): Promise<TestOrganisation> {
      const { url } = await testDatabase()
      const store = await TapeStore.open(url)
      opened.push(store)
      return { store, url, folder: join(folder, name), deal: DEAL }
    },
    async file(name: string, text: string | Buffer): Promise<string> {
      await writeFile(join(folder, name), text)
      return join(folder, name)
    },
  }
}

/**
 * Runs a program of this folder until it has said so many lines and some milliseconds more have passed, then kills it.
 * @returns its answer (`done` of its last line) if it was quicker
 */
export async function runUntil<T = Ingested>(
  name: string,
  argument: object,
  lines: number,
  moreMs: number,
): Promise<T | undefined> {
  const path = program(`node/ingest/testing/${name}`)
  const child = spawn(process.execPath, [path, JSON.stringify(argument)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()))
  let said = 0
  let done: T | undefined
  for await (const line of createInterface(child.stdout)) {
    const { done: answer } = JSON.parse(line) as { done?: T }
    if (answer) done = answer
    said += 1
    if (said >= lines && !done) setTimeout(() => child.kill('SIGKILL'), moreMs)
  }
  await ended
  return done
}

/** All that a tape says, to be compared with another's. */
export async function contentsOf({ store }: Pick<TestOrganisation, 'store'>): Promise<unknown[]> {
  const { rows } = await store.client.query(
    `select (select md5(coalesce(string_agg(a::text, '|' order by slot), '')) from asset a) assets,
      (select md5(coalesce(string_agg(c::text, '|' order by slot, version), '')) from asset_change c) changes,
      (select count(*)::int from asset) many, (select count(*)::int from ingest_job) jobs`,
  )
  return rows as unknown[]
}
