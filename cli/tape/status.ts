import { join } from 'node:path'
import { ExchangeError } from '#node/exchange/errors'
import { isThere } from '#node/is-there'
import type { Batch, BatchState } from '#contracts/asset-registry/state'
import { receivedFolder } from '../stack/tapes.ts'
import { batchesOf } from './on-ledger.ts'
import type { OpenTape } from './tape.ts'

export interface VersionStatus {
  readonly version: number
  readonly asOf: string
  readonly root: string
  /** Null: the ledger knows nothing of it. */
  readonly ledger: BatchState | null
  readonly reason: string | null
  /** Whether this organisation's tape has it. */
  readonly onTape: boolean
  /** Whom this organisation holds the package ready for, and who has signed for it. */
  readonly offeredTo: readonly string[]
  readonly receivedBy: readonly string[]
  /** Whether this organisation has pulled the package. */
  readonly pulled: boolean
}

/** Every version that the ledger or this tape knows. */
export async function statusOf(tape: OpenTape): Promise<VersionStatus[]> {
  const { party, deal, store } = tape
  const all: VersionStatus[] = []
  const batches = await batchesOf(party.client, deal)
  for (const { version, asOf, root, state, reason, contentHash } of batches) {
    const own = await store.version(deal, version)
    const files = await filesOf(tape, contentHash)
    all.push({ version, asOf, root: root.hash, ledger: state, reason, onTape: own !== undefined, ...files })
  }
  for (const { version, asOf, root, contentHash } of await store.unsettled(deal)) {
    if (all.some((each) => each.version === version)) continue
    const files = await filesOf(tape, contentHash)
    all.push({ version, asOf, root: root.hash, ledger: null, reason: null, onTape: true, ...files })
  }
  return all
}

async function filesOf(
  { party, exchange }: OpenTape,
  content: string,
): Promise<Pick<VersionStatus, 'offeredTo' | 'receivedBy' | 'pulled'>> {
  const { organisation, place } = party
  const ofMine = async <T>(ask: () => Promise<T>, otherwise: T): Promise<T> => {
    try {
      return await ask()
    } catch (error) {
      if (error instanceof ExchangeError && error.code === 'NOT_FOUND') return otherwise
      throw error
    }
  }
  const manifest = await ofMine(() => exchange.manifest(content, organisation), undefined)
  const receipts = await ofMine(() => exchange.receipts(content, organisation), [])
  const path = join(receivedFolder(place), content)
  return {
    offeredTo: manifest?.body.from === organisation ? manifest.body.to : [],
    receivedBy: receipts.map(({ body }) => body.participant),
    pulled: await isThere(path),
  }
}

export function statusLines(deal: string, all: readonly VersionStatus[]): string[] {
  if (all.length === 0) return [`${deal}: no version, neither on the ledger nor on the tape`]
  return all.map(({ version, asOf, root, ledger, reason, onTape, offeredTo, receivedBy, pulled }) =>
    [
      `${deal} version ${version} as of ${asOf}, root ${root.slice(0, 16)}…: ${ledger ?? 'not proposed'}`,
      ...(reason ? [`(${reason})`] : []),
      onTape ? 'on this tape' : 'not on this tape',
      ...(offeredTo.length > 0 ? [`package held ready for ${offeredTo.join(', ')}`] : []),
      ...(receivedBy.length > 0 ? [`signed for by ${receivedBy.join(', ')}`] : []),
      ...(pulled ? ['package here'] : []),
    ].join('; '),
  )
}

export const settledLine = ({ deal, version, state }: Batch): string =>
  state === 'rejected'
    ? `version ${version} of ${deal} was rejected and is taken back: ingest what is right as the next`
    : `version ${version} of ${deal} is effective: its package and the seed of its salts are gone from here`
