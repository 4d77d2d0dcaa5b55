import { isoDate, type IsoDate } from '../date.ts'
import { mulDiv, type Fen } from '../money.ts'
import type { Rate } from '../rate.ts'

export type LoanId = string & { readonly __brand: 'LoanId' }

/** One row of a loan tape: terms, and the outcome as the snapshot knows it. Amounts in fen, rounded half-up once. */
export interface LoanRecord {
  readonly id: LoanId
  readonly fundedFen: Fen
  readonly termMonths: number
  /** Annual, as a fraction. */
  readonly rateAnnual: Rate
  readonly instalmentFen: Fen
  /** Empty where the tape has none. */
  readonly grade: string
  readonly state: string
  readonly issueDate: IsoDate
  readonly status: string
  readonly outstandingFen: Fen
  readonly principalReceivedFen: Fen
  readonly interestReceivedFen: Fen
  readonly lateFeeReceivedFen: Fen
  readonly recoveriesFen: Fen
  /** Absent for a loan that never paid. */
  readonly lastPaymentDate?: IsoDate
  readonly lastPaymentFen: Fen
}

/** The columns of the tape that are used; testdata/tape/README.md says what they mean. */
export const TAPE_COLUMNS = [
  'loan_id',
  'funded_amnt',
  'term',
  'int_rate',
  'installment',
  'grade',
  'addr_state',
  'issue_d',
  'loan_status',
  'out_prncp',
  'total_rec_prncp',
  'total_rec_int',
  'total_rec_late_fee',
  'recoveries',
  'last_pymnt_d',
  'last_pymnt_amnt',
] as const
export type TapeColumn = (typeof TAPE_COLUMNS)[number]

export const TAPE_ERROR_CODES = [
  'MISSING_COLUMN',
  'EMPTY_CELL',
  'NOT_A_NUMBER',
  'NEGATIVE',
  'NOT_A_DATE',
  'RATE_NOT_A_FRACTION',
  'UNKNOWN_TERM',
  'REPEATED_LOAN',
  'TRUNCATED',
  'MALFORMED_ROW',
  'UNREADABLE_FILE',
] as const
export type TapeErrorCode = (typeof TAPE_ERROR_CODES)[number]

export interface TapePlace {
  readonly file: string
  /** Counted as a spreadsheet does: the header is row 1. */
  readonly row: number
}

/** What is wrong with a tape, and where; one bad cell refuses the whole tape. */
export class TapeError extends Error {
  override readonly name = 'TapeError'
  constructor(
    readonly code: TapeErrorCode,
    readonly place: TapePlace & { readonly column: string },
    readonly text: string,
  ) {
    super(`${code} ${place.file}, row ${place.row}, column ${place.column}: ${text.slice(0, 120)}`)
  }
}

/**
 * Checks one row of a tape. Cells that may be empty: `grade`, `addr_state`, `last_pymnt_d`, and the amounts received or
 * outstanding, where nothing means none.
 * @throws TapeError naming file, row and column
 */
export function parseTapeRow(cells: Readonly<Record<string, string | undefined>>, place: TapePlace): LoanRecord {
  const cell = (column: TapeColumn): string => {
    const text = cells[column]
    if (text === undefined) throw new TapeError('MISSING_COLUMN', { ...place, column }, 'the row has no such cell')
    return text.trim()
  }
  const filled = (column: TapeColumn): string => {
    const text = cell(column)
    if (text === '') throw new TapeError('EMPTY_CELL', { ...place, column }, 'a value is needed here')
    return text
  }
  const number = (column: TapeColumn, text: string): Rate => {
    const value = exactDecimal(text)
    if (!value) throw new TapeError('NOT_A_NUMBER', { ...place, column }, JSON.stringify(text))
    if (value.numerator < 0n) throw new TapeError('NEGATIVE', { ...place, column }, JSON.stringify(text))
    return value
  }
  const fen = (column: TapeColumn, text: string): Fen => {
    const { numerator, denominator } = number(column, text)
    return mulDiv(numerator, 100n, denominator, 'half-up')
  }
  const date = (column: TapeColumn, text: string): IsoDate => {
    try {
      return isoDate(text)
    } catch {
      throw new TapeError('NOT_A_DATE', { ...place, column }, `${JSON.stringify(text)}, expected YYYY-MM-DD`)
    }
  }
  const received = (column: TapeColumn): Fen => fen(column, cell(column) || '0')
  const lastPayment = cell('last_pymnt_d')
  return {
    id: filled('loan_id') as LoanId,
    fundedFen: fen('funded_amnt', filled('funded_amnt')),
    termMonths: termOf(filled('term'), place),
    rateAnnual: fraction(number('int_rate', filled('int_rate')), cell('int_rate'), place),
    instalmentFen: fen('installment', filled('installment')),
    grade: cell('grade'),
    state: cell('addr_state'),
    issueDate: date('issue_d', filled('issue_d')),
    status: filled('loan_status'),
    outstandingFen: received('out_prncp'),
    principalReceivedFen: received('total_rec_prncp'),
    interestReceivedFen: received('total_rec_int'),
    lateFeeReceivedFen: received('total_rec_late_fee'),
    recoveriesFen: received('recoveries'),
    ...(lastPayment !== '' && { lastPaymentDate: date('last_pymnt_d', lastPayment) }),
    lastPaymentFen: received('last_pymnt_amnt'),
  }
}

/** @throws TapeError `MISSING_COLUMN` for the first column that the header lacks */
export function checkTapeHeader(header: readonly string[], file: string): void {
  const missing = TAPE_COLUMNS.find((column) => !header.includes(column))
  if (missing !== undefined) {
    throw new TapeError('MISSING_COLUMN', { file, row: 1, column: missing }, 'the header has no such column')
  }
}

const DECIMAL = /^(-?)(\d{1,15})(?:\.(\d{1,30}))?(?:[eE]([+-]?\d{1,2}))?$/

/** The exact value of a decimal text, exponent included; undefined when it is none. */
function exactDecimal(text: string): Rate | undefined {
  const match = DECIMAL.exec(text)
  if (!match) return undefined
  const decimals = match[3] ?? ''
  const exponent = Number(match[4] ?? '0') - decimals.length
  const digits = BigInt(`${match[1]}${match[2]}${decimals}`)
  return exponent >= 0
    ? { numerator: digits * 10n ** BigInt(exponent), denominator: 1n }
    : { numerator: digits, denominator: 10n ** BigInt(-exponent) }
}

function termOf(text: string, place: TapePlace): number {
  const months = /^(36|60)( months)?$/.exec(text)?.[1]
  if (months === undefined) {
    throw new TapeError('UNKNOWN_TERM', { ...place, column: 'term' }, `${JSON.stringify(text)}, expected 36 or 60`)
  }
  return Number(months)
}

function fraction(rate: Rate, text: string, place: TapePlace): Rate {
  if (rate.numerator <= rate.denominator) return rate
  const hint = `${JSON.stringify(text)} looks like percent; a fraction such as 0.1375 is expected`
  throw new TapeError('RATE_NOT_A_FRACTION', { ...place, column: 'int_rate' }, hint)
}
