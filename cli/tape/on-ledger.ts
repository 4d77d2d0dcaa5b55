// What an organisation's own node says of batches, keys and parties: a node that it trusts, as it trusts its own ledger.
import type { SluiceClient } from '#client/client'
import type { Batch } from '#contracts/asset-registry/state'
import type { KeyLookup } from '#node/exchange/manifest'
import { CommandFailure } from '../failure.ts'

/** A version as the ledger has it, and who decided what about it. */
export interface BatchOnLedger extends Batch {
  readonly proposedBy: string
  readonly attestedBy: string | null
  readonly reason: string | null
}

/** In the order of their versions. @param at the position of a write that must be in it */
export async function batchesOf(client: SluiceClient, deal: string, at?: string): Promise<BatchOnLedger[]> {
  const batches: BatchOnLedger[] = []
  const path = `/v1/deals/${encodeURIComponent(deal)}/batches`
  for await (const row of client.all<BatchOnLedger>(path, { sort: 'version', ...(at === undefined ? {} : { at }) }))
    batches.push(row)
  return batches
}

export const batchAt = (batches: readonly BatchOnLedger[], version: number): BatchOnLedger | undefined =>
  batches.find((batch) => batch.version === version)

/** The version asked for, or the one that waits for the custodian. @throws CommandFailure when there is none */
export function waiting(batches: readonly BatchOnLedger[], deal: string, version: number | undefined): BatchOnLedger {
  const found = version === undefined ? batches.find(({ state }) => state === 'proposed') : batchAt(batches, version)
  if (found) return found
  if (version !== undefined) throw new CommandFailure(`${deal} has no batch ${version} on the ledger`)
  // Whoever runs a command again that was killed learns here that it had done its work.
  const last = batches.at(-1)
  throw new CommandFailure(`${deal} has no batch that waits on the ledger${last ? `; ${decidedHow(last)}` : ''}`)
}

/** What became of a version that waits no more, and by whom or why. */
export function decidedHow({ deal, version, state, attestedBy, reason }: BatchOnLedger): string {
  const why = attestedBy ? `, attested by ${attestedBy}` : reason ? `: ${reason}` : ''
  return `version ${version} of ${deal} is ${state} already${why}`
}

interface KeyRow {
  readonly keyId: string
  readonly publicKey: string
  readonly fromHeight: number
  readonly untilHeight: number | null
}

/** Keys that are valid for the next block, as the read model of membership has them. */
export const keysBy =
  (client: SluiceClient): KeyLookup =>
  async (participant, keyId) => {
    const { height } = await client.get<{ height: number }>('/v1/head')
    const next = height + 1
    for await (const key of client.all<KeyRow>(`/v1/participants/${encodeURIComponent(participant)}/keys`)) {
      const { fromHeight, untilHeight } = key
      if (key.keyId === keyId && fromHeight <= next && (untilHeight === null || untilHeight > next))
        return key.publicKey
    }
    return undefined
  }

/** Who fills a role in a plan. @throws CommandFailure */
export async function inRole(client: SluiceClient, deal: string, role: string): Promise<string> {
  const { parties } = await client.get<{ parties: Record<string, string[]> }>(`/v1/deals/${encodeURIComponent(deal)}`)
  const [found] = parties[role] ?? []
  if (found === undefined) throw new CommandFailure(`plan ${deal} names no ${role}`)
  return found
}
