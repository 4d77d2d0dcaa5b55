import type { Read } from '../kernel/state.ts'
import { asOfKey, batchKey, bookKey, versionText, type Batch } from './state.ts'

/** The batch that is effective for a plan at exactly this date; only such a batch feeds a distribution. */
export function batchAsOf(read: Read, deal: string, asOf: string): Batch | undefined {
  const found = read(asOfKey(deal, asOf))
  return found && read(batchKey(deal, versionText(found.version)))
}

/** The latest effective batch of a plan. */
export function effectiveBatch(read: Read, deal: string): Batch | undefined {
  const version = read(bookKey(deal))?.effective
  return version ? read(batchKey(deal, versionText(version))) : undefined
}
