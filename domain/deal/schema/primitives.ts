/** The small words of the deal-terms document. Every object refuses keys it does not know. */
import { Type, type TSchema, type TProperties } from 'typebox'
import { ISO_DATE_PATTERN } from '../../date.ts'
import { FEN_PATTERN } from '../../money.ts'
import { RATE_PATTERN } from '../../rate.ts'

/** An object without room for unknown keys: a misspelt key is an error, never ignored. */
export const strict = <P extends TProperties>(properties: P, description?: string) =>
  Type.Object(properties, { additionalProperties: false, ...(description ? { description } : {}) })

export const optional = <T extends TSchema>(schema: T) => Type.Optional(schema)

export const literals = <const T extends readonly string[]>(values: T) =>
  Type.Unsafe<T[number]>(Type.Union(values.map((value) => Type.Literal(value))))

/** A name inside the document: no quotes and no control characters, so that a formula can hold it as a string. */
export const Name = Type.String({ pattern: '^[^"\\\\\\x00-\\x1f]{1,80}$', description: 'A name, unique in its list.' })
export const Names = Type.Array(Name, { minItems: 1, maxItems: 200 })
export const FenText = Type.String({ pattern: FEN_PATTERN, description: 'Whole fen as decimal text.' })
export const RateText = Type.String({
  pattern: RATE_PATTERN,
  description: 'A decimal fraction as text: "0.0510" is 5.10 %. Never in percent.',
})
export const DateText = Type.String({ pattern: ISO_DATE_PATTERN, description: 'YYYY-MM-DD.' })
export const FormulaText = Type.String({
  minLength: 1,
  maxLength: 2000,
  description: 'Formula over deal statistics; see docs/DEAL-TERMS.md.',
})

/** What a rule says in words, in both languages of the documents. */
export const Words = strict({ zh: Type.String({ maxLength: 2000 }), en: Type.String({ maxLength: 2000 }) })

/** Where in the documents a rule stands, and what it says: on every rule, so that each fen can be traced to its clause. */
export const clauseFields = {
  clause: Type.String({ minLength: 1, maxLength: 80, description: 'Number of the clause in the plan documents.' }),
  text: Words,
}

export const DatedFen = Type.Tuple([DateText, FenText])
export const DatedRate = Type.Tuple([DateText, RateText])

export const DayCountName = Type.String({
  pattern: '^[A-Za-z0-9_/]{2,20}$',
  description: 'Day count, e.g. ACT_365F, ACT_360, ACT_ACT, 30E_360.',
})

/** How dates are generated: a name, or an object of the date-pattern language (domain/schedule). Checked when loaded. */
export const DatePattern = Type.Unsafe<unknown>({
  description: 'Date pattern: a name such as "MonthEnd", or an object such as {"dayOfMonth": 15}, {"custom": [dates]}.',
})
