import type { FastifyReply, FastifyRequest } from 'fastify'
import { getTableColumns, type Column } from 'drizzle-orm'
import { Type, type TSchema } from 'typebox'
import { csvOf } from '../kit/csv.ts'
import { badRequest, notFound } from '../kit/problem.ts'
import { routeOf, type Route } from '../kit/route.ts'
import { item, page, type Listing } from './page.ts'
import { POSITION_PATTERN, type Reading } from './reading.ts'

export interface ReadingDeps {
  readonly reading: Reading
}

const MAX_PAGE = 500
/** A CSV is for a spreadsheet: one request may ask for more. */
const MAX_CSV = 10_000

export const At = Type.Optional(
  Type.String({ pattern: POSITION_PATTERN, description: 'Answer only when this position (of a write) is taken in.' }),
)

export interface Resource {
  /** `/v1/accounts`; the single one is at `/v1/accounts/:id`. */
  readonly url: string
  readonly tag: string
  readonly what: string
  readonly listing: Listing
  readonly projections: readonly string[]
  /** Fixed by the path: parameter → name in the listing's filter. */
  readonly path?: Readonly<Record<string, string>>
  readonly idPattern?: string
  /** Columns left out of lists because they are large. */
  readonly heavy?: readonly string[]
}

/** A list with paging, sorting, filters and CSV, and the single row: the same for every read model. */
export function readRoutes(resource: Resource): readonly Route<ReadingDeps>[] {
  return [listRoute(resource), ...(resource.path ? [] : [itemRoute(resource)])]
}

function listRoute({ url, tag, what, listing, projections, path = {}, heavy = [] }: Resource): Route<ReadingDeps> {
  const filters = Object.keys(listing.filter).filter((name) => !Object.values(path).includes(name))
  const sorts = Object.keys(listing.sort).join(', ')
  const row = rowSchema(listing, heavy)
  const text = Type.Optional(Type.String({ minLength: 1, maxLength: 200 }))
  return routeOf<ReadingDeps>(tag)({
    method: 'GET',
    url,
    summary: `${what}: those that the caller may see (Accept: text/csv for a spreadsheet)`,
    schema: {
      params: Type.Object(Object.fromEntries(Object.keys(path).map((name) => [name, Type.String({ maxLength: 200 })]))),
      querystring: Type.Object(
        {
          ...Object.fromEntries(filters.map((name) => [name, text])),
          at: At,
          after: Type.Optional(Type.String({ maxLength: 1000, description: '`next` of the page before' })),
          limit: Type.Optional(
            Type.Integer({ minimum: 1, maximum: MAX_CSV, description: `${MAX_PAGE} at most, but for CSV` }),
          ),
          sort: Type.Optional(Type.String({ maxLength: 50, description: `id, ${sorts}; with a minus for descending` })),
        },
        { additionalProperties: false },
      ),
      response: { 200: Type.Object({ items: Type.Array(row), next: Type.Union([Type.String(), Type.Null()]) }) },
    },
    async handler({ params, query, caller, request, reply }, { reading }) {
      const asked = query as Record<string, string | undefined> & { limit?: number }
      const isCsv = wantsCsv(request)
      const limit = asked.limit ?? (isCsv ? MAX_CSV : 100)
      if (!isCsv && limit > MAX_PAGE)
        throw badRequest('BAD_REQUEST', [{ field: '/query/limit', problem: `${MAX_PAGE} at most` }])
      await reading.reach(asked['at'], projections)
      const filter = Object.fromEntries([
        ...Object.entries(path).map(([name, column]) => [column, (params as Record<string, string>)[name]!]),
        ...filters.flatMap((name) => (asked[name] === undefined ? [] : [[name, asked[name]]])),
      ]) as Record<string, string>
      const readable = await reading.readable(caller)
      const { items, next } = await page(reading.db, listing, {
        readable,
        filter,
        limit,
        sort: asked['sort'],
        after: asked['after'],
      })
      const shown = items.map((row) => withoutHeavy(row, heavy))
      return isCsv ? sendCsv(reply, columnsOf(listing, heavy), shown, next) : { items: shown, next }
    },
  })
}

function itemRoute({ url, tag, what, listing, projections, idPattern }: Resource): Route<ReadingDeps> {
  return routeOf<ReadingDeps>(tag)({
    method: 'GET',
    url: `${url}/{id}`,
    summary: `${what}: one of them`,
    schema: {
      params: Type.Object({ id: Type.String(idPattern ? { pattern: idPattern } : { maxLength: 200 }) }),
      querystring: Type.Object({ at: At }, { additionalProperties: false }),
      response: { 200: rowSchema(listing, []) },
    },
    async handler({ params, query, caller }, { reading }) {
      await reading.reach(query.at, projections)
      const found = await item(reading.db, listing, await reading.readable(caller), params.id)
      if (!found) throw notFound(what, params.id)
      return withoutHeavy(found, [])
    },
  })
}

export const wantsCsv = (request: FastifyRequest): boolean => /^\s*text\/csv\b/i.test(request.headers.accept ?? '')

export async function sendCsv(
  reply: FastifyReply,
  columns: readonly string[],
  rows: readonly Record<string, unknown>[],
  next: string | null,
): Promise<FastifyReply> {
  if (next !== null) void reply.header('x-next', next)
  await reply.type('text/csv; charset=utf-8').serializer(String).send(csvOf(columns, rows))
  return reply
}

/** Who may read a row is the node's business; the row says what, and where it comes from. */
function withoutHeavy(row: Record<string, unknown>, heavy: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(row).filter(([name]) => name !== 'topics' && !heavy.includes(name)))
}

const columnsOf = ({ table }: Listing, heavy: readonly string[]): string[] =>
  Object.keys(getTableColumns(table)).filter((name) => name !== 'topics' && !heavy.includes(name))

function rowSchema(listing: Listing, heavy: readonly string[]): TSchema {
  const columns = getTableColumns(listing.table)
  return Type.Object(Object.fromEntries(columnsOf(listing, heavy).map((name) => [name, columnSchema(columns[name]!)])))
}

function columnSchema(column: Column): TSchema {
  const schema = baseSchema(column)
  return column.notNull ? schema : Type.Union([schema, Type.Null()])
}

function baseSchema({ dataType, columnType }: Column): TSchema {
  if (columnType === 'PgInteger') return Type.Integer()
  if (columnType === 'PgNumeric') return Type.String({ description: 'Whole fen.' })
  if (dataType === 'boolean') return Type.Boolean()
  return dataType === 'json' ? Type.Any() : Type.String()
}
