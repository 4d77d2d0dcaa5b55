import type { Visibility } from './kernel/visibility.ts'

/** What a figure counts. An amount of fen is shown in yuan. */
export type Unit = 'fen' | 'units' | 'months' | 'days' | 'bytes' | 'milliseconds' | 'height'

export interface FieldDescription {
  // `/invoices/*/amountFen`: a star is any place in a list. What stands below a field that is not taken apart is as it.
  readonly path: string
  readonly visibility: Visibility
  readonly unit?: Unit
}

/** Units are in names (a rule of the house); so a unit is known wherever the field stands. */
const UNIT_OF_NAME: readonly (readonly [RegExp, Unit])[] = [
  [/(Fen|^fen)$/, 'fen'],
  [/^units$/, 'units'],
  [/(Months|^months)$/, 'months'],
  [/(Days|^days)$/, 'days'],
  [/(Bytes|^bytes)$/, 'bytes'],
  [/Ms$/, 'milliseconds'],
  [/(Height|^height)$/, 'height'],
]
export const unitOfName = (name: string): Unit | undefined => UNIT_OF_NAME.find(([pattern]) => pattern.test(name))?.[1]

/** As much of a JSON schema as is walked here. */
interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
}

/** Levels of fields within fields that are taken apart, and fields of one: beyond, as in deal terms, it is one field. */
const MAX_LEVELS = 4
const MAX_FIELDS = 60

/** Every field of a method's arguments or an event, with who learns it and what it counts. */
export function describeFields(schema: object, visibilityOf: (field: string) => Visibility): FieldDescription[] {
  const of = (name: string, path: string, schema: Schema, levels: number): FieldDescription[] => {
    const parts = partsOf(schema)
    const isLeaf = parts.every(({ properties, items }) => !properties && !items)
    const unit = isLeaf ? unitOfName(name) : undefined
    const visibility = visibilityOf(isLeaf ? name : '')
    const below = levels < MAX_LEVELS ? parts.flatMap((part) => within(name, path, part, levels + 1)) : []
    return [{ path, visibility, ...(unit && { unit }) }, ...(below.length <= MAX_FIELDS ? below : [])]
  }
  const within = (
    name: string,
    path: string,
    { properties = {}, items }: Schema,
    levels: number,
  ): FieldDescription[] => [
    ...Object.entries(properties).flatMap(([key, part]) => of(key, `${path}/${key}`, part, levels)),
    ...(items ? of(name, `${path}/*`, items, levels) : []),
  ]
  const found = within('', '', schema as Schema, 0)
  return [...new Map(found.map((field) => [field.path, field])).values()]
}

const partsOf = (schema: Schema): Schema[] => (schema.anyOf ? schema.anyOf.flatMap(partsOf) : [schema])
