import { checkRoot, mostLevelsFor, SumTreeError, type SumRoot } from '#proof/sum-tree'
import { refuseBatch } from './errors.ts'
import type { Batch, RootRecord } from './state.ts'

export const sumRootOf = (root: RootRecord): SumRoot => ({
  hash: root.hash,
  top: root.top,
  levels: root.levels,
  count: BigInt(root.count),
  originalFen: BigInt(root.originalFen),
  currentFen: BigInt(root.currentFen),
  defaultedFen: BigInt(root.defaultedFen),
})

/** A root in the form that commands and events carry. */
export const rootRecordOf = (root: SumRoot): RootRecord => ({
  hash: root.hash,
  top: root.top,
  levels: root.levels,
  count: root.count.toString(),
  originalFen: root.originalFen.toString(),
  currentFen: root.currentFen.toString(),
  defaultedFen: root.defaultedFen.toString(),
})

/**
 * Refuses BAD_ROOT when hash, count and sums do not belong together, when more is open and defaulted than was lent, or
 * when the tree has more room than its assets can need.
 */
export function requireSoundRoot(record: RootRecord): SumRoot {
  const root = sumRootOf(record)
  try {
    checkRoot(root)
  } catch (error) {
    if (error instanceof SumTreeError) refuseBatch('BAD_ROOT', { code: error.code })
    throw error
  }
  const most = mostLevelsFor(root.count)
  if (root.levels > most) refuseBatch('BAD_ROOT', { code: 'TOO_MANY_LEVELS', levels: root.levels, most })
  const { originalFen, currentFen, defaultedFen } = root
  if (currentFen + defaultedFen > originalFen) {
    refuseBatch('BAD_ROOT', {
      code: 'MORE_THAN_ORIGINAL',
      currentFen: record.currentFen,
      defaultedFen: record.defaultedFen,
    })
  }
  return root
}

/** Slots are never given back and originals never shrink (LEDGER.md §7); a tree changes at most in all its leaves. */
export function requireSuccessor(root: SumRoot, changed: number, previous: Batch | undefined): void {
  if (BigInt(changed) > root.count)
    refuseBatch('ROOT_NOT_A_SUCCESSOR', { field: 'changed', count: root.count.toString() })
  if (!previous) return
  const before = sumRootOf(previous.root)
  for (const field of ['count', 'originalFen'] as const) {
    if (root[field] < before[field]) {
      refuseBatch('ROOT_NOT_A_SUCCESSOR', { field, before: before[field].toString(), after: root[field].toString() })
    }
  }
}

const FIELDS = ['hash', 'top', 'levels', 'count', 'originalFen', 'currentFen', 'defaultedFen'] as const

/** Refuses ROOT_DIFFERS with the first field in which what the custodian recomputed is not what was proposed. */
export function requireSameRoot(proposed: RootRecord, recomputed: RootRecord): void {
  for (const field of FIELDS) {
    if (proposed[field] !== recomputed[field]) {
      refuseBatch('ROOT_DIFFERS', { field, proposed: proposed[field], recomputed: recomputed[field] })
    }
  }
}
