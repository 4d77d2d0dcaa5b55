// What a bad tape or a bad option brings: said with its place, before anything is started or written.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { REAL_TAPE, runDemoProcess, type DemoEnd } from './testing/demo-process.ts'
import { csvOf, smallTape, type TapeRows } from './testing/small-tape.ts'

const root = mkdtempSync(join(tmpdir(), 'sluice-bad-'))
let good: TapeRows
beforeAll(async () => {
  good = await smallTape(REAL_TAPE)
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

const names = (): string[] => good.header.split(',').map((name) => name.replaceAll('"', ''))

/** The tape with one cell changed; rows count from 1, the header's, as a spreadsheet shows them. */
function withCell(row: number, column: string, change: (cell: string) => string): string {
  const rows = [...good.rows]
  const cells = rows[row - 2]!.split(',')
  const at = names().indexOf(column)
  cells[at] = change(cells[at]!)
  rows[row - 2] = cells.join(',')
  return csvOf({ ...good, rows })
}

const cellOf = (row: number, column: string): string => good.rows[row - 2]!.split(',')[names().indexOf(column)]!

function withoutColumn(column: string): string {
  const at = names().indexOf(column)
  const drop = (line: string): string => line.split(',').toSpliced(at, 1).join(',')
  return csvOf({ header: drop(good.header), rows: good.rows.map(drop) })
}

/** Runs it and sees that nothing of a run came into being: no record, no keys, no data folder of an engine, no figures. */
async function refused(args: readonly string[], exitCode: number): Promise<DemoEnd> {
  const home = join(mkdtempSync(join(root, 'home-')), 'sluice')
  const json = join(root, 'figures.json')
  const end = await runDemoProcess({ args: [...args, '--json', json], home })
  expect(end.code, end.stderr).toBe(exitCode)
  expect(end.stdout).toBe('')
  expect(end.stderr).not.toMatch(/\n\s+at /)
  expect(existsSync(home)).toBe(false)
  expect(existsSync(json)).toBe(false)
  return end
}

const tapes: readonly { what: string; file: string; content: () => string | Uint8Array; says: readonly string[] }[] = [
  {
    what: 'a missing column',
    file: 'no-column.csv',
    content: () => withoutColumn('recoveries'),
    says: ['no-column.csv', 'row 1', 'recoveries'],
  },
  {
    what: 'an unreadable number',
    file: 'unreadable.csv',
    content: () => withCell(17, 'total_rec_int', () => '12.5x'),
    says: ['unreadable.csv', 'row 17', 'total_rec_int', '12.5x'],
  },
  {
    what: 'a repeated loan id',
    file: 'repeated.csv',
    content: () => withCell(42, 'loan_id', () => cellOf(9, 'loan_id')),
    says: ['repeated.csv', 'row 42', 'loan_id', 'row 9'],
  },
  {
    what: 'a negative amount',
    file: 'negative.csv',
    content: () => withCell(100, 'funded_amnt', (cell) => `-${cell}`),
    says: ['negative.csv', 'row 100', 'funded_amnt', '-'],
  },
  {
    what: 'a gzip cut off in the middle',
    file: 'cut.csv.gz',
    content: () => readFileSync(REAL_TAPE).subarray(0, 200_000),
    says: ['cut.csv.gz', 'row ', 'column '],
  },
  {
    what: 'a gzip without its last bytes',
    file: 'tail.csv.gz',
    content: () => gzipSync(csvOf(good)).subarray(0, -4),
    says: ['tail.csv.gz', 'row ', 'column '],
  },
  {
    what: 'something that is not gzip under such a name',
    file: 'plain.csv.gz',
    content: () => csvOf(good),
    says: ['plain.csv.gz', 'row ', 'column '],
  },
]

test.each(tapes)('$what: exit 1, file, row and column named, nothing begun', async ({ file, content, says }) => {
  const path = join(root, file)
  writeFileSync(path, content())
  const { stderr } = await refused(['--tape', path], 1)
  for (const word of says) expect(stderr).toContain(word)
  expect(stderr.trim().split('\n')).toHaveLength(1)
})

test('a tape that is not there: exit 1, named', async () => {
  const { stderr } = await refused(['--tape', join(root, 'nowhere.csv')], 1)
  expect(stderr).toContain('nowhere.csv')
})

test('a good tape without a loan in the window: exit 1', async () => {
  const path = join(root, 'good.csv')
  writeFileSync(path, csvOf(good))
  const { stderr } = await refused(['--tape', path, '--from', '2007-01', '--to', '2007-02'], 1)
  expect(stderr).toMatch(/no loan issued from 2007-01 to 2007-02/)
})

test.each([
  [['--from', 'July'], /--from .*July/],
  [['--from', '2010-13'], /--from .*2010-13/],
  [['--to', '2010-1'], /--to .*2010-1/],
  [['--from', '2010-12', '--to', '2010-07'], /--from 2010-12 .*--to 2010-07/],
  [['--until', '2010-12'], /unknown option '--until'/],
])('%j: exit 2, the option named, nothing begun', async (args, message) => {
  const { stderr } = await refused(args, 2)
  expect(stderr).toMatch(message)
})
