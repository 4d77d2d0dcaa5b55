/** Figures read off a statement: end balances by date. */
import { daysBetween, type IsoDate } from '../date.ts'
import type { Fen } from '../money.ts'
import { spellWeight } from './fees.ts'

export interface StatementRow {
  readonly date: IsoDate
  /** After the transaction. */
  readonly balance: Fen
  /** Before it. */
  readonly opening: Fen
}

/** End balance of the last transaction on or before the date; before the first its opening balance. */
export function balanceAsOf(rows: readonly StatementRow[], date: IsoDate): Fen {
  let balance = rows[0]?.opening ?? 0n
  for (const row of rows) if (row.date <= date) balance = row.balance
  return balance
}

/** The spells of constant balance between two dates. */
export function spells(
  rows: readonly StatementRow[],
  from: IsoDate,
  to: IsoDate,
): { readonly from: IsoDate; readonly to: IsoDate; readonly balance: Fen }[] {
  const cuts = [from, ...new Set(rows.map(({ date }) => date).filter((date) => date > from && date < to)), to]
  return cuts
    .slice(0, -1)
    .map((start, index) => ({ from: start, to: cuts[index + 1]!, balance: balanceAsOf(rows, start) }))
    .filter((spell) => daysBetween(spell.from, spell.to) > 0)
}

/** Sum of floor(balance · days / 365) over the spells: a balance times years, not an average. */
export const weightedBalance = (rows: readonly StatementRow[], from: IsoDate, to: IsoDate): Fen =>
  spells(rows, from, to).reduce((sum, spell) => sum + spellWeight(spell.balance, spell.from, spell.to), 0n)
