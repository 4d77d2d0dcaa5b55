import postgres, { type Sql } from 'postgres'
import type { SignedHeader } from '#proof/block'
import { canonicalJson } from '#proof/canonical'
import type { Json, JsonObject } from '#proof/json'
import type { BuiltBlock } from '../application/build-block.ts'
import type { CommittedEvent, EventCursor } from '../port.ts'
import { migrate } from './schema.ts'

export interface StoredBlock extends SignedHeader {
  readonly headerHash: string
}

export interface StoredCommand {
  readonly height: number
  readonly index: number
  readonly commandId: string
  readonly digest: string
  readonly signed: string
  readonly result: string
}

/** Another process sequences this ledger: its block stands where ours should. */
export const isConflict = (error: unknown): boolean => isDefiniteFailure(error) && codeOf(error) === '23505'

/** The server answered that it did not commit; anything else (a broken wire, a server going down) leaves it unknown. */
export const isDefiniteFailure = (error: unknown): boolean =>
  error instanceof postgres.PostgresError && error.severity === 'ERROR' && !/^(08|57P|40003)/.test(error.code)

export function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : ''
}

/** Rows of one ledger in Postgres. Knows nothing of rules; a block is one statement, so it is there whole or not at all. */
export class LedgerStore {
  private constructor(
    readonly sql: Sql,
    private readonly writer: Sql,
    private readonly ledger: number,
  ) {}

  static connect(databaseUrl: string): Sql {
    return postgres(databaseUrl, {
      max: 6,
      connect_timeout: 5,
      idle_timeout: 60,
      backoff: () => 0.2,
      onnotice: () => undefined,
      connection: { application_name: 'sluice-ledger' },
    })
  }

  /** Finds the ledger's rows or enters its genesis; tables are made as needed. */
  static async open(sql: Sql, writer: Sql, chainId: string, genesis: JsonObject): Promise<LedgerStore> {
    await migrate(sql)
    await sql`INSERT INTO sluice_ledger.ledger (chain_id, genesis) VALUES (${chainId}, ${canonicalJson(genesis)})
              ON CONFLICT (chain_id) DO NOTHING`
    const [row] = await sql<{ id: number }[]>`SELECT id FROM sluice_ledger.ledger WHERE chain_id = ${chainId}`
    return new LedgerStore(sql, writer, row!.id)
  }

  /** The number that the ledger's advisory lock is taken on. */
  get lockId(): number {
    return this.ledger
  }

  /** One statement, hence one transaction and one round trip, on the session that holds the sequencer's lock. */
  async append(block: BuiltBlock, signature: string): Promise<void> {
    const { ledger } = this
    const { header, headerHash, commands, results, events, changes } = block
    const { height } = header
    const put = changes.filter(({ text }) => text !== undefined)
    const gone = changes.filter(({ text }) => text === undefined)
    const entries = events.flatMap(({ cursor, topics }) => topics.map(({ topic }) => ({ topic, ...cursor })))
    await this.writer`
      WITH b AS (
        INSERT INTO sluice_ledger.block (ledger, height, header_hash, header, signature, changes)
        VALUES (${ledger}, ${height}, ${headerHash}, ${canonicalJson(header as unknown as Json)}, ${signature},
          ${JSON.stringify(changes.map(({ key, text }) => (text === undefined ? [key] : [key, text])))})
      ), c AS (
        INSERT INTO sluice_ledger.command (ledger, height, index, command_id, digest, signed, result)
        SELECT ${ledger}, ${height}, * FROM unnest(
          ${commands.map((_, index) => index)}::int[], ${commands.map(({ command }) => command.commandId)}::text[],
          ${commands.map(({ digest }) => digest)}::text[], ${commands.map(({ text }) => text)}::text[],
          ${results.map((result) => canonicalJson(result as unknown as Json))}::text[])
      ), e AS (
        INSERT INTO sluice_ledger.event (ledger, height, index, event, body)
        SELECT ${ledger}, ${height}, * FROM unnest(
          ${events.map(({ cursor }) => cursor.index)}::int[], ${events.map(({ cursor }) => cursor.event)}::int[],
          ${events.map((event) => canonicalJson(event as unknown as Json))}::text[])
      ), f AS (
        INSERT INTO sluice_ledger.feed_entry (ledger, topic, height, index, event)
        SELECT ${ledger}, t.topic, ${height}, t.index, t.event FROM unnest(
          ${entries.map(({ topic }) => topic)}::text[], ${entries.map(({ index }) => index)}::int[],
          ${entries.map(({ event }) => event)}::int[]) AS t (topic, index, event)
      ), s AS (
        INSERT INTO sluice_ledger.state (ledger, key, value)
        SELECT ${ledger}, * FROM unnest(${put.map(({ key }) => key)}::text[], ${put.map(({ text }) => text!)}::text[])
        ON CONFLICT (ledger, key) DO UPDATE SET value = excluded.value
      )
      DELETE FROM sluice_ledger.state WHERE ledger = ${ledger} AND key = ANY(${gone.map(({ key }) => key)}::text[])`
  }

  async lastBlock(): Promise<StoredBlock | undefined> {
    const rows = await this.sql<BlockRow[]>`
      SELECT header_hash, header, signature FROM sluice_ledger.block
      WHERE ledger = ${this.ledger} ORDER BY height DESC LIMIT 1`
    return rows[0] && storedBlock(rows[0])
  }

  async block(height: number): Promise<StoredBlock | undefined> {
    const rows = await this.sql<BlockRow[]>`
      SELECT header_hash, header, signature FROM sluice_ledger.block
      WHERE ledger = ${this.ledger} AND height = ${height}`
    return rows[0] && storedBlock(rows[0])
  }

  /** Every state row, in batches. */
  async *stateRows(): AsyncIterable<readonly { readonly key: string; readonly value: string }[]> {
    yield* this.sql<{ key: string; value: string }[]>`
      SELECT key, value FROM sluice_ledger.state WHERE ledger = ${this.ledger}`.cursor(5000)
  }

  readonly values = async (keys: readonly string[]): Promise<ReadonlyMap<string, string>> => {
    const rows = await this.sql<{ key: string; value: string }[]>`
      SELECT key, value FROM sluice_ledger.state WHERE ledger = ${this.ledger} AND key = ANY(${keys as string[]}::text[])`
    return new Map(rows.map(({ key, value }) => [key, value]))
  }

  /** Values and the height they stand at, from one snapshot. */
  async valuesAtHead(keys: readonly string[]): Promise<{ height: number; values: ReadonlyMap<string, string> }> {
    const rows = await this.sql<{ height: string; key: string | null; value: string | null }[]>`
      SELECT b.height, s.key, s.value
      FROM (SELECT max(height) AS height FROM sluice_ledger.block WHERE ledger = ${this.ledger}) b
      LEFT JOIN sluice_ledger.state s ON s.ledger = ${this.ledger} AND s.key = ANY(${keys as string[]}::text[])`
    const values = new Map(rows.flatMap(({ key, value }) => (key === null ? [] : [[key, value!] as const])))
    return { height: Number(rows[0]!.height), values }
  }

  /** The latest command under this id; ids may be used again an hour after expiry. */
  async command(commandId: string): Promise<StoredCommand | undefined> {
    const rows = await this.sql<CommandRow[]>`
      SELECT height, index, command_id, digest, signed, result FROM sluice_ledger.command
      WHERE ledger = ${this.ledger} AND command_id = ${commandId} ORDER BY height DESC LIMIT 1`
    return rows[0] && storedCommand(rows[0])
  }

  async commandsOf(height: number): Promise<StoredCommand[]> {
    const rows = await this.sql<CommandRow[]>`
      SELECT height, index, command_id, digest, signed, result FROM sluice_ledger.command
      WHERE ledger = ${this.ledger} AND height = ${height} ORDER BY index`
    return rows.map(storedCommand)
  }

  async eventsOf(height: number, index?: number): Promise<CommittedEvent[]> {
    const rows = await this.sql<{ body: string }[]>`
      SELECT body FROM sluice_ledger.event
      WHERE ledger = ${this.ledger} AND height = ${height} ${index === undefined ? this.sql`` : this.sql`AND index = ${index}`}
      ORDER BY index, event`
    return rows.map(({ body }) => JSON.parse(body) as CommittedEvent)
  }

  async event({ height, index, event }: EventCursor): Promise<CommittedEvent | undefined> {
    const [row] = await this.sql<{ body: string }[]>`
      SELECT body FROM sluice_ledger.event
      WHERE ledger = ${this.ledger} AND height = ${height} AND index = ${index} AND event = ${event}`
    return row && (JSON.parse(row.body) as CommittedEvent)
  }

  /** How many events of its block stand before this one. */
  async eventOrdinal({ height, index, event }: EventCursor): Promise<number> {
    const [row] = await this.sql<{ before: number }[]>`
      SELECT count(*)::int AS before FROM sluice_ledger.event
      WHERE ledger = ${this.ledger} AND height = ${height} AND (index, event) < (${index}, ${event})`
    return row!.before
  }

  async eventsAfter(after: EventCursor, limit: number, topic?: string): Promise<CommittedEvent[]> {
    const { height, index, event } = after
    const rows =
      topic === undefined
        ? await this.sql<{ body: string }[]>`
            SELECT body FROM sluice_ledger.event
            WHERE ledger = ${this.ledger} AND (height, index, event) > (${height}, ${index}, ${event})
            ORDER BY height, index, event LIMIT ${limit}`
        : await this.sql<{ body: string }[]>`
            SELECT e.body FROM sluice_ledger.feed_entry f JOIN sluice_ledger.event e USING (ledger, height, index, event)
            WHERE f.ledger = ${this.ledger} AND f.topic = ${topic}
              AND (f.height, f.index, f.event) > (${height}, ${index}, ${event})
            ORDER BY f.height, f.index, f.event LIMIT ${limit}`
    return rows.map(({ body }) => JSON.parse(body) as CommittedEvent)
  }

  /** What a block changed in the state: key and canonical text, or the key alone when it is gone. */
  async changesOf(height: number): Promise<readonly (readonly [string, string?])[]> {
    const [row] = await this.sql<{ changes: string }[]>`
      SELECT changes FROM sluice_ledger.block WHERE ledger = ${this.ledger} AND height = ${height}`
    return JSON.parse(row!.changes) as [string, string?][]
  }
}

interface BlockRow {
  header_hash: string
  header: string
  signature: string
}
interface CommandRow {
  height: string
  index: number
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

const storedCommand = ({ height, index, command_id, digest, signed, result }: CommandRow): StoredCommand => ({
  height: Number(height),
  index,
  commandId: command_id,
  digest,
  signed,
  result,
})
