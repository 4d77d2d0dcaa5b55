import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js'
import { Worker } from '@temporalio/worker'
import { testBundle } from './bundle.ts'
import type { Rig } from './rig.ts'

const FOLDER = new URL('../../testdata/workflow-histories/', import.meta.url)

/** A history as it is kept: JSON of Temporal's own form, under the id that the workflow had. */
export interface RecordedHistory {
  readonly workflowId: string
  readonly history: object
}

/**
 * Replays what a workflow of this test has just done against today's code. With UPDATE_GOLDENS, whose value is the
 * reason (as in contracts/testing/golden.ts), the history is also kept under testdata, for all later code to replay.
 */
export async function expectReplayable(rig: Pick<Rig, 'client' | 'scope'>, name: string, workflowId: string) {
  const scoped = `${rig.scope}:${workflowId}`
  const history = await rig.client.workflow.getHandle(scoped).fetchHistory()
  await Worker.runReplayHistory({ workflowBundle: await testBundle() }, history, scoped)
  const reason = process.env.UPDATE_GOLDENS
  if (reason === undefined) return
  if (reason.trim().length < 10) throw new Error('UPDATE_GOLDENS must say why the history changes, in a few words')
  mkdirSync(FOLDER, { recursive: true })
  const recorded = { workflowId: scoped, history: withoutMachine(JSON.parse(historyToJSON(history))) }
  const file = new URL(`${name}.json`, FOLDER)
  const verb = existsSync(file) ? 'recorded again' : 'recorded'
  writeFileSync(file, `${JSON.stringify(recorded, null, 1)}\n`)
  appendFileSync(new URL('CHANGES.md', FOLDER), `- ${name}.json ${verb}: ${reason.trim()}\n`)
}

/** Every kept history by its file's name. */
export const recordedHistories = (): [string, RecordedHistory][] =>
  readdirSync(FOLDER)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => [name, JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8')) as RecordedHistory])

/** Names of the machine and the process that recorded it, and paths in stack traces, say nothing to a replay. */
function withoutMachine(value: unknown): object {
  return JSON.parse(
    JSON.stringify(value, (key, inner: unknown) =>
      key === 'identity' ? 'recorder' : key === 'stackTrace' ? '' : inner,
    ),
  ) as object
}
