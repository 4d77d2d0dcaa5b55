import { describe, type MethodDescription } from '#contracts/describe'
import { registry } from '#contracts/registry'
import { canonicalJson } from '#proof/canonical'
import type { Json, JsonObject } from '#proof/json'
import type { Hash } from '#proof/hash'
import { CommandFailure } from '../failure.ts'

/** What GET /v1/contracts answers, as far as it is used here. */
export interface ServedContracts {
  readonly chainId: string
  /** What decides the next block; null: the node's own sources. */
  readonly bundle: Hash | null
  readonly versions: readonly { readonly fromHeight: number; readonly value: Hash | null }[]
  readonly methods: readonly JsonObject[]
}

/** Asks a node. @throws CommandFailure when it does not answer as a node does */
export async function servedBy(url: string): Promise<ServedContracts> {
  try {
    const response = await fetch(new URL('/v1/contracts', url))
    const body = (await response.json()) as Partial<ServedContracts>
    if (response.ok && Array.isArray(body.versions) && Array.isArray(body.methods)) return body as ServedContracts
  } catch (error) {
    throw new CommandFailure(`${url}: no node answers`, 1, { cause: error })
  }
  throw new CommandFailure(`${url}: does not answer as a node does`)
}

/**
 * A node describes the contracts that it runs. This program shows commands as its own contracts describe them, so that no
 * node can put other words before a signer; where the two differ, the command would do something else than is shown.
 * @throws CommandFailure when they differ
 */
export function sameMethod(name: string, { methods }: Pick<ServedContracts, 'methods'>): void {
  const own = describe(registry)
    .contracts.flatMap((contract) => contract.methods)
    .find((method) => method.name === name)
  const served = methods.find((method) => method['name'] === name)
  if (!own || !served) throw new CommandFailure(`${name}: no such method ${own ? 'at this node' : 'in this program'}`)
  if (canonicalJson(asServed(own)) !== canonicalJson(only(served))) {
    throw new CommandFailure(`${name}: this node's contracts describe it otherwise than this program's; not signed`)
  }
}

const asServed = ({ sentence, clauses = {}, args, fields, roles, functions }: MethodDescription): Json =>
  JSON.parse(JSON.stringify({ sentences: sentence, clauses, args, fields, by: { roles, functions } })) as Json

const only = ({ sentences = null, clauses = {}, args = null, fields = null, by = null }: JsonObject): Json => ({
  sentences,
  clauses,
  args,
  fields,
  by,
})
