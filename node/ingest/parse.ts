import { createReadStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api'
import {
  fenSql,
  RECEIVABLE_COLUMNS,
  RECEIVABLE_RULES,
  TERMS_JSON_SQL,
  UPDATE_COLUMNS,
  type Column,
  type RowRule,
} from './columns.ts'
import { IngestError, type RowProblem } from './errors.ts'

export interface ParseOptions {
  readonly file: string
  /** For the working database and what does not fit into memory. */
  readonly folder: string
  /** 32 bytes in hex: salts are SHA-256 over it and the asset's id. */
  readonly saltSeed: string
  readonly maxErrors: number
  readonly memoryMb: number
  /** Between 0 and 100, now and then. */
  readonly onProgress?: (percent: number) => void
}

/** A file that was read and found right, in a DuckDB of its own beside the job: the table `rows`, in the file's order. */
export interface ParsedFile {
  readonly db: DuckDBConnection
  readonly rows: number
  close(): void
}

const DATABASE = 'rows.duckdb'
const UPDATE_SELECT = `${fenSql('current_balance')} current_fen, ${fenSql('defaulted_amount')} defaulted_fen, days_past_due`

/** @throws IngestError naming row and column of everything that is wrong, up to `maxErrors` */
export const parsePool = (options: ParseOptions): Promise<ParsedFile> =>
  parse(options, RECEIVABLE_COLUMNS, RECEIVABLE_RULES, poolSelect(options.saltSeed))

/** @throws IngestError as parsePool */
export const parseUpdates = (options: ParseOptions): Promise<ParsedFile> =>
  parse(options, UPDATE_COLUMNS, [], `asset_id, ${UPDATE_SELECT}`)

/** What an earlier run of the same job left, complete; undefined when it did not come so far or the file is damaged. */
export async function reopenParsed(options: ParseOptions, rows: number): Promise<ParsedFile | undefined> {
  try {
    const parsed = await open(options)
    const [found] = await numbers(parsed.db, 'select count(*) from rows')
    if (found === rows) return { ...parsed, rows }
    parsed.close()
  } catch {
    return undefined // it is made again from the file
  }
  return undefined
}

const TERMS =
  'asset_id, obligor, province, product, risk_tier, origination_date, maturity_date, term_months, rate_monthly'

/** Later columns are made of earlier ones. */
const poolSelect = (seed: string): string => `${TERMS}, ${fenSql('original_amount')} original_fen, ${UPDATE_SELECT},
  sha256('${seed}' || asset_id) as salt,
  from_hex(sha256(from_hex(salt) || from_hex(sha256(${TERMS_JSON_SQL})))) as content`

async function open({ folder, memoryMb }: ParseOptions) {
  const instance = await DuckDBInstance.create(join(folder, DATABASE), {
    memory_limit: `${memoryMb}MB`,
    temp_directory: join(folder, 'spill'),
    threads: '2',
  })
  const db = await instance.connect()
  await db.run('set enable_progress_bar = true; set enable_progress_bar_print = false')
  const close = (): void => {
    db.closeSync()
    instance.closeSync()
  }
  return { db, close }
}

async function parse(
  options: ParseOptions,
  columns: readonly Column[],
  rules: readonly RowRule[],
  select: string,
): Promise<ParsedFile> {
  const { file, folder, onProgress } = options
  await checkHeader(file, columns)
  if (file.endsWith('.gz')) await checkGzip(file, columns)
  await rm(join(folder, DATABASE), { force: true })
  await rm(join(folder, `${DATABASE}.wal`), { force: true })
  const { db, close } = await open(options)
  const timer = onProgress && setInterval(() => onProgress(Math.max(0, db.progress.percentage)), 1000)
  try {
    const wrong = [...columns.map(columnTest), ...rules.map(({ isWrong }) => `coalesce(${isWrong}, false)`)]
    try {
      await db.run(
        `create table rows as select ${select}, (${wrong.map((test) => `(${test})`).join(' or ')}) is_wrong
          from ${source(file, columns)}`,
      )
    } catch (error) {
      throw unreadable(file, columns, error)
    }
    await refuseWrong({ db, options, columns, rules })
    const [rows = 0] = await numbers(db, 'select count(*) from rows')
    await db.run('checkpoint')
    return { db, rows, close }
  } catch (error) {
    close()
    throw error
  } finally {
    clearInterval(timer)
  }
}

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`

/** Every column as text: what a cell may hold is our rule to state, not a reader's to guess. */
function source(file: string, columns: readonly Column[], rejects = 'rejects'): string {
  const types = columns.map(({ name }) => `'${name}': 'VARCHAR'`).join(', ')
  return `read_csv(${quoted(file)}, columns = {${types}}, auto_detect = false, header = true, delim = ',', quote = '"',
    escape = '"', new_line = '\\n', compression = ${file.endsWith('.gz') ? "'gzip'" : "'none'"}, strict_mode = true,
    store_rejects = true, rejects_table = '${rejects}', rejects_scan = '${rejects}_scan', max_line_size = 65536)`
}

const columnTest = ({ name, isWrong }: Column): string => `${name} is null or ${isWrong.replaceAll('$', name)}`

interface Found {
  readonly db: DuckDBConnection
  readonly options: ParseOptions
  readonly columns: readonly Column[]
  readonly rules: readonly RowRule[]
}

/** The quick question first; only for a file that is wrong is it read again, to say where. */
async function refuseWrong(found: Found): Promise<void> {
  const { db, options } = found
  const [wrong = 0] = await numbers(db, 'select count(*) from rows where is_wrong')
  const [malformed = 0] = await numbers(db, 'select count(*) from rejects')
  const [rows = 0] = await numbers(db, 'select count(*) from rows')
  // By a hash of the id: eight bytes a row instead of the text. A false alarm is sorted out below.
  const [distinct = 0] = await numbers(db, 'select count(distinct hash(asset_id)) from rows')
  if (wrong === 0 && malformed === 0 && distinct === rows) return
  const limit = options.maxErrors + 1
  const problems = await malformedRows(found, limit)
  const shift = rejectedLines(problems)
  if (wrong > 0) problems.push(...(await wrongRows(found, limit)).map(shift))
  if (distinct < rows) problems.push(...(await repeatedAssets(db, limit)).map(shift))
  if (problems.length === 0) return
  problems.sort((a, b) => a.row - b.row)
  throw new IngestError(basename(options.file), problems.slice(0, options.maxErrors), problems.length >= limit)
}

/** Rows that the reader left out stand between those it took: their numbers are counted in again. */
function rejectedLines(malformed: readonly RowProblem[]): (problem: RowProblem) => RowProblem {
  const lines = [...new Set(malformed.map(({ row }) => row))].sort((a, b) => a - b)
  return (problem) => ({ ...problem, row: lines.reduce((row, line) => (line <= row ? row + 1 : row), problem.row) })
}

async function malformedRows({ db, columns }: Found, limit: number): Promise<RowProblem[]> {
  const reader = await db.runAndReadAll(
    `select distinct on (line) line, column_idx, column_name, error_type::varchar, csv_line, error_message
      from rejects order by line limit ${limit}`,
  )
  return reader.getRows().map(([line, index, name, type, text, message]) => ({
    row: Number(line),
    column: String(name ?? columns[Math.max(0, Math.min(Number(index ?? 1) - 1, columns.length - 1))]!.name),
    code: 'MALFORMED_ROW',
    problem: `${String(type).toLowerCase()}: ${String(message).split('\n')[0]}`,
    value: String(text).slice(0, 60),
  }))
}

async function wrongRows({ db, options, columns, rules }: Found, limit: number): Promise<RowProblem[]> {
  const tests = columns.map(columnTest)
  const anyColumn = tests.map((test) => `(${test})`).join(' or ')
  const ofRow = rules.map(({ isWrong }) => `not (${anyColumn}) and coalesce(${isWrong}, false)`)
  const flags = [...tests, ...ofRow].map((test, i) => `(${test}) f${i}`).join(', ')
  const anyFlag = [...tests, ...ofRow].map((_, i) => `f${i}`).join(' or ')
  const reader = await db.runAndReadAll(
    `select * from (select row_number() over () n, ${columns.map(({ name }) => name).join(', ')}, ${flags}
      from ${source(options.file, columns, 'rejects_again')})
      where ${anyFlag} order by n limit ${limit}`,
  )
  const problems: RowProblem[] = []
  for (const cells of reader.getRows()) {
    const row = Number(cells[0]) + 1
    columns.forEach(({ name, code, problem }, i) => {
      if (cells[1 + columns.length + i] !== true) return
      const value = cells[1 + i]
      problems.push(
        value === null
          ? { row, column: name, code: 'EMPTY_CELL', problem: 'nothing stands here', value: '' }
          : { row, column: name, code, problem, value: String(value).slice(0, 60) },
      )
    })
    rules.forEach(({ column, code, problem }, i) => {
      if (cells[1 + columns.length + columns.length + i] !== true) return
      const at = columns.findIndex(({ name }) => name === column)
      problems.push({ row, column, code, problem, value: String(cells[1 + at]).slice(0, 60) })
    })
  }
  return problems
}

async function repeatedAssets(db: DuckDBConnection, limit: number): Promise<RowProblem[]> {
  const reader = await db.runAndReadAll(
    `select rowid, asset_id, earliest from (select rowid, asset_id, min(rowid) over (partition by asset_id) as earliest
      from rows where asset_id is not null) where rowid > earliest order by rowid limit ${limit}`,
  )
  return reader.getRows().map(([at, id, first]) => ({
    row: Number(at) + 2,
    column: 'asset_id',
    code: 'REPEATED_ASSET',
    problem: `also in row ${Number(first) + 2}`,
    value: String(id).slice(0, 60),
  }))
}

export async function numbers(db: DuckDBConnection, sql: string): Promise<number[]> {
  const reader = await db.runAndReadAll(sql)
  return reader.getRows()[0]!.map(Number)
}

function unreadable(path: string, columns: readonly Column[], error: unknown): IngestError {
  const message = error instanceof Error ? error.message : String(error)
  const at = { row: 1, column: columns[0]!.name, value: '' }
  const problem = message.split('\n')[0]!.slice(0, 300)
  return new IngestError(basename(path), [{ ...at, code: 'UNREADABLE_FILE', problem }], false)
}

/** The header is compared as it stands: a file with its columns in another order is another file. */
async function checkHeader(path: string, columns: readonly Column[]): Promise<void> {
  const want = columns.map(({ name }) => name).join(',')
  let first: string
  try {
    first = await firstLine(path)
  } catch (error) {
    throw unreadable(path, columns, error)
  }
  const got = first.replace(/^\uFEFF/, '').replace(/\r$/, '')
  if (got === want) return
  const [wants, gots] = [want.split(','), got.split(',')]
  const at = wants.findIndex((name, i) => gots[i] !== name)
  const column = wants[at] ?? wants.at(-1)!
  const problem = at < 0 ? `a column too many; the columns are ${want}` : `${column} expected; the columns are ${want}`
  const value = (gots[at < 0 ? wants.length : at] ?? '').slice(0, 60)
  throw new IngestError(basename(path), [{ row: 1, column, code: 'WRONG_HEADER', problem, value }], false)
}

/** DuckDB takes a gzip stream that ends too early for the end of the file; its length and checksum say otherwise. */
async function checkGzip(path: string, columns: readonly Column[]): Promise<void> {
  const nothing = new Writable({ write: (_chunk, _encoding, done) => done() })
  try {
    await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), createGunzip({ chunkSize: 1 << 18 }), nothing)
  } catch (error) {
    throw unreadable(path, columns, error)
  }
}

async function firstLine(path: string): Promise<string> {
  const raw = createReadStream(path, { highWaterMark: 4096 })
  const text = path.endsWith('.gz') ? raw.pipe(createGunzip()) : raw
  if (text !== raw) raw.on('error', (error) => text.destroy(error))
  let read = Buffer.alloc(0)
  try {
    for await (const chunk of text as AsyncIterable<Buffer>) {
      read = Buffer.concat([read, chunk])
      if (read.includes(10) || read.length > 65_536) break
    }
  } finally {
    raw.destroy()
  }
  const end = read.indexOf(10)
  return read.subarray(0, end < 0 ? read.length : end).toString('utf8')
}
