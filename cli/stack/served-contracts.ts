import { describe, type MethodDescription } from '#contracts/describe'
import { registry } from '#contracts/registry'
import { canonicalJson } from '#proof/canonical'
import type { Json, JsonObject } from '#proof/json'
import { CommandFailure } from '../failure.ts'

/** What GET /v1/contracts answers, as far as it is used here. */
export interface ServedContracts {
  readonly methods: readonly JsonObject[]
}

/**
 * A node describes the contracts that it runs. This program shows commands as its own contracts describe them, so that no
 * node can put other words before a signer; where the two differ, the command would do something else than is shown.
 * @throws CommandFailure when they differ
 */
export function sameMethod(name: string, { methods }: ServedContracts): void {
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
