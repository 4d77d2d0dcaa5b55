/** Formulas and conditions of the vectors as texts of the formula language. */
import { fractionText } from '../rate.ts'
import { fenFromJson, rateFromJson } from './numbers.ts'
import type { ConditionJson, FormulaJson, StatJson } from './schema/formula.ts'

export const fenText = (value: number): string => fenFromJson(value).toString()
export const rateText = (value: number): string => fractionText(rateFromJson(value))
export const words = (text: string) => ({ zh: text, en: text })

const COLLECTED: Readonly<Record<string, string>> = {
  CollectedInterest: 'interest',
  CollectedPrincipal: 'principal',
  CollectedPrepayment: 'prepayment',
  CollectedRecoveries: 'recovery',
  CollectedCash: 'cash',
  NewLosses: 'loss',
}
const call = (name: string, args: readonly string[] = []): string =>
  args.length === 0 ? name : `${name}(${args.map((arg) => `"${arg.replace(/["\\]/g, '\\$&')}"`).join(', ')})`

type Kind = 'money' | 'number' | 'date'
/** Name of each statistic in the formula language, and the type of its value. */
const STAT: Readonly<Record<string, readonly [Kind, (json: StatJson) => string]>> = {
  poolBalance: ['money', ({ pools }) => call('poolBalance', pools)],
  poolFactor: ['number', () => 'poolFactor'],
  poolDefaultedBalance: ['money', () => 'poolDefaultedBalance'],
  poolWeightedRate: ['number', () => 'poolWeightedRate'],
  cumulativeDefaultRate: ['number', () => 'cumulativeDefaultRate'],
  collected: [
    'money',
    ({ sources = [] }) =>
      call(
        'collected',
        sources.map((source) => COLLECTED[source]!),
      ),
  ],
  bondBalance: ['money', ({ bonds }) => call('trancheBalance', bonds)],
  originBondBalance: ['money', ({ bonds }) => call('trancheOriginalBalance', bonds)],
  bondFactor: ['number', () => 'trancheFactor'],
  bondCount: ['number', () => 'trancheCount'],
  dueInterest: ['money', ({ bonds }) => call('interestDue', bonds)],
  ledgerBalance: ['money', ({ ledger }) => call('ledgerBalance', [ledger!])],
  reserveGap: ['money', ({ account }) => call('reserveGap', [account!])],
  reserveExcess: ['money', ({ account }) => call('reserveExcess', [account!])],
  date: ['date', () => 'date'],
}

export const kindOf = (formula: FormulaJson): Kind => (typeof formula === 'number' ? 'number' : STAT[formula.stat]![0])

/** A list of no names is nobody, not everybody. */
const ofNobody = ({ pools, bonds, sources }: StatJson): boolean =>
  [pools, bonds, sources].some((list) => list?.length === 0)

/**
 * A formula as text. A plain number is of the kind that its place asks for; a statistic of another kind counts as the
 * same number: a ratio of 0.9 as 0.90 of the currency, an amount as the number of its units.
 */
export function formulaText(formula: FormulaJson, as?: Kind): string {
  if (typeof formula === 'number') {
    if (as !== 'money') return rateText(formula)
    const fen = fenFromJson(formula)
    return fen < 0n ? `-${-fen} fen` : `${fen} fen`
  }
  if (ofNobody(formula)) return as === 'number' ? '0' : '0 fen'
  const [kind, write] = STAT[formula.stat]!
  const text = write(formula)
  if (kind === 'number' && as === 'money') return `${text} * 100 fen`
  return kind === 'money' && as === 'number' ? `${text} / 100 fen` : text
}
/** A formula where an amount is asked for. */
export const money = (formula: FormulaJson): string => formulaText(formula, 'money')

export function conditionText({ left, op, right }: ConditionJson): string {
  const kind = kindOf(left)
  return `${formulaText(left)} ${op} ${typeof right === 'string' ? right : formulaText(right, kind)}`
}
