/** Statistics, formulas and conditions of testdata/vectors/VOCABULARY.md as closed schemas. */
import { Type } from 'typebox'
import { closed, DateText, OpWord } from './common.ts'

const text = Type.String()
const texts = Type.Array(Type.String())
const stat = (name: string, keys: Record<string, ReturnType<typeof Type.Optional> | typeof text | typeof texts> = {}) =>
  Type.Object({ stat: Type.Literal(name), ...keys }, closed)

export const SourceWord = Type.Enum([
  'CollectedInterest',
  'CollectedPrincipal',
  'CollectedPrepayment',
  'CollectedRecoveries',
  'CollectedCash',
  'NewLosses',
])

const STATS = [
  stat('poolBalance', { pools: Type.Optional(texts) }),
  stat('poolFactor'),
  stat('poolDefaultedBalance'),
  stat('poolWeightedRate'),
  stat('cumulativeDefaultRate'),
  Type.Object({ stat: Type.Literal('collected'), sources: Type.Array(SourceWord) }, closed),
  stat('bondBalance', { bonds: Type.Optional(texts) }),
  stat('originBondBalance', { bonds: Type.Optional(texts) }),
  stat('bondFactor'),
  stat('bondCount'),
  stat('dueInterest', { bonds: texts }),
  stat('ledgerBalance', { ledger: text }),
  stat('reserveGap', { account: text }),
  stat('reserveExcess', { account: text }),
  stat('date'),
]
export interface StatJson {
  readonly stat: string
  readonly pools?: readonly string[]
  readonly sources?: readonly string[]
  readonly bonds?: readonly string[]
  readonly ledger?: string
  readonly account?: string
}
export type FormulaJson = number | StatJson
export const FormulaSchema = Type.Unsafe<FormulaJson>(Type.Union([Type.Number(), ...STATS]))

export const ConditionSchema = Type.Object(
  { left: FormulaSchema, op: OpWord, right: Type.Union([DateText, Type.Number()]) },
  closed,
)
export type ConditionJson = { left: FormulaJson; op: string; right: number | string }
