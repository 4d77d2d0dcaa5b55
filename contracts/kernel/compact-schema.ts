import type { Json, JsonObject } from '#proof/json'

/** A schema smaller than this, in characters, is left where it stands. */
const WORTH_NAMING = 200

interface Node {
  readonly value: Json
  /** Characters of its text. */
  readonly size: number
  uses: number
}

/**
 * The same JSON schema with every larger part that occurs more than once under `$defs`, in the order in which they are met.
 * Deal terms nest conditions within conditions: written out they take megabytes, and so do their tests and descriptions.
 */
export function compactSchema(schema: unknown): JsonObject {
  const nodes = new Nodes()
  const root = nodes.intern(schema)
  const definitions: Record<string, Json> = {}
  const names = new Map<Node, string>()

  const write = (node: Node, isRoot = false): Json => {
    if (!isRoot && node.uses > 1 && node.size >= WORTH_NAMING && isSchema(node.value)) {
      const name = names.get(node) ?? `d${names.size + 1}`
      if (!names.has(node)) {
        names.set(node, name)
        definitions[name] = expand(node)
      }
      return { $ref: `#/$defs/${name}` }
    }
    return expand(node)
  }
  const expand = ({ value }: Node): Json => {
    if (Array.isArray(value)) return value.map((item: Json) => write(nodes.of(item)))
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, write(nodes.of(item))]))
  }

  const body = write(root, true) as JsonObject
  return Object.keys(definitions).length > 0 ? { ...body, $defs: definitions } : body
}

/** A `properties` map may have a property of one of these names, but then it holds a schema and not a word or a list. */
const isSchema = (value: Json): boolean => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const { type, anyOf, allOf } = value as JsonObject
  return typeof type === 'string' || Array.isArray(anyOf) || Array.isArray(allOf)
}

/** Equal values are one node, whatever object they came as; `uses` counts the places that name it. */
class Nodes {
  private readonly byText = new Map<string, Node>()
  private readonly byObject = new Map<object, Node>()
  private readonly ids = new Map<Node, number>()
  private readonly byValue = new Map<Json, Node>()

  intern(given: unknown): Node {
    const known = typeof given === 'object' && given !== null ? this.byObject.get(given) : undefined
    if (known) return known
    const node = this.unique(given)
    if (typeof given === 'object' && given !== null) this.byObject.set(given, node)
    return node
  }

  of(value: Json): Node {
    return this.byValue.get(value)!
  }

  private unique(given: unknown): Node {
    if (typeof given !== 'object' || given === null) {
      const text = JSON.stringify(given)
      return this.keep(text, given as Json, text.length, [])
    }
    const entries = Object.entries(given).filter(([, item]) => item !== undefined && typeof item !== 'function')
    const children = entries.map(([, item]) => this.intern(item))
    const ids = entries.map(([key], i) => `${JSON.stringify(key)}:${this.ids.get(children[i]!)}`)
    const size = 2 + entries.reduce((sum, [key], i) => sum + key.length + 4 + children[i]!.size, 0)
    const value = Array.isArray(given)
      ? children.map((child) => child.value)
      : Object.fromEntries(entries.map(([key], i) => [key, children[i]!.value]))
    return this.keep(`${Array.isArray(given) ? '[' : '{'}${ids.join()}`, value, size, children)
  }

  private keep(text: string, value: Json, size: number, children: readonly Node[]): Node {
    const known = this.byText.get(text)
    if (known) return known
    const node: Node = { value, size, uses: 0 }
    this.byText.set(text, node)
    this.ids.set(node, this.ids.size)
    this.byValue.set(value, node)
    // A part used twice inside one that is itself met many times is still two places only: each node is kept once.
    for (const child of children) child.uses += 1
    return node
  }
}
