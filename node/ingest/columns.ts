/**
 * The columns of the two files that a servicer's system hands over, in the order in which they stand. Each is checked
 * by one SQL condition over its text (`$`): the only statement of the rule, and its problem is what a person is told.
 */
export interface Column {
  readonly name: string
  /** True where the text is wrong; not asked for an empty cell, which is always wrong. */
  readonly isWrong: string
  readonly code: IngestErrorCode
  readonly problem: string
}

export const INGEST_ERROR_CODES = [
  'UNREADABLE_FILE',
  'WRONG_HEADER',
  'MALFORMED_ROW',
  'EMPTY_CELL',
  'BAD_NAME',
  'NOT_A_CODE',
  'NOT_A_DATE',
  'NOT_A_NUMBER',
  'NOT_AN_AMOUNT',
  'MATURES_BEFORE_IT_BEGINS',
  'MORE_THAN_ORIGINAL',
  'REPEATED_ASSET',
  'ASSET_EXISTS',
  'UNKNOWN_ASSET',
] as const
export type IngestErrorCode = (typeof INGEST_ERROR_CODES)[number]

const name = (column: string): Column => ({
  name: column,
  // Nothing that JSON would have to escape: the text goes into the commitment as it stands.
  isWrong: `not regexp_full_match($, '[A-Za-z0-9._-]{1,40}')`,
  code: 'BAD_NAME',
  problem: 'letters, digits, dot, dash and underline, at most 40',
})
const date = (column: string): Column => ({
  name: column,
  isWrong: `length($) <> 10 or substr($, 5, 1) <> '-' or try_cast($ as date) is null`,
  code: 'NOT_A_DATE',
  problem: 'a day as 2026-03-31',
})
const whole = (column: string, min: number, max: number): Column => ({
  name: column,
  isWrong: `not regexp_full_match($, '0|[1-9][0-9]{0,5}') or try_cast($ as integer) not between ${min} and ${max}`,
  code: 'NOT_A_NUMBER',
  problem: `a whole number from ${min} to ${max}`,
})
const amount = (column: string): Column => ({
  name: column,
  isWrong: `not regexp_full_match($, '(0|[1-9][0-9]{0,12})([.][0-9]{1,2})?')`,
  code: 'NOT_AN_AMOUNT',
  problem: 'yuan with at most two decimals, not negative',
})

export const RECEIVABLE_COLUMNS: readonly Column[] = [
  name('asset_id'),
  name('obligor'),
  {
    name: 'province',
    isWrong: `not regexp_full_match($, '[1-9][0-9]{5}')`,
    code: 'NOT_A_CODE',
    problem: 'six digits of GB/T 2260',
  },
  name('product'),
  name('risk_tier'),
  date('origination_date'),
  date('maturity_date'),
  whole('term_months', 1, 360),
  {
    name: 'rate_monthly',
    isWrong: `not regexp_full_match($, '0([.][0-9]{1,8})?')`,
    code: 'NOT_A_NUMBER',
    problem: 'a rate a month under 1 with at most eight decimals (0.85 % is 0.0085)',
  },
  amount('original_amount'),
  amount('current_balance'),
  amount('defaulted_amount'),
  whole('days_past_due', 0, 99_999),
]

export const UPDATE_COLUMNS: readonly Column[] = [
  name('asset_id'),
  amount('current_balance'),
  amount('defaulted_amount'),
  whole('days_past_due', 0, 99_999),
]

/** Yuan in text as fen; exact, since the column has two decimals at most. */
export const fenSql = (column: string): string => `(try_cast(${column} as decimal(18, 2)) * 100)::bigint`

/** What no single column can say; asked only of rows whose columns are right. */
export interface RowRule {
  readonly column: string
  readonly isWrong: string
  readonly code: IngestErrorCode
  readonly problem: string
}

export const RECEIVABLE_RULES: readonly RowRule[] = [
  {
    column: 'maturity_date',
    isWrong: 'maturity_date < origination_date',
    code: 'MATURES_BEFORE_IT_BEGINS',
    problem: 'matures before it was made',
  },
  {
    column: 'current_balance',
    isWrong: `${fenSql('current_balance')} + ${fenSql('defaulted_amount')} > ${fenSql('original_amount')}`,
    code: 'MORE_THAN_ORIGINAL',
    problem: 'more is open and defaulted than was lent',
  },
]

/**
 * An asset's terms as canonical JSON, built where the columns are: its hash, salted, stands in the asset's leaf. Keys in
 * the order of RFC 8785; no value holds a character that JSON escapes. `proof/asset.ts` reads it back.
 */
export const TERMS_JSON_SQL = `concat(
  '{"assetId":"', asset_id, '","maturityDate":"', maturity_date, '","obligor":"', obligor,
  '","originalFen":"', original_fen, '","originationDate":"', origination_date, '","product":"', product,
  '","province":"', province, '","rateMonthly":"', rate_monthly, '","riskTier":"', risk_tier,
  '","termMonths":', term_months, '}')`
