import { LedgerError } from '../port.ts'
import { isBadValue, isStoreError, StoreBusy } from './connection.ts'

/** What whoever reads a ledger is told when the store could not answer; any other error as it is. */
export function asReadError(error: unknown): unknown {
  if (error instanceof StoreBusy) return new LedgerError('read', 'QUEUE_FULL', true, { waiting: error.waiting })
  if (isBadValue(error)) return new LedgerError('read', 'MALFORMED', true, { problem: 'a text that cannot be stored' })
  if (isStoreError(error)) return new LedgerError('read', 'STORE_UNAVAILABLE', true)
  return error
}
