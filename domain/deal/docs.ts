/** What is generated into docs: the JSON Schema of deal terms and the table of figures that formulas may ask for. */
import type { Json } from '../waterfall/codec.ts'
import { statTable } from '../waterfall/stats.ts'
import { DealTerms, TERMS_SCHEMA } from './terms.ts'

/** The published JSON Schema (draft 2020-12). */
export function schemaDocument(): Json {
  // Through JSON: the schema's own symbols and functions are not part of the document.
  const schema = JSON.parse(JSON.stringify(DealTerms)) as { readonly [key: string]: Json }
  const $defs: Record<string, Json> = {}
  const body = published(schema, $defs) as { readonly [key: string]: Json }
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: `https://sluice.example/${TERMS_SCHEMA}`,
    title: 'Sluice deal terms, version 1',
    ...body,
    $defs,
  }
}

/**
 * From the builder's dialect to the draft's: tuples are `prefixItems`, and the definitions of recursive lists, which stand
 * beside each of their uses, are gathered at the root once.
 */
function published(value: Json, $defs: Record<string, Json>): Json {
  if (Array.isArray(value)) return value.map((item: Json) => published(item, $defs))
  if (typeof value !== 'object' || value === null) return value
  const node = value as { readonly [key: string]: Json }
  for (const [name, definition] of Object.entries((node['$defs'] ?? {}) as { readonly [key: string]: Json })) {
    if (name in $defs) continue
    $defs[name] = {}
    const { $id: _, ...rest } = definition as { readonly [key: string]: Json }
    $defs[name] = published(rest, $defs)
  }
  const entries = Object.entries(node).flatMap(([key, item]): [string, Json][] => {
    if (key === '$defs') return []
    if (key === '$ref' && typeof item === 'string') return [['$ref', item.startsWith('#') ? item : `#/$defs/${item}`]]
    if (key === 'items' && Array.isArray(item)) return [['prefixItems', published(item, $defs)]]
    if (key === 'additionalItems') return [['items', item]]
    return [[key, published(item, $defs)]]
  })
  return Object.fromEntries(entries)
}

const TYPE: Readonly<Record<string, string>> = {
  money: 'money',
  number: 'number',
  date: 'date',
  flag: 'condition',
  same: 'as its argument',
}

/** A Markdown table, in the order of the code. */
export function figuresTable(): string {
  const none = new Map<string, readonly number[]>()
  const stats = statTable(
    { tranche: none, pool: none, account: none, fee: none, ledger: none, facility: none },
    new Map(),
  )
  const rows = Object.entries(stats).map(([name, { args, type, zh, en }]) => {
    const inside = args
      .map(
        ({ kind, of, many, optional }) =>
          `${kind === 'name' ? `"${of}"` : kind}${many ? ', …' : ''}${optional ? ' (optional)' : ''}`,
      )
      .join(', ')
    return `| \`${name}${inside === '' ? '' : `(${inside})`}\` | ${TYPE[type]} | ${en} | ${zh} |`
  })
  return ['| figure | type | meaning | 含义 |', '|---|---|---|---|', ...rows].join('\n')
}
