const FULL = 1_000_000

const from = (name: string): number => {
  const text = process.env[name] ?? String(FULL)
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`${name} is ${JSON.stringify(text)}, not a count`)
  return value
}

/**
 * Keys in the state while the calls are measured. The goals are for a million of each; for a quick look on a small
 * machine: `LEDGER_BENCH_KEYS=20000 LEDGER_BENCH_COMMANDS=0`.
 */
export const KEYS = from('LEDGER_BENCH_KEYS')
/** Commands executed before the ledger is killed and started again. */
export const COMMANDS = from('LEDGER_BENCH_COMMANDS')
/** Of such a look no figure goes under the id of the goal. */
export const REDUCED = KEYS < FULL || COMMANDS < FULL ? '.reduced' : undefined

/** What "calls per second" counts, for the rows that say it. */
export const IN_AND_OUT = 'signed bytes in, answer out after the durable commit'
