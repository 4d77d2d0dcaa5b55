import type { HeightRange } from '#ledger-adapter/embedded/export'

/** The blocks of a ledger as an export holds them, without proofs: the same lines from every node. */
export interface HistorySource {
  /** @throws LedgerError HISTORY_INCOMPLETE; BEHIND_POSITION when the node is not that far */
  history(range: HeightRange): AsyncIterable<string>
  /** Whether this member runs a node of its own, which holds all of it; others read what concerns them. */
  isFor(participant: string): Promise<boolean>
}
