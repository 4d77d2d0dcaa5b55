import { describe } from '#contracts/describe'
import type { Method } from '#contracts/kernel/method'
import { registry } from '#contracts/registry'
import { reviewOf, type Review } from '#contracts/review'
import type { Command } from '#proof/command'
import type { Json, JsonObject } from '#proof/json'

/** @throws SentenceError, CanonicalError: what cannot be said in full is not signed */
export const review = (command: Command): Review => reviewOf(describe(registry), command)

/** Every method by name, with the names of its arguments as a skeleton to fill in. */
export const METHODS: ReadonlyMap<string, JsonObject> = new Map(
  registry
    .allMethods()
    .map((one: Method) => [`${one.contract}.${one.method}`, skeletonOf(one.args as { properties?: object })] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1)),
)

function skeletonOf({ properties = {} }: { properties?: object }): JsonObject {
  return Object.fromEntries(
    Object.entries(properties).map(([name, schema]) => [
      name,
      emptyOf(schema as { type?: string; properties?: object }),
    ]),
  )
}

function emptyOf({ type, properties }: { type?: string; properties?: object }): Json {
  if (type === 'object') return skeletonOf(properties ? { properties } : {})
  if (type === 'array') return []
  if (type === 'string') return ''
  return type === 'integer' ? 0 : null
}
