import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import type { FileExchange } from '#node/exchange/exchange'
import { discardPulled } from '#node/exchange/pull'
import { assetBookOf, type AssetBook } from '#node/ingest/asset-book'
import { TapeKeeper, type KeeperOptions } from '#node/ingest/keeper'
import type { HeldTape } from '#node/ingest/settle'
import { TapeStore } from '#node/ingest/store'
import { CommandFailure } from '../failure.ts'

/** Where the tape of an organisation stands: `sluice ingest` writes there, its node proves assets from there. */
export interface TapePlace {
  readonly databaseUrl: string
  /** Of its trees and unfinished jobs. */
  readonly folder: string
  /** Where the node keeps what its organisations offer to others. */
  readonly exchange: string
}

/** Where an organisation keeps packages that it pulled, until the ledger has had its last word on them. */
export const receivedFolder = ({ folder }: Pick<TapePlace, 'folder'>): string => join(folder, 'received')

/** The tape of an organisation at its place, as settling uses it. */
export const heldTape = (
  participant: string,
  place: TapePlace,
  store: TapeStore,
  exchange: Pick<FileExchange, 'remove'>,
): HeldTape => ({
  store,
  folder: place.folder,
  async removePackage(content) {
    await exchange.remove(content, participant)
    await discardPulled(receivedFolder(place), [content])
  },
})

/** The tapes of the organisations that one node serves. */
export interface HostedTapes {
  readonly places: ReadonlyMap<string, TapePlace>
  readonly assets: AssetBook
  close(): Promise<void>
}

const fileOf = (dataDir: string): string => join(dataDir, 'tapes.json')

export const exchangeFolder = (dataDir: string): string => join(dataDir, 'exchange')

/**
 * Each organisation's tape in a schema of its own in the node's database, its trees in a folder of its own: what one
 * holds is not shown to another. They are opened when an asset is first asked for, and kept in line with the ledger.
 */
export async function openTapes(options: {
  readonly databaseUrl: string
  readonly dataDir: string
  readonly participants: readonly string[]
  readonly ledger: KeeperOptions['ledger']
  readonly exchange: Pick<FileExchange, 'remove'>
  readonly onError: (error: unknown) => void
}): Promise<HostedTapes> {
  const { databaseUrl, dataDir, participants, ledger, exchange, onError } = options
  const places = await placesOf(databaseUrl, dataDir, participants)
  const stores = new Map<string, Promise<TapeStore>>()
  const storeOf = (participant: string, place: TapePlace): Promise<TapeStore> => {
    const known = stores.get(participant)
    if (known) return known
    const forget = (): void => void stores.delete(participant)
    const opening = TapeStore.open(place.databaseUrl).then((store) => {
      // The server went away: whoever asks next connects again.
      store.client.on('error', forget)
      return store
    })
    opening.catch(forget)
    stores.set(participant, opening)
    return opening
  }
  let [settling, isClosing]: [TapeStore | undefined, boolean] = [undefined, false]
  const eachTape: KeeperOptions['eachTape'] = async (use) => {
    for (const participant of isClosing ? [] : await withTapes(databaseUrl, participants)) {
      const place = places.get(participant)!
      settling = await TapeStore.open(place.databaseUrl)
      try {
        if (!isClosing) await use(heldTape(participant, place, settling, exchange))
      } finally {
        await settling.close()
        settling = undefined
      }
    }
  }
  const keeper = new TapeKeeper({ ledger, eachTape, onError: (error) => void (isClosing || onError(error)) })
  if (participants.length > 0) keeper.start()
  return {
    places,
    assets: {
      async prove(asked) {
        const place = places.get(asked.participant)
        if (!place) return undefined
        const store = await storeOf(asked.participant, place)
        return assetBookOf(asked.participant, store, place.folder).prove(asked)
      },
    },
    async close() {
      isClosing = true
      await settling?.close() // it may be waiting for an ingest to end
      await keeper.stop()
      const opened = await Promise.allSettled(stores.values())
      await Promise.all(opened.map((one) => (one.status === 'fulfilled' ? one.value.close() : undefined)))
    },
  }
}

const schemaOf = (participant: string): string => `tapes_${participant}`

/** Of these, the organisations that have taken a tape over: the others have no tables. */
async function withTapes(databaseUrl: string, participants: readonly string[]): Promise<string[]> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    const { rows } = await client.query(`select schemaname from pg_tables where tablename = 'tape_settled'`)
    const schemas = new Set((rows as { schemaname: string }[]).map(({ schemaname }) => schemaname))
    return participants.filter((participant) => schemas.has(schemaOf(participant)))
  } finally {
    await client.end()
  }
}

async function placesOf(databaseUrl: string, dataDir: string, participants: readonly string[]) {
  const places = new Map<string, TapePlace>()
  if (participants.length === 0) return places
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    for (const participant of participants) {
      const schema = client.escapeIdentifier(schemaOf(participant))
      await client.query(`create schema if not exists ${schema}`)
      const url = new URL(databaseUrl)
      url.searchParams.set('options', `-csearch_path=${schema}`)
      places.set(participant, {
        databaseUrl: url.toString().replaceAll('+', '%20'),
        folder: join(dataDir, 'tapes', participant),
        exchange: exchangeFolder(dataDir),
      })
    }
  } finally {
    await client.end()
  }
  await mkdir(dataDir, { recursive: true })
  // For this user alone: an address may hold a password.
  await writeFile(fileOf(dataDir), `${JSON.stringify(Object.fromEntries(places))}\n`, { mode: 0o600 })
  return places
}

/**
 * Where a node that was started keeps the tape of one of its organisations.
 * @throws CommandFailure when there is no such node or it serves no such organisation
 */
export async function tapePlace(dataDir: string, participant: string): Promise<TapePlace> {
  let places: Record<string, TapePlace>
  try {
    places = JSON.parse(await readFile(fileOf(dataDir), 'utf8')) as typeof places
  } catch (error) {
    throw new CommandFailure(`${dataDir}: no node was started there`, 1, { cause: error })
  }
  const place = Object.hasOwn(places, participant) ? places[participant] : undefined
  if (!place)
    throw new CommandFailure(`--of: the node serves no ${participant}, but ${Object.keys(places).join(', ')}`, 2)
  return place
}
