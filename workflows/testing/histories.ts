import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { temporal } from '@temporalio/proto'
import { Worker } from '@temporalio/worker'
import { testBundle } from './bundle.ts'
import type { Rig } from './rig.ts'

const FOLDER = new URL('../../testdata/workflow-histories/', import.meta.url)

const { History } = temporal.api.history.v1
type History = temporal.api.history.v1.IHistory

/** A history as it is kept, under the id that the workflow had. */
export interface RecordedHistory {
  readonly workflowId: string
  /** What it did, event by event: for whoever looks at the file. */
  readonly events: readonly string[]
  /** Temporal's own encoding, base64. Its JSON form needs a protobufjs that does not match the one Temporal loads. */
  readonly protobuf: string
}

export const historyOf = ({ protobuf }: RecordedHistory): History => History.decode(Buffer.from(protobuf, 'base64'))

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
  forgetMachine(history)
  const events = (history.events ?? []).map(({ eventType }) => temporal.api.enums.v1.EventType[eventType ?? 0]!)
  const protobuf = Buffer.from(History.encode(history).finish()).toString('base64')
  const recorded: RecordedHistory = { workflowId: scoped, events, protobuf }
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
function forgetMachine(value: unknown): void {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return
  const fields = value as Record<string, unknown>
  for (const [name, inner] of Object.entries(fields)) {
    if (name === 'identity' && typeof inner === 'string') fields[name] = 'recorder'
    else if (name === 'stackTrace') fields[name] = ''
    else forgetMachine(inner)
  }
}
