import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Type, type Static } from 'typebox'
import { Value } from 'typebox/value'
import { hashJson } from '#proof/hash'
import type { Json } from '#proof/json'
import { CommandFailure } from '../failure.ts'
import type { Plan } from './plan.ts'

/** What one run of the demonstration must remember to be taken up again after a crash. No progress: that is on the ledger. */
const RunRecord = Type.Object({
  run: Type.String(),
  /** Hash of what the run works on; another tape or window is another run. */
  subject: Type.String(),
  state: Type.Union([Type.Literal('running'), Type.Literal('finished')]),
  startedAtMs: Type.Integer(),
  /** Opens the key files. In a demonstration it lies beside them; an institution's does not. */
  passphrase: Type.String(),
  /** From it the salts of the assets, the key of invoice commitments and the like are derived. */
  secret: Type.String(),
})
export type RunRecord = Static<typeof RunRecord>

/** A run is taken up again only if it was about the same pool and the same terms. */
export const subjectOf = ({ terms, window, loans, months }: Plan): RunRecord['subject'] =>
  hashJson({ terms: terms as unknown as Json, window: { ...window }, loans: loans.length, months: [...months] })

/**
 * Takes up the run that a crash left unfinished, if it was about the same tape and window; else begins a new one.
 * @param folder kept between runs; each run has a folder of its own below it
 */
export async function openRun(folder: string, subject: string): Promise<{ record: RunRecord; resumed: boolean }> {
  const before = await readRecord(folder)
  if (before?.state === 'running' && before.subject === subject) return { record: before, resumed: true }
  const secret = (): string => randomBytes(32).toString('hex')
  const record: RunRecord = {
    run: `demo-${randomBytes(4).toString('hex')}`,
    subject,
    state: 'running',
    startedAtMs: Date.now(),
    passphrase: secret(),
    secret: secret(),
  }
  await saveRun(folder, record)
  return { record, resumed: false }
}

export async function saveRun(folder: string, record: RunRecord): Promise<void> {
  await mkdir(folder, { recursive: true })
  const path = recordPath(folder)
  await writeFile(`${path}.new`, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600, flush: true })
  await rename(`${path}.new`, path)
}

const recordPath = (folder: string): string => join(folder, 'run.json')

export async function readRecord(folder: string): Promise<RunRecord | undefined> {
  let text: string
  try {
    text = await readFile(recordPath(folder), 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  const value: unknown = JSON.parse(text)
  if (Value.Check(RunRecord, value)) return value
  throw new CommandFailure(`${recordPath(folder)} is not a record of a run; remove the folder to begin anew`)
}
