import type { SignedHeader } from '#proof/block'
import { canonicalJson } from '#proof/canonical'
import { COMMAND_PREFIX, type CommandName } from '#proof/command'
import type { Json, JsonObject } from '#proof/json'
import type { BuiltBlock } from '../application/build-block.ts'
import type { CommittedEvent, EventCursor } from '../port.ts'
import { intArray, textArray } from './binary-array.ts'
import type { Asking, Database } from './connection.ts'
import { migrate } from './schema.ts'
import type { LedgerSessions } from './sessions.ts'

export interface StoredBlock extends SignedHeader {
  readonly headerHash: string
}

export interface StoredCommand extends CommandName {
  readonly height: number
  readonly index: number
  readonly digest: string
  readonly signed: string
  readonly result: string
}

/** What is stored of a block. */
export type StorableBlock = Pick<BuiltBlock, 'header' | 'headerHash' | 'events' | 'changes' | 'texts'> & {
  readonly commands: readonly (Pick<BuiltBlock['commands'][number], 'digest' | 'text'> & {
    readonly command: CommandName
  })[]
}

/** The operator's word that nothing follows the block of this height. */
export interface StoredEnd {
  readonly height: number
  readonly signature: string
}

/** @param onBlock what becomes of a block row that is there already; nothing: it is an error */
const log = (onBlock: string) => `
  WITH b AS (
    INSERT INTO sluice_ledger.block (ledger, height, header_hash, header, signature, change_keys, change_values)
    VALUES ($1::int, $2::bigint, $3, $4, $5, $6::text[], $7::text[]) ${onBlock}
  ), c AS (
    INSERT INTO sluice_ledger.command (ledger, height, index, participant, command_id, digest, signed, result)
    SELECT $1::int, $2::bigint, * FROM unnest($8::int[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[])
  ), e AS (
    INSERT INTO sluice_ledger.event (ledger, height, index, event, body)
    SELECT $1::int, $2::bigint, * FROM unnest($14::int[], $15::int[], $16::text[])
  ), f AS (
    INSERT INTO sluice_ledger.feed_block (ledger, topic, height, indexes, events)
    SELECT $1::int, t.topic, $2::bigint, t.indexes::int[], t.events::int[]
    FROM unnest($17::text[], $18::text[], $19::text[]) AS t (topic, indexes, events)
  )`

const [NEW, REPLACED, GONE] = [0, 1, 2]
/** The block says which keys are new ($21): to find it out row by row takes the server half as long again. */
const APPEND = `${log('')}, n AS (
    INSERT INTO sluice_ledger.state (ledger, key, value)
    SELECT $1::int, t.key, t.value FROM unnest($6::text[], $7::text[], $21::int[]) AS t (key, value, what)
    WHERE t.what = ${NEW}
  ), r AS (
    UPDATE sluice_ledger.state s SET value = t.value
    FROM unnest($6::text[], $7::text[], $21::int[]) AS t (key, value, what)
    WHERE t.what = ${REPLACED} AND s.ledger = $1::int AND s.key = t.key
  )
  DELETE FROM sluice_ledger.state WHERE ledger = $1::int AND key = ANY($20::text[])`

/** Of a block from elsewhere, which does not say it. */
const APPEND_UNTOLD = `${log('')}, s AS (
    INSERT INTO sluice_ledger.state (ledger, key, value)
    SELECT $1::int, * FROM unnest($6::text[], $7::text[]) AS t (key, value) WHERE t.value IS NOT NULL
    ON CONFLICT (ledger, key) DO UPDATE SET value = excluded.value
  )
  DELETE FROM sluice_ledger.state WHERE ledger = $1::int AND key = ANY($20::text[])`

/** Of a block whose state is here already: its header may be too. */
const APPEND_PAST = `${log(`ON CONFLICT (ledger, height) DO UPDATE
    SET signature = excluded.signature, change_keys = excluded.change_keys, change_values = excluded.change_values`)}
  SELECT`

/** The keys' hashes and the values', 32 bytes a row; with the keys of spent ids and when they expire, a line each. */
const LEAVES = `
  SELECT
    string_agg(sha256(convert_to(key, 'UTF8')), ''::bytea)::text AS keys,
    string_agg(sha256(convert_to(value, 'UTF8')), ''::bytea)::text AS values,
    string_agg(CASE WHEN starts_with(key, '${COMMAND_PREFIX}')
      THEN key || ' ' || substring(value FROM '"expiresAt":([0-9]+)') END, E'\n') AS commands
  FROM sluice_ledger.state WHERE ledger = $1 AND ctid >= $2::tid AND ctid < $3::tid`
const PAGES_AT_ONCE = 512
/** Sessions that hash side by side: together they keep up with this process, which takes in the hashes. */
const HASHING_AT_ONCE = 3

const MAX_PAGE_BYTES = 16 << 20

/** Pages of events: rows in order, until the bytes before a row reach the bound. */
const page = (from: string) => `
  SELECT body FROM (
    SELECT e.*, sum(octet_length(e.body)) OVER (ORDER BY e.height, e.index, e.event) - octet_length(e.body) AS before
    FROM ${from} ORDER BY e.height, e.index, e.event LIMIT $5
  ) AS p WHERE before < $6 ORDER BY height, index, event`

const EVENTS = page(`sluice_ledger.event e WHERE e.ledger = $1 AND (e.height, e.index, e.event) > ($2, $3, $4)`)
const EVENTS_OF_TOPIC = page(`(
  SELECT f.height, f.index, f.event, b.body
  FROM (
    SELECT f.ledger, f.height, p.index, p.event
    FROM sluice_ledger.feed_block f, unnest(f.indexes, f.events) AS p (index, event)
    WHERE f.ledger = $1 AND f.topic = $7 AND f.height >= $2 AND (f.height, p.index, p.event) > ($2, $3, $4)
    ORDER BY f.height, p.index, p.event LIMIT $5
  ) AS f JOIN sluice_ledger.event b USING (ledger, height, index, event)
) AS e`)

/** Rows of one ledger in Postgres. Knows nothing of rules; a block is one statement, so it is there whole or not at all. */
export class LedgerStore {
  private constructor(
    private readonly database: Database,
    private readonly executor: Asking,
    private readonly writer: Asking,
    private readonly ledger: number,
  ) {}

  /**
   * Finds the ledger's rows or enters its genesis; tables are made as needed.
   * Blocks are written on the session that holds the sequencer's lock.
   */
  static async open(
    { database, executor, lock }: LedgerSessions,
    chainId: string,
    genesis: JsonObject,
  ): Promise<LedgerStore> {
    await migrate(database)
    await database.query(
      'INSERT INTO sluice_ledger.ledger (chain_id, genesis) VALUES ($1, $2) ON CONFLICT (chain_id) DO NOTHING',
      [chainId, canonicalJson(genesis)],
    )
    const [row] = await database.query<{ id: number }>('SELECT id FROM sluice_ledger.ledger WHERE chain_id = $1', [
      chainId,
    ])
    return new LedgerStore(database, executor, lock, row!.id)
  }

  /** The number that the ledger's advisory lock is taken on. */
  get lockId(): number {
    return this.ledger
  }

  /** One statement, hence one transaction and one round trip, on the session that holds the sequencer's lock. */
  append(block: StorableBlock, signature: string): Promise<void> {
    return this.appending(block, signature)()
  }

  /** Writes down now what `append` sends, which is done when the answer is called: once, and after the block before. */
  appending(block: StorableBlock, signature: string): () => Promise<void> {
    const { changes } = block
    const gone = changes.filter(({ text }) => text === undefined)
    const values = [...this.logged(block, signature), textArray(gone.map(({ key }) => key))]
    const isTold = changes.every(({ isNew }) => isNew !== undefined)
    if (isTold) values.push(intArray(changes.map(({ text, isNew }) => (text === undefined ? GONE : isNew ? NEW : REPLACED)))) // prettier-ignore
    return async () => void (await this.writer.query(isTold ? APPEND : APPEND_UNTOLD, values))
  }

  /** What happened in a block whose effect the state rows hold already: they stay as they are. */
  async appendPast(block: StorableBlock, signature: string): Promise<void> {
    await this.writer.query(APPEND_PAST, this.logged(block, signature))
  }

  private logged(block: StorableBlock, signature: string): readonly unknown[] {
    const { header, headerHash, commands, events, changes, texts } = block
    const feeds = [...feedsOf(events)]
    return [
      this.ledger,
      header.height,
      headerHash,
      canonicalJson(header as unknown as Json),
      signature,
      textArray(changes.map(({ key }) => key)),
      textArray(changes.map(({ text }) => text)),
      intArray(commands.map((_, index) => index)),
      textArray(commands.map(({ command }) => command.participant)),
      textArray(commands.map(({ command }) => command.commandId)),
      textArray(commands.map(({ digest }) => digest)),
      textArray(commands.map(({ text }) => text)),
      textArray(texts.results),
      intArray(events.map(({ cursor }) => cursor.index)),
      intArray(events.map(({ cursor }) => cursor.event)),
      textArray(texts.events),
      textArray(feeds.map(([topic]) => topic)),
      textArray(feeds.map(([, { indexes }]) => `{${indexes.join()}}`)),
      textArray(feeds.map(([, { events }]) => `{${events.join()}}`)),
    ]
  }

  /** On the session that writes blocks, hence after all of them; once said it stays said. */
  async putEnd({ height, signature }: StoredEnd): Promise<void> {
    await this.writer.query(
      `INSERT INTO sluice_ledger.ended (ledger, height, signature) VALUES ($1::int, $2::bigint, $3)
       ON CONFLICT (ledger) DO NOTHING`,
      [this.ledger, height, signature],
    )
  }

  async end(): Promise<StoredEnd | undefined> {
    const [row] = await this.database.query<{ height: string; signature: string }>(
      'SELECT height, signature FROM sluice_ledger.ended WHERE ledger = $1',
      [this.ledger],
    )
    return row && { height: Number(row.height), signature: row.signature }
  }

  async lastBlock(): Promise<StoredBlock | undefined> {
    const rows = await this.database.query<BlockRow>(
      `
      SELECT header_hash, header, signature FROM sluice_ledger.block
      WHERE ledger = $1 ORDER BY height DESC LIMIT 1`,
      [this.ledger],
    )
    return rows[0] && storedBlock(rows[0])
  }

  /** The last block of this height or a lower one. */
  async lastBlockUpTo(height: number): Promise<StoredBlock | undefined> {
    const rows = await this.database.query<BlockRow>(
      `SELECT header_hash, header, signature FROM sluice_ledger.block
       WHERE ledger = $1 AND height <= $2 ORDER BY height DESC LIMIT 1`,
      [this.ledger, height],
    )
    return rows[0] && storedBlock(rows[0])
  }

  async block(height: number): Promise<StoredBlock | undefined> {
    const rows = await this.database.query<BlockRow>(
      `
      SELECT header_hash, header, signature FROM sluice_ledger.block
      WHERE ledger = $1 AND height = $2`,
      [this.ledger, height],
    )
    return rows[0] && storedBlock(rows[0])
  }

  /**
   * Every state row as the tree and the expiry queue need it, some pages of the table at a time; meanwhile nobody writes,
   * as the lock is held. The server hashes: beside this process, and only hashes cross the wire. That they are of what
   * was signed is seen at the root, and again of each value that is loaded.
   */
  async *stateLeaves(): AsyncIterable<StateLeaves> {
    const [table] = await this.database.query<{ pages: string }>(
      `SELECT pg_relation_size('sluice_ledger.state') / current_setting('block_size')::int AS pages`,
    )
    const pages = Number(table!.pages)
    const asked: Promise<LeavesRow[]>[] = []
    for (let page = 0; page < pages || asked.length > 0; page += PAGES_AT_ONCE) {
      if (page < pages) {
        const range = [this.ledger, `(${page},0)`, `(${page + PAGES_AT_ONCE},0)`]
        const answer = this.database.query<LeavesRow>(LEAVES, range)
        answer.catch(() => undefined) // it is waited for in its turn, unless the reader stops before
        if (asked.push(answer) < HASHING_AT_ONCE && page + PAGES_AT_ONCE < pages) continue
      }
      const [row] = await asked.shift()!
      const commands = row!.commands?.split('\n').map((line) => line.split(' ') as [string, string]) ?? []
      yield { keys: bytesOf(row!.keys), values: bytesOf(row!.values), commands }
    }
  }

  values(keys: readonly string[]): Promise<ReadonlyMap<string, string>> {
    return this.valuesFrom(this.database, keys)
  }

  /** The same for the execution of commands, which no reader holds up. */
  readonly valuesToExecute = (keys: readonly string[]): Promise<ReadonlyMap<string, string>> =>
    this.valuesFrom(this.executor, keys)

  private async valuesFrom(asked: Asking, keys: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const rows = await asked.query<{ key: string; value: string }>(
      `
      SELECT key, value FROM sluice_ledger.state WHERE ledger = $1 AND key = ANY($2::text[])`,
      [this.ledger, textArray(keys)],
    )
    return new Map(rows.map(({ key, value }) => [key, value]))
  }

  /** Values and the height they stand at, from one snapshot. */
  async valuesAtHead(keys: readonly string[]): Promise<{ height: number; values: ReadonlyMap<string, string> }> {
    const rows = await this.database.query<{ height: string; key: string | null; value: string | null }>(
      `
      SELECT b.height, s.key, s.value
      FROM (SELECT max(height) AS height FROM sluice_ledger.block WHERE ledger = $1) b
      LEFT JOIN sluice_ledger.state s ON s.ledger = $1 AND s.key = ANY($2::text[])`,
      [this.ledger, textArray(keys)],
    )
    const values = new Map(rows.flatMap(({ key, value }) => (key === null ? [] : [[key, value!] as const])))
    return { height: Number(rows[0]!.height), values }
  }

  /** The participant's latest command under this id; ids may be used again an hour after expiry. */
  async command({ participant, commandId }: CommandName): Promise<StoredCommand | undefined> {
    const rows = await this.database.query<CommandRow>(
      `
      SELECT height, index, participant, command_id, digest, signed, result FROM sluice_ledger.command
      WHERE ledger = $1 AND participant = $2 AND command_id = $3 ORDER BY height DESC LIMIT 1`,
      [this.ledger, participant, commandId],
    )
    return rows[0] && storedCommand(rows[0])
  }

  async commandsOf(height: number): Promise<StoredCommand[]> {
    const rows = await this.database.query<CommandRow>(
      `
      SELECT height, index, participant, command_id, digest, signed, result FROM sluice_ledger.command
      WHERE ledger = $1 AND height = $2 ORDER BY index`,
      [this.ledger, height],
    )
    return rows.map(storedCommand)
  }

  async eventsOf(height: number, index?: number): Promise<CommittedEvent[]> {
    const rows = await this.database.query<{ body: string }>(
      `
      SELECT body FROM sluice_ledger.event
      WHERE ledger = $1 AND height = $2 AND ($3::int IS NULL OR index = $3) ORDER BY index, event`,
      [this.ledger, height, index ?? null],
    )
    return rows.map(({ body }) => JSON.parse(body) as CommittedEvent)
  }

  async event({ height, index, event }: EventCursor): Promise<CommittedEvent | undefined> {
    const [row] = await this.database.query<{ body: string }>(
      `
      SELECT body FROM sluice_ledger.event
      WHERE ledger = $1 AND height = $2 AND index = $3 AND event = $4`,
      [this.ledger, height, index, event],
    )
    return row && (JSON.parse(row.body) as CommittedEvent)
  }

  async lastEvent(): Promise<CommittedEvent | undefined> {
    const [row] = await this.database.query<{ body: string }>(
      `SELECT body FROM sluice_ledger.event WHERE ledger = $1 ORDER BY height DESC, index DESC, event DESC LIMIT 1`,
      [this.ledger],
    )
    return row && (JSON.parse(row.body) as CommittedEvent)
  }

  /** How many events of its block stand before this one. */
  async eventOrdinal({ height, index, event }: EventCursor): Promise<number> {
    const [row] = await this.database.query<{ before: number }>(
      `
      SELECT count(*)::int AS before FROM sluice_ledger.event
      WHERE ledger = $1 AND height = $2 AND (index, event) < ($3, $4)`,
      [this.ledger, height, index, event],
    )
    return row!.before
  }

  /** At most `limit`; ends with the event that reaches `MAX_PAGE_BYTES`, so that there is always one. */
  async eventsAfter(after: EventCursor, limit: number, topic?: string): Promise<CommittedEvent[]> {
    const { height, index, event } = after
    const [text, values] =
      topic === undefined
        ? [EVENTS, [this.ledger, height, index, event, limit, MAX_PAGE_BYTES]]
        : [EVENTS_OF_TOPIC, [this.ledger, height, index, event, limit, MAX_PAGE_BYTES, topic]]
    const rows = await this.database.query<{ body: string }>(text, values)
    return rows.map(({ body }) => JSON.parse(body) as CommittedEvent)
  }

  /** What a block changed in the state: key and canonical text, or the key alone when it is gone. */
  async changesOf(height: number): Promise<readonly (readonly [string, string?])[]> {
    const [row] = await this.database.query<{ keys: string[]; values: (string | null)[] }>(
      `
      SELECT change_keys AS keys, change_values AS values FROM sluice_ledger.block WHERE ledger = $1 AND height = $2`,
      [this.ledger, height],
    )
    if (!row) return []
    return row.keys.map((key, n) => {
      const value = row.values[n] ?? null
      return value === null ? [key] : [key, value]
    })
  }
}

/** Where the events of each topic stand in their block. */
function feedsOf(events: readonly CommittedEvent[]): ReadonlyMap<string, { indexes: number[]; events: number[] }> {
  const feeds = new Map<string, { indexes: number[]; events: number[] }>()
  for (const { cursor, topics } of events) {
    for (const { topic } of topics) {
      const feed = feeds.get(topic) ?? { indexes: [], events: [] }
      feed.indexes.push(cursor.index)
      feed.events.push(cursor.event)
      feeds.set(topic, feed)
    }
  }
  return feeds
}

/** Some rows of the state: hashes of their keys and values, 32 bytes each, and the spent ids among them. */
export interface StateLeaves {
  readonly keys: Uint8Array
  readonly values: Uint8Array
  /** Key and expiry in milliseconds. */
  readonly commands: readonly (readonly [string, string])[]
}

/** From the server's text of bytes: `\x` and hex digits. */
const bytesOf = (text: string | null): Uint8Array => Buffer.from(text?.slice(2) ?? '', 'hex')

interface LeavesRow {
  keys: string | null
  values: string | null
  commands: string | null
}
interface BlockRow {
  header_hash: string
  header: string
  signature: string
}
interface CommandRow {
  height: string
  index: number
  participant: string
  command_id: string
  digest: string
  signed: string
  result: string
}

const storedBlock = ({ header_hash, header, signature }: BlockRow): StoredBlock => ({
  headerHash: header_hash,
  header: JSON.parse(header) as StoredBlock['header'],
  signature,
})

const storedCommand = ({
  height,
  index,
  participant,
  command_id,
  digest,
  signed,
  result,
}: CommandRow): StoredCommand => ({
  height: Number(height),
  index,
  participant,
  commandId: command_id,
  digest,
  signed,
  result,
})
