// What both drivers answer from their rows and the state at hand, within the same bounds.
import { KeyNotLoaded } from '#contracts/kernel/state'
import type { Json } from '#proof/json'
import type { CommittedState } from '../application/state.ts'
import { LedgerError, type CommittedEvent, type EventCursor } from '../port.ts'
import type { LedgerStore } from './store.ts'

const MAX_EVENTS = 10_000
const MAX_KEYS = 10_000
const BEFORE_ALL: EventCursor = { height: -1, index: 0, event: 0 }

/**
 * Values at the head, and its height: from memory where all are there, else from one snapshot of the rows.
 * @throws LedgerError MALFORMED for too many keys; what the store throws
 */
export async function valuesAtHead(
  keys: readonly string[],
  { state, height }: { readonly state: CommittedState; readonly height: number },
  rows: Pick<LedgerStore, 'valuesAtHead'>,
): Promise<{ height: number; values: readonly (Json | undefined)[] }> {
  if (keys.length > MAX_KEYS) throw new LedgerError('read', 'MALFORMED', true, { field: 'keys', max: MAX_KEYS })
  try {
    return { height, values: keys.map((key) => state.value(key)) }
  } catch (error) {
    if (!(error instanceof KeyNotLoaded)) throw error
  }
  const found = await rows.valuesAtHead(keys)
  const parse = (text: string | undefined) => (text === undefined ? undefined : (JSON.parse(text) as Json))
  return { height: found.height, values: keys.map((key) => parse(found.values.get(key))) }
}

/** A page of events, of one topic or of all. @throws LedgerError MALFORMED; what the store throws */
export async function eventsAfter(
  after: EventCursor | undefined,
  { limit, topic }: { limit: number; topic?: string },
  rows: Pick<LedgerStore, 'eventsAfter'>,
): Promise<readonly CommittedEvent[]> {
  if (!Number.isInteger(limit) || limit < 1) throw new LedgerError('read', 'MALFORMED', true, { field: 'limit' })
  return rows.eventsAfter(after ?? BEFORE_ALL, Math.min(limit, MAX_EVENTS), topic)
}

/** Whether it came to be so within the time; asked again after each commit. */
export function untilCommitted(
  isThere: () => boolean,
  onCommit: (listener: () => void) => () => void,
  timeoutMs: number,
): Promise<boolean> {
  if (isThere()) return Promise.resolve(true)
  return new Promise((resolve) => {
    const finish = (answer: boolean) => {
      clearTimeout(timer)
      stop()
      resolve(answer)
    }
    const timer = setTimeout(() => finish(isThere()), timeoutMs)
    const stop = onCommit(() => isThere() && finish(true))
  })
}
