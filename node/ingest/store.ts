import { pipeline } from 'node:stream/promises'
import { Readable } from 'node:stream'
import pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import type { RootRecord } from '#contracts/asset-registry/state'
import { BatchError } from './errors.ts'

export type BatchKind = 'initial' | 'purchase' | 'update'

/** A version of a plan's tape as this organisation built it for itself. */
export interface TapeVersion {
  readonly deal: string
  readonly version: number
  readonly kind: BatchKind
  readonly asOf: string
  readonly root: RootRecord
  readonly previous: string | null
  /** Leaves that differ from the previous version's. */
  readonly changed: number
  /** SHA-256 of the package that goes to the custodian. */
  readonly contentHash: string
  /** Slots ever assigned. */
  readonly used: number
  /** SHA-256 of the file it was made from. */
  readonly fileHash: string
  /** Where its new assets' salts came from; forgotten once the version is effective (`settleBatch`). */
  readonly saltSeed: string | null
}

/** A job that was begun: what a later run needs to go on with it. */
export interface Job {
  readonly deal: string
  readonly version: number
  readonly kind: BatchKind
  readonly asOf: string
  readonly fileHash: string
  readonly saltSeed: string
  readonly firstSlot: number
  /** The table of this job's assets. */
  readonly partition: string
  /** Known once the file was parsed and found right. */
  readonly rows: number | null
}

const SCHEMA = `
create table if not exists tape_version (
  deal text not null, version int not null, kind text not null, as_of date not null, root jsonb not null,
  previous text, changed int not null, content_hash text not null, used int not null,
  file_hash text not null, salt_seed text,
  built_at timestamptz not null default now(), primary key (deal, version));
create sequence if not exists ingest_partition;
create table if not exists ingest_job (
  deal text primary key, version int not null, kind text not null, as_of date not null, file_hash text not null,
  salt_seed text not null, first_slot int not null, partition text not null, rows int);
create table if not exists tape_settled (
  deal text not null, version int not null, state text not null, primary key (deal, version));
create table if not exists ingest_segment (deal text not null, no int not null, primary key (deal, no));
create table if not exists asset (
  deal text not null, slot int not null, asset_id text, obligor text, province text, product text, risk_tier text,
  origination_date date, maturity_date date, term_months int, rate_monthly text, original_fen bigint not null,
  current_fen bigint not null, defaulted_fen bigint not null, days_past_due int not null, salt bytea,
  content bytea not null
) partition by list (deal);
create table if not exists asset_change (
  deal text not null, slot int not null, version int not null, current_fen bigint not null,
  defaulted_fen bigint not null, days_past_due int not null, primary key (deal, slot, version));
create or replace view asset_now as
  select a.deal, a.slot, a.asset_id, a.original_fen, coalesce(c.current_fen, a.current_fen) current_fen,
    coalesce(c.defaulted_fen, a.defaulted_fen) defaulted_fen, coalesce(c.days_past_due, a.days_past_due) days_past_due
  from asset a left join lateral (select * from asset_change c where c.deal = a.deal and c.slot = a.slot
    order by c.version desc limit 1) c on true;`

/** What an asset is, and whose: its amounts apart, and what its commitment is over. */
export const TERM_COLUMNS = [
  'asset_id',
  'obligor',
  'province',
  'product',
  'risk_tier',
  'origination_date',
  'maturity_date',
  'term_months',
  'rate_monthly',
] as const

/** What a row of the table carries, in the order in which DuckDB writes it for COPY. */
export const ASSET_COLUMNS = [
  'deal',
  'slot',
  ...TERM_COLUMNS,
  'original_fen',
  'current_fen',
  'defaulted_fen',
  'days_past_due',
  'salt',
  'content',
] as const

/** The tapes of one organisation in its own Postgres. One connection: a job's steps come one after another. */
export class TapeStore {
  private constructor(readonly client: pg.Client) {}

  static async open(databaseUrl: string): Promise<TapeStore> {
    const client = new pg.Client({ connectionString: databaseUrl })
    await client.connect()
    // Two processes of one organisation may start at the same moment.
    await client.query(`begin; select pg_advisory_xact_lock(7011502); ${SCHEMA}; commit`)
    return new TapeStore(client)
  }

  close(): Promise<void> {
    return this.client.end()
  }

  async latest(deal: string): Promise<TapeVersion | undefined> {
    return this.version(deal, null)
  }

  async version(deal: string, version: number | null): Promise<TapeVersion | undefined> {
    const { rows } = await this.client.query(
      `select deal, version, kind, as_of::text "asOf", root, previous, changed, content_hash "contentHash", used,
        file_hash "fileHash", salt_seed "saltSeed"
        from tape_version where deal = $1 and ($2::int is null or version = $2) order by version desc limit 1`,
      [deal, version],
    )
    return rows[0] as TapeVersion | undefined
  }

  /** The plans of which there is a tape. */
  async deals(): Promise<string[]> {
    const { rows } = await this.client.query('select distinct deal from tape_version order by deal')
    return (rows as { deal: string }[]).map(({ deal }) => deal)
  }

  /** Versions of which the ledger has not had its last word, as far as this tape knows; ascending. */
  async unsettled(deal: string): Promise<TapeVersion[]> {
    const { rows } = await this.client.query(
      `select version from tape_version v where deal = $1
        and not exists (select from tape_settled s where s.deal = v.deal and s.version = v.version) order by version`,
      [deal],
    )
    const found: TapeVersion[] = []
    for (const { version } of rows as { version: number }[]) found.push((await this.version(deal, version))!)
    return found
  }

  /** A rejected version's number is never used again (contracts/asset-registry): neither on the ledger nor here. */
  async nextVersion(deal: string): Promise<number> {
    const { rows } = await this.client.query(
      `select coalesce(max(version), 0) + 1 as next from
        (select version from tape_version where deal = $1 union all select version from tape_settled where deal = $1) v`,
      [deal],
    )
    return (rows[0] as { next: number }).next
  }

  /** One at a time of all that change a plan's tape, in whatever process; who has the lock may take it again. */
  async alone<T>(deal: string, work: () => Promise<T>): Promise<T> {
    await this.client.query(`select pg_advisory_lock(7011503, hashtext($1))`, [deal])
    try {
      return await work()
    } finally {
      await this.client.query(`select pg_advisory_unlock(7011503, hashtext($1))`, [deal])
    }
  }

  async job(deal: string): Promise<Job | undefined> {
    const { rows } = await this.client.query(
      `select deal, version, kind, as_of::text "asOf", file_hash "fileHash", salt_seed "saltSeed",
        first_slot "firstSlot", partition, rows from ingest_job where deal = $1`,
      [deal],
    )
    return rows[0] as Job | undefined
  }

  /** Records what is to be done before anything is done. */
  async begin(job: Omit<Job, 'rows' | 'partition'>): Promise<Job> {
    const { deal, version, kind, asOf, fileHash, saltSeed, firstSlot } = job
    const { rows } = await this.client.query(
      `insert into ingest_job values ($1, $2, $3, $4, $5, $6, $7, 'asset_' || nextval('ingest_partition'), null)
        returning partition`,
      [deal, version, kind, asOf, fileHash, saltSeed, firstSlot],
    )
    return { ...job, partition: (rows[0] as { partition: string }).partition, rows: null }
  }

  /** The file was found right: the table is made, and from here on a later run need not read the file again. */
  async parsed({ deal, partition }: Job, rows: number): Promise<void> {
    await this.transaction(async () => {
      await this.client.query(`create table if not exists ${partition} (like asset)`)
      await this.client.query('update ingest_job set rows = $2 where deal = $1', [deal, rows])
    })
  }

  /** Forgets a job and all that it loaded. */
  async abandon({ deal, partition }: Pick<Job, 'deal' | 'partition'>): Promise<void> {
    await this.transaction(async () => {
      await this.client.query(`drop table if exists ${partition}`)
      await this.client.query('delete from ingest_segment where deal = $1', [deal])
      await this.client.query('delete from ingest_job where deal = $1', [deal])
    })
  }

  async loadedSegments(deal: string): Promise<Set<number>> {
    const { rows } = await this.client.query('select no from ingest_segment where deal = $1', [deal])
    return new Set((rows as { no: number }[]).map(({ no }) => no))
  }

  /** A segment's rows and the note that they are there, or neither. */
  async loadSegment({ deal, partition }: Job, no: number, csv: Readable): Promise<void> {
    await this.transaction(async () => {
      await this.copy(`${partition} (${ASSET_COLUMNS.join(', ')})`, csv)
      await this.client.query('insert into ingest_segment values ($1, $2)', [deal, no])
    })
  }

  async copy(target: string, csv: Readable): Promise<void> {
    await pipeline(csv, this.client.query(copyFrom(`copy ${target} from stdin (format csv)`)))
  }

  /**
   * Makes the loaded rows part of the tape: indexes, counts and sums compared with the tree's, and the version, in one
   * transaction. @throws BatchError TREE_DIFFERS
   */
  async finish(job: Job, version: TapeVersion): Promise<void> {
    const { partition, deal } = job
    await this.transaction(async () => {
      await this.client.query(`set local maintenance_work_mem = '128MB'`)
      await this.client.query(`alter table ${partition} add primary key (deal, slot)`)
      await this.client.query(`create unique index on ${partition} (asset_id)`)
      const loaded = await this.sums(partition)
      const before = await this.latest(deal)
      const want = {
        count: BigInt(version.root.count) - BigInt(before?.root.count ?? 0),
        original: BigInt(version.root.originalFen) - BigInt(before?.root.originalFen ?? 0),
        current: BigInt(version.root.currentFen) - BigInt(before?.root.currentFen ?? 0),
      }
      for (const field of ['count', 'original', 'current'] as const) {
        if (loaded[field] !== want[field])
          throw new BatchError('TREE_DIFFERS', { field, tree: String(want[field]), loaded: String(loaded[field]) })
      }
      await this.attach(job)
      await this.addVersion(version)
      await this.client.query('delete from ingest_segment where deal = $1', [deal])
      await this.client.query('delete from ingest_job where deal = $1', [deal])
    })
  }

  /** A plan's first table becomes its partition; a purchase joins it. */
  private async attach({ deal, partition, kind }: Job): Promise<void> {
    if (kind === 'initial') {
      await this.client.query(`alter table asset attach partition ${partition} for values in (${literal(deal)})`)
      return
    }
    const columns = ASSET_COLUMNS.join(', ')
    await this.client.query(`insert into asset (${columns}) select ${columns} from ${partition}`)
    await this.client.query(`drop table ${partition}`)
  }

  private async sums(table: string): Promise<{ count: bigint; original: bigint; current: bigint }> {
    const { rows } = await this.client.query(
      `select count(*)::text count, coalesce(sum(original_fen), 0)::text original,
        coalesce(sum(current_fen), 0)::text current from ${table}`,
    )
    const [row] = rows as Record<'count' | 'original' | 'current', string>[]
    return { count: BigInt(row!.count), original: BigInt(row!.original), current: BigInt(row!.current) }
  }

  async addVersion(version: TapeVersion): Promise<void> {
    const {
      deal,
      version: number,
      kind,
      asOf,
      root,
      previous,
      changed,
      contentHash,
      used,
      fileHash,
      saltSeed,
    } = version
    await this.client.query(`insert into tape_version values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`, [
      deal,
      number,
      kind,
      asOf,
      JSON.stringify(root),
      previous,
      changed,
      contentHash,
      used,
      fileHash,
      saltSeed,
    ])
  }

  async transaction<T>(work: () => Promise<T>): Promise<T> {
    await this.client.query('begin')
    try {
      const answer = await work()
      await this.client.query('commit')
      return answer
    } catch (error) {
      await this.client.query('rollback')
      throw error
    }
  }
}

export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`
