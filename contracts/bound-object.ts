import { ID_PATTERN } from '#proof/command'
import type { JsonObject } from '#proof/json'
import { dealObject } from './calendar/state.ts'

/** Contracts whose commands with an argument `deal` are commands on that deal. */
const OF_DEALS: ReadonlySet<string> = new Set(['deal', 'asset-registry', 'securities', 'servicing'])
const ID = new RegExp(ID_PATTERN)
const DEAL = dealObject('')

interface Called {
  readonly contract: string
  readonly args: JsonObject
}

/** What a command acts upon, if it can stay on a version of the contracts: `deal:D`, also where its day is closed. */
export function boundObject({ contract, args }: Called): string | undefined {
  const { deal, object } = args
  if (OF_DEALS.has(contract)) return typeof deal === 'string' && ID.test(deal) ? DEAL + deal : undefined
  if (contract === 'calendar') return typeof object === 'string' && object.startsWith(DEAL) ? object : undefined
  return undefined
}

/** The deal whose version decides a command, for whoever asks a node what that version says (`/v1/contracts?deal=`). */
export function boundDeal(command: Called): string | undefined {
  const deal = boundObject(command)?.slice(DEAL.length)
  return deal !== undefined && ID.test(deal) ? deal : undefined
}
