import {
  ApplicationFailure,
  condition,
  defineSignal,
  proxyLocalActivities,
  setHandler,
  sleep,
  workflowInfo,
} from '@temporalio/workflow'
import type { KeyFunction } from '#contracts/kernel/method'
import { hashJson } from '#proof/hash'
import type { JsonObject } from '#proof/json'
import type { LedgerActivities, Outcome, Submission } from '../activities/types.ts'
import { failureOf, mayPass } from './failures.ts'

/** Ledger calls are local activities; one that hangs is given up after 5 s and retried from the workflow's timers. */
const ledger = proxyLocalActivities<LedgerActivities>({
  startToCloseTimeout: '5 seconds',
  retry: { maximumAttempts: 2, initialInterval: '50 milliseconds' },
})

/**
 * For activities on an organisation's own systems. Its worker tells that it lives (workflows/worker.ts): when it is
 * killed, the activity is taken up again after the heartbeat's time, whatever the activity's own.
 */
export const beatenActivity = (startToCloseTimeout: '30 seconds' | '5 minutes') => ({
  startToCloseTimeout,
  heartbeatTimeout: '10 seconds' as const,
})

/** A hint that something this workflow may wait for has happened. It may come twice, late, or never. */
export const ledgerMoved = defineSignal('ledgerMoved')

/** How long a command may wait for admission before the workflow makes a new one. */
const COMMAND_LIFETIME_MS = 60 * 60 * 1000
const RESEND_PAUSES_MS = [100, 300, 1000, 3000, 10_000, 30_000]

export interface Call {
  /** Names the step within this workflow; the command's id derives from both. */
  readonly step: string
  readonly contract: string
  readonly method: string
  readonly args: JsonObject
  readonly as: KeyFunction
}

/**
 * Performs a command once: whatever crashes between, the ledger executes it at most once and the answer is its outcome.
 * A refusal by the contract is an outcome too (see `mustAccept`), but for what passes by waiting (`mayPass`): the step
 * then waits and tries again under a new id.
 */
export async function perform(call: Call): Promise<Outcome> {
  const { step, ...fields } = call
  for (let attempt = 1; ; attempt += 1) {
    const commandId = idOf([workflowInfo().workflowId, step, ...(attempt > 1 ? [attempt] : [])].join(':'))
    const made = await make({ ...fields, commandId })
    if (made.kind === 'expired') continue
    const { outcome, before } = made
    if (!outcome.refusal || !mayPass(outcome.refusal) || attempt >= MAX_ATTEMPTS) return outcome
    if (!before) await nextHint(WAITING_PAUSE_MS)
  }
}

const WAITING_PAUSE_MS = 2000
/** About an hour of pauses; each attempt is a record of the ledger. */
const MAX_ATTEMPTS = 2000

const LONGEST_ID = 100

/** The text itself, or, where the ledger would not take one so long, its beginning and its hash. */
const idOf = (text: string): string =>
  text.length <= LONGEST_ID ? text : `${text.slice(0, 60)}.${hashJson(text).slice(0, 32)}`

/** Ends with a record, also one of an earlier run, or expired without ever being executed. */
async function make(fields: Omit<Call, 'step'> & { commandId: string }): Promise<Known> {
  const issuedAt = Date.now()
  const { taskQueue } = workflowInfo()
  const draft = { ...fields, taskQueue, issuedAt, expiresAt: issuedAt + COMMAND_LIFETIME_MS }
  return untilKnown(() => ledger.perform(draft))
}

/** Submits bytes that a person signed before the workflow began. */
export async function submitSigned(signedBase64: string): Promise<Outcome> {
  const submission = await untilKnown(() => ledger.submitSigned(signedBase64))
  if (submission.kind === 'executed') return submission.outcome
  throw ApplicationFailure.nonRetryable('the signed command expired before it was admitted', 'EXPIRED')
}

type Known = Extract<Submission, { kind: 'executed' | 'expired' }>

async function untilKnown(submit: () => Promise<Submission>): Promise<Known> {
  for (let sent = 0; ; sent += 1) {
    const submission = await patiently(submit)
    if (submission.kind === 'executed' || submission.kind === 'expired') return submission
    if (submission.kind === 'inadmissible') {
      throw ApplicationFailure.nonRetryable('the ledger did not admit the command', submission.code, submission.details)
    }
    await sleep(pauseAfter(sent))
  }
}

/** A local activity that fails (worker gone, ledger hung) is asked again from a timer, as long as it takes. */
async function patiently<T>(activity: () => Promise<T>): Promise<T> {
  for (let failed = 0; ; failed += 1) {
    try {
      return await activity()
    } catch (error) {
      if (failed >= MAX_FAILURES) throw error
      await sleep(pauseAfter(failed))
    }
  }
}

/** About a day of half-minute pauses; then a person has to look. */
const MAX_FAILURES = 3000

const pauseAfter = (tries: number): number => RESEND_PAUSES_MS[Math.min(tries, RESEND_PAUSES_MS.length - 1)]!

/** Turns a refusal into a failed workflow: only for steps that no other participant can make right. */
export function mustAccept(outcome: Outcome): Outcome {
  const { refusal } = outcome
  if (!refusal) return outcome
  throw failureOf(refusal)
}

export const readState = (keys: readonly string[]) => patiently(() => ledger.readState(keys))

let hints = 0

/** To be called first in every workflow that waits. */
export function listenForHints(): void {
  hints = 0
  setHandler(ledgerMoved, () => {
    hints += 1
  })
}

/**
 * Waits for a fact of the ledger: re-reads after every hint, and after a slow poll in case a hint was lost.
 * @param probe answers undefined while the fact is not there
 */
export async function until<T>(probe: () => Promise<T | undefined>, pollMs = 15_000): Promise<T> {
  for (;;) {
    const seen = hints
    const fact = await probe()
    if (fact !== undefined) return fact
    await condition(() => hints > seen, pollMs)
  }
}

async function nextHint(withinMs: number): Promise<void> {
  const seen = hints
  await condition(() => hints > seen, withinMs)
}
