/** On what the demonstration's ledger runs. Alone here, so that the command line is read before anything heavy is loaded. */
export const LEDGER_KINDS = ['embedded', 'cometbft'] as const
export type LedgerKind = (typeof LEDGER_KINDS)[number]
