import { createReadStream } from 'node:fs'
import { basename } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { CsvError, parse } from 'csv-parse'
import { checkTapeHeader, parseTapeRow, TapeError, type LoanRecord } from '#domain/tape/loan'

export interface TapeFilter {
  /** Only loans for which this holds are returned; all rows are checked all the same. */
  readonly keep?: (loan: LoanRecord) => boolean
}

/**
 * Reads a loan tape (CSV, gzipped when the name ends in `.gz`) as a stream and checks every row.
 * @returns the loans in the order of the file; never a part of them: the first error refuses the whole tape
 * @throws TapeError naming file, row and column
 */
export async function readTape(path: string, { keep }: TapeFilter = {}): Promise<LoanRecord[]> {
  const file = basename(path)
  const loans: LoanRecord[] = []
  const seen = new Map<string, number>()
  let row = 1
  let header: readonly string[] = []
  const take = (cells: Record<string, string>): void => {
    row += 1
    const loan = parseTapeRow(cells, { file, row })
    const before = seen.get(loan.id)
    if (before !== undefined) {
      throw new TapeError('REPEATED_LOAN', { file, row, column: 'loan_id' }, `${loan.id} is also in row ${before}`)
    }
    seen.set(loan.id, row)
    if (!keep || keep(loan)) loans.push(loan)
  }
  const parser = parse({
    bom: true,
    skip_empty_lines: true,
    columns: (names: string[]) => {
      checkTapeHeader(names, file)
      header = names
      return names
    },
  })
  // The pipeline may report the abort that a refusal causes instead of the refusal itself, so that is kept aside.
  let refusal: unknown
  const consume = async (rows: AsyncIterable<Record<string, string>>): Promise<void> => {
    try {
      for await (const cells of rows) take(cells)
    } catch (error) {
      refusal = error
      throw error
    }
  }
  try {
    const source = createReadStream(path)
    if (path.endsWith('.gz')) await pipeline(source, createGunzip(), parser, consume)
    else await pipeline(source, parser, consume)
  } catch (error) {
    throw tapeError(refusal instanceof TapeError ? refusal : error, file, row, header)
  }
  if (header.length === 0) checkTapeHeader([], file)
  return loans
}

/** Says in the tape's own terms what the CSV reader, zlib or the file system found. */
function tapeError(error: unknown, file: string, row: number, header: readonly string[]): unknown {
  if (error instanceof TapeError) return error
  if (error instanceof CsvError) {
    const cells = Array.isArray(error['record']) ? error['record'].length : 0
    const column = header[Math.min(cells, header.length - 1)] ?? header[0] ?? 'loan_id'
    return new TapeError('MALFORMED_ROW', { file, row: row + 1, column }, error.message)
  }
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'Z_BUF_ERROR') {
    const column = header.at(-1) ?? 'loan_id'
    return new TapeError('TRUNCATED', { file, row: row + 1, column }, 'the gzip stream ends in the middle of the tape')
  }
  if (code?.startsWith('Z_')) {
    const column = header.at(-1) ?? 'loan_id'
    return new TapeError('UNREADABLE_FILE', { file, row: row + 1, column }, `not readable as gzip: ${message}`)
  }
  return new TapeError('UNREADABLE_FILE', { file, row, column: header[0] ?? 'loan_id' }, message)
}
