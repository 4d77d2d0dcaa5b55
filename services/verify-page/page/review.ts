import { sentenceOf } from '#contracts/describe'
import type { Method } from '#contracts/kernel/method'
import { registry } from '#contracts/registry'
import { canonicalJson } from '#proof/canonical'
import { commandDigest, signingBytes, type Command } from '#proof/command'
import { bytesToHex } from '#proof/hash'
import type { Json, JsonObject } from '#proof/json'

/** What a signer is shown before signing: the sentence in both languages, every byte of the command, its digest. */
export interface Review {
  readonly sentence: { readonly zh: string; readonly en: string }
  readonly canonical: string
  readonly digest: string
  /** What the key signs, in hex: the domain's tag, then the digest. */
  readonly signed: string
}

/** @throws SentenceError, CanonicalError: what cannot be said in full is not signed */
export const reviewOf = (command: Command): Review => ({
  sentence: sentenceOf(registry, command),
  canonical: canonicalJson(command as unknown as Json),
  digest: commandDigest(command),
  signed: bytesToHex(signingBytes(command)),
})

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
