import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isoDate } from '#domain/date'
import { monthlyTotals, poolAt, poolBalance, replayLoan, sumTotals, type LoanFlows } from '#domain/tape/replay'
import { readTape } from './read-tape.ts'

const TAPE = 'testdata/tape/lc-2007-2010.csv.gz'
const CUTOFF = isoDate('2010-12-31')

describe('the real tape', () => {
  let flows: LoanFlows[]
  let pool: LoanFlows[]
  beforeAll(async () => {
    const loans = await readTape(TAPE)
    expect(loans).toHaveLength(20_814)
    flows = loans.map(replayLoan)
    pool = poolAt(
      flows.filter(({ loan }) => loan.issueDate >= '2010-07-01'),
      CUTOFF,
    )
  })
  it('gives the pool of the README example', () => {
    expect(pool).toHaveLength(7258)
    expect(poolBalance(pool, CUTOFF)).toBe(6_912_035_362n)
  })
  it('gives the months and the life totals of the README example', () => {
    const months = monthlyTotals(pool, CUTOFF)
    expect(months.get('2011-01')).toEqual({
      principal: 169_050_379n,
      interest: 70_461_832n,
      lateFee: 7_515n,
      defaulted: 440_000n,
      recovery: 0n,
    })
    const life = sumTotals(months.values())
    expect(life).toEqual({
      principal: 6_213_443_048n,
      interest: 1_350_857_068n,
      lateFee: 964_818n,
      defaulted: 698_592_171n,
      recovery: 59_478_855n,
    })
    expect(poolBalance(pool, CUTOFF) - life.principal - life.defaulted).toBe(143n)
    expect(pool.reduce((sum, { stillOpen }) => sum + stillOpen, 0n)).toBe(143n)
  })
  it('pays every loan exactly what the tape says', () => {
    for (const { loan, payments } of flows) {
      if (loan.lastPaymentDate === undefined) {
        expect(payments).toEqual([])
        continue
      }
      const paid = payments.reduce((sum, p) => sum + p.principal + p.interest + p.lateFee, 0n)
      expect(paid).toBe(loan.principalReceivedFen + loan.interestReceivedFen + loan.lateFeeReceivedFen)
      expect(payments.every((p) => p.principal >= 0n && p.interest >= 0n && p.lateFee >= 0n)).toBe(true)
    }
  })
})

describe('a tape that is wrong', () => {
  let folder: string
  let lines: string[]
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-tape-'))
    lines = gunzipSync(await readFile(TAPE))
      .toString('utf8')
      .split('\n')
      .slice(0, 40)
  })
  afterAll(() => rm(folder, { recursive: true }))

  const refusal = async (name: string, content: string | Uint8Array): Promise<string> => {
    const path = join(folder, name)
    await writeFile(path, content)
    return readTape(path).then(
      () => 'read',
      (error: unknown) => String(error),
    )
  }
  const withCell = (row: number, column: string, value: string): string => {
    const index = lines[0]!.split(',').indexOf(`"${column}"`)
    const cells = lines[row - 1]!.match(/("[^"]*"|[^,]*)(,|$)/g)!.map((cell) => cell.replace(/,$/, ''))
    cells[index] = value
    return lines
      .map((line, i) => (i === row - 1 ? cells.slice(0, lines[0]!.split(',').length).join(',') : line))
      .join('\n')
  }

  it('reads when nothing is wrong', async () => {
    expect(await refusal('good.csv', lines.join('\n'))).toBe('read')
    expect(await refusal('good.csv.gz', gzipSync(lines.join('\n')))).toBe('read')
  })
  it('names a missing column', async () => {
    const text = lines.join('\n').replace('"int_rate"', '"interest_rate"')
    expect(await refusal('a.csv', text)).toContain('MISSING_COLUMN a.csv, row 1, column int_rate')
    expect(await refusal('empty.csv', '')).toContain('MISSING_COLUMN empty.csv, row 1, column loan_id')
  })
  it('names an unreadable number, a negative amount, an impossible date, a percent', async () => {
    expect(await refusal('a.csv', withCell(7, 'total_rec_int', '12x5'))).toContain('NOT_A_NUMBER a.csv, row 7, column total_rec_int') // prettier-ignore
    expect(await refusal('a.csv', withCell(9, 'installment', 'NaN'))).toContain('NOT_A_NUMBER a.csv, row 9, column installment') // prettier-ignore
    expect(await refusal('a.csv', withCell(3, 'recoveries', '-0.01'))).toContain('NEGATIVE a.csv, row 3, column recoveries') // prettier-ignore
    expect(await refusal('a.csv', withCell(5, 'issue_d', '2007-02-30'))).toContain('NOT_A_DATE a.csv, row 5, column issue_d') // prettier-ignore
    expect(await refusal('a.csv', withCell(5, 'int_rate', '13.75'))).toContain('RATE_NOT_A_FRACTION a.csv, row 5, column int_rate') // prettier-ignore
    expect(await refusal('a.csv', withCell(5, 'funded_amnt', ''))).toContain('EMPTY_CELL a.csv, row 5, column funded_amnt') // prettier-ignore
    expect(await refusal('a.csv', withCell(5, 'term', '"48"'))).toContain('UNKNOWN_TERM a.csv, row 5, column term')
  })
  it('names a repeated loan', async () => {
    const text = [...lines.slice(0, 12), lines[4]!].join('\n')
    expect(await refusal('a.csv', text)).toMatch(/REPEATED_LOAN a.csv, row 13, column loan_id: LC2007-000004 .* row 5/)
  })
  it('names where a truncated or foreign file ends', async () => {
    const whole = await readFile(TAPE)
    expect(await refusal('cut.csv.gz', whole.subarray(0, 500_000))).toMatch(/TRUNCATED cut.csv.gz, row \d{4,}, column/)
    expect(await refusal('foreign.csv.gz', lines.join('\n'))).toContain('UNREADABLE_FILE foreign.csv.gz, row 2')
    expect(await refusal('short.csv', [...lines.slice(0, 6), lines[6]!.slice(0, 60)].join('\n'))).toMatch(/MALFORMED_ROW short.csv, row 7, column/) // prettier-ignore
    await expect(readTape(join(folder, 'none.csv'))).rejects.toThrow('UNREADABLE_FILE none.csv')
  })
})
