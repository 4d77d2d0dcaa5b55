import { and, arrayOverlaps, asc, desc, eq, gt, lt, or, sql, type SQL } from 'drizzle-orm'
import type { PgColumn, PgTable } from 'drizzle-orm/pg-core'
import type { Database } from '#node/projector/projection'
import { badRequest } from '../kit/problem.ts'

/** A list that readers may page, sort and filter: which table, and which of its columns. */
export interface Listing {
  readonly table: PgTable
  readonly id: PgColumn
  /** Who may read a row; a table without it is open to every participant. */
  readonly topics: PgColumn | undefined
  readonly sort: Readonly<Record<string, PgColumn>>
  readonly filter: Readonly<Record<string, PgColumn>>
}

export interface PageRequest {
  readonly readable: readonly string[]
  /** A name of `sort`, with a leading minus for descending; by id when absent. */
  readonly sort: string | undefined
  readonly after: string | undefined
  readonly limit: number
  readonly filter: Readonly<Record<string, string>>
}

export interface Page {
  readonly items: readonly Record<string, unknown>[]
  /** What to pass as `after` for the next page; null at the end. */
  readonly next: string | null
}

/** Keyset paging: a row that is added or moved meanwhile neither doubles nor hides another. */
export async function page(db: Database, listing: Listing, request: PageRequest): Promise<Page> {
  const { table, id, sort } = listing
  const name = (request.sort ?? 'id').replace(/^-/, '')
  const isDescending = request.sort?.startsWith('-') ?? false
  const column = name === 'id' ? id : sort[name]
  if (!column)
    throw badRequest('BAD_SORT', [{ field: '/query/sort', problem: `one of id, ${Object.keys(sort).join(', ')}` }])
  const order = isDescending ? desc : asc
  const rows = await db
    .select()
    .from(table)
    .where(
      and(
        visible(listing, request.readable),
        filters(listing, request.filter),
        beyond(column, id, isDescending, request.after),
      ),
    )
    .orderBy(order(column), order(id))
    .limit(request.limit + 1)
  const items = rows.slice(0, request.limit)
  const last = items.at(-1)
  const next =
    rows.length > request.limit && last ? pointer(valueOf(listing, last, column), valueOf(listing, last, id)) : null
  return { items, next }
}

/** The row, if it is there and may be read. */
export async function item(db: Database, listing: Listing, readable: readonly string[], id: string) {
  const [row] = await db
    .select()
    .from(listing.table)
    .where(and(visible(listing, readable), eq(listing.id, id)))
    .limit(1)
  return row as Record<string, unknown> | undefined
}

const visible = ({ topics }: Listing, readable: readonly string[]): SQL | undefined =>
  topics && (readable.length > 0 ? arrayOverlaps(topics, [...readable]) : sql`false`)

function filters({ filter }: Listing, wanted: PageRequest['filter']): SQL | undefined {
  return and(...Object.entries(wanted).map(([name, value]) => eq(filter[name]!, value)))
}

function valueOf({ table }: Listing, row: Record<string, unknown>, column: PgColumn): string {
  const [property] = Object.entries(table).find(([, candidate]) => candidate === column) ?? []
  return String(row[property ?? ''])
}

const pointer = (value: string, id: string): string => Buffer.from(JSON.stringify([value, id])).toString('base64url')

function beyond(column: PgColumn, id: PgColumn, isDescending: boolean, after: string | undefined): SQL | undefined {
  if (after === undefined) return undefined
  const [value, lastId] = parsePointer(after)
  const past = isDescending ? lt : gt
  const typed = sql`${value}::${sql.raw(column.getSQLType())}`
  return or(past(column, typed), and(eq(column, typed), past(id, lastId)))
}

function parsePointer(text: string): readonly [string, string] {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString())
    if (Array.isArray(value) && value.length === 2 && value.every((part) => typeof part === 'string')) {
      return value as unknown as readonly [string, string]
    }
  } catch {
    // falls through to the refusal below
  }
  throw badRequest('BAD_CURSOR', [{ field: '/query/after', problem: 'not a pointer that a page gave as next' }])
}
