import { sql, type SQL } from 'drizzle-orm'
import { getTableConfig, PgDialect, type PgTable } from 'drizzle-orm/pg-core'

/** The schema that readers use: views onto the live version of each projection. */
export const READ_SCHEMA = 'read'

/** Where one version of a projection has its tables. */
export const schemaOf = (projection: string, version: number): string => `projection_${projection}_v${version}`

const dialect = new PgDialect()
const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`
const qualified = (schema: string, name: string): string => `${identifier(schema)}.${identifier(name)}`

/** DDL from the table's own drizzle definition, so that columns are written once. Defaults in SQL are not used here. */
export function createTable(table: PgTable): SQL[] {
  const { name, schema = 'public', columns, primaryKeys, indexes } = getTableConfig(table)
  const lines = columns.map(
    (column) =>
      `${identifier(column.name)} ${column.getSQLType()}${column.notNull ? ' not null' : ''}${column.primary ? ' primary key' : ''}`,
  )
  for (const key of primaryKeys)
    lines.push(`primary key (${key.columns.map((column) => identifier(column.name)).join(', ')})`)
  const statements = [sql.raw(`create table if not exists ${qualified(schema, name)} (${lines.join(', ')})`)]
  for (const { config } of indexes) {
    const on = config.columns.map((column) =>
      'name' in column && column.name ? identifier(column.name) : dialect.sqlToQuery(column as SQL).sql,
    )
    statements.push(
      sql.raw(
        `create index if not exists ${identifier(config.name ?? `${name}_idx`)} on ${qualified(schema, name)} (${on.join(', ')})`,
      ),
    )
  }
  return statements
}

/** Points the readers' view of each table at this version; a view of other columns is replaced whole. */
export function swapViews(tables: readonly PgTable[]): SQL[] {
  return tables.flatMap((table) => {
    const { name, schema = 'public' } = getTableConfig(table)
    return [
      sql.raw(`drop view if exists ${qualified(READ_SCHEMA, name)}`),
      sql.raw(`create view ${qualified(READ_SCHEMA, name)} as select * from ${qualified(schema, name)}`),
    ]
  })
}

export const dropSchema = (schema: string): SQL => sql.raw(`drop schema if exists ${identifier(schema)} cascade`)
export const createSchema = (schema: string): SQL => sql.raw(`create schema if not exists ${identifier(schema)}`)
