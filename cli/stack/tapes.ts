import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { assetBookOf, type AssetBook } from '#node/ingest/asset-book'
import { TapeStore } from '#node/ingest/store'
import { CommandFailure } from '../failure.ts'

/** Where the tape of an organisation stands: `sluice ingest` writes there, its node proves assets from there. */
export interface TapePlace {
  readonly databaseUrl: string
  /** Of its trees and unfinished jobs. */
  readonly folder: string
}

/** The tapes of the organisations that one node serves. */
export interface HostedTapes {
  readonly places: ReadonlyMap<string, TapePlace>
  readonly assets: AssetBook
  close(): Promise<void>
}

const fileOf = (dataDir: string): string => join(dataDir, 'tapes.json')

/**
 * Each organisation's tape in a schema of its own in the node's database, its trees in a folder of its own: what one
 * holds is not shown to another. They are opened when an asset is first asked for.
 */
export async function openTapes(options: {
  readonly databaseUrl: string
  readonly dataDir: string
  readonly participants: readonly string[]
}): Promise<HostedTapes> {
  const { databaseUrl, dataDir, participants } = options
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
      const opened = await Promise.allSettled(stores.values())
      await Promise.all(opened.map((one) => (one.status === 'fulfilled' ? one.value.close() : undefined)))
    },
  }
}

async function placesOf(databaseUrl: string, dataDir: string, participants: readonly string[]) {
  const places = new Map<string, TapePlace>()
  if (participants.length === 0) return places
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    for (const participant of participants) {
      const schema = client.escapeIdentifier(`tapes_${participant}`)
      await client.query(`create schema if not exists ${schema}`)
      const url = new URL(databaseUrl)
      url.searchParams.set('options', `-csearch_path=${schema}`)
      places.set(participant, {
        databaseUrl: url.toString().replaceAll('+', '%20'),
        folder: join(dataDir, 'tapes', participant),
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
