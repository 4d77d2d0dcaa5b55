import type { HeightRange } from '#ledger-adapter/embedded/export'

/** The blocks of a ledger as an export holds them, without proofs: the same lines from every node. */
export interface HistorySource {
  /** @throws LedgerError HISTORY_INCOMPLETE; BEHIND_POSITION when the node is not that far */
  history(range: HeightRange): AsyncIterable<string>
}
