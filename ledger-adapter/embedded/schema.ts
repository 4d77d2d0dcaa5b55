import type { Database } from './connection.ts'

/**
 * The tables of all embedded ledgers in one database, told apart by `ledger`. Block log and state rows are the durable
 * truth; tree nodes are not stored (LEDGER.md §4). JSON stands as canonical text: jsonb would lose its bytes.
 */
const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE sluice_ledger.ledger (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    chain_id text NOT NULL UNIQUE,
    genesis text NOT NULL
  );
  CREATE TABLE sluice_ledger.block (
    ledger integer NOT NULL REFERENCES sluice_ledger.ledger,
    height bigint NOT NULL,
    header_hash text NOT NULL,
    header text NOT NULL,
    signature text NOT NULL,
    changes text NOT NULL,
    PRIMARY KEY (ledger, height)
  );
  CREATE TABLE sluice_ledger.command (
    ledger integer NOT NULL,
    height bigint NOT NULL,
    index integer NOT NULL,
    command_id text NOT NULL,
    digest text NOT NULL,
    signed text NOT NULL,
    result text NOT NULL,
    PRIMARY KEY (ledger, height, index)
  );
  CREATE INDEX command_by_id ON sluice_ledger.command (ledger, command_id, height DESC);
  CREATE TABLE sluice_ledger.event (
    ledger integer NOT NULL,
    height bigint NOT NULL,
    index integer NOT NULL,
    event integer NOT NULL,
    body text NOT NULL,
    PRIMARY KEY (ledger, height, index, event)
  );
  CREATE TABLE sluice_ledger.feed_entry (
    ledger integer NOT NULL,
    topic text NOT NULL,
    height bigint NOT NULL,
    index integer NOT NULL,
    event integer NOT NULL,
    PRIMARY KEY (ledger, topic, height, index, event)
  );
  CREATE TABLE sluice_ledger.state (
    ledger integer NOT NULL,
    key text NOT NULL,
    value text NOT NULL,
    PRIMARY KEY (ledger, key)
  );
  `,
  // A block's changes as the arrays that the state rows are written from: they cross the wire once. Compressed by lz4
  // where the server has it: its older way takes longer than all else that it does with a block.
  `
  ALTER TABLE sluice_ledger.block ADD COLUMN change_keys text[], ADD COLUMN change_values text[];
  UPDATE sluice_ledger.block SET
    change_keys = ARRAY(SELECT c->>0 FROM json_array_elements(changes::json) WITH ORDINALITY AS t (c, n) ORDER BY n),
    change_values = ARRAY(SELECT c->>1 FROM json_array_elements(changes::json) WITH ORDINALITY AS t (c, n) ORDER BY n);
  ALTER TABLE sluice_ledger.block
    ALTER COLUMN change_keys SET NOT NULL, ALTER COLUMN change_values SET NOT NULL, DROP COLUMN changes;
  DO $$ BEGIN
    ALTER TABLE sluice_ledger.block
      ALTER COLUMN change_keys SET COMPRESSION lz4, ALTER COLUMN change_values SET COMPRESSION lz4;
  EXCEPTION WHEN feature_not_supported THEN
    RAISE NOTICE 'this server has no lz4';
  END $$;
  `,
  // A ledger that was ended: nothing follows its last block.
  `
  CREATE TABLE sluice_ledger.ended (
    ledger integer PRIMARY KEY REFERENCES sluice_ledger.ledger,
    height bigint NOT NULL,
    signature text NOT NULL
  );
  `,
  // One row for what a block brings to a topic, where each event was a row with an entry of an index for each of its
  // topics: a quarter of the server's work. Arrays are compressed only where lz4 does it: the older way took as long as
  // writing them. What is stored compressed stays so, and is read as before.
  `
  CREATE TABLE sluice_ledger.feed_block (
    ledger integer NOT NULL,
    topic text NOT NULL,
    height bigint NOT NULL,
    indexes integer[] NOT NULL,
    events integer[] NOT NULL,
    PRIMARY KEY (ledger, topic, height)
  );
  INSERT INTO sluice_ledger.feed_block (ledger, topic, height, indexes, events)
    SELECT ledger, topic, height, array_agg(index ORDER BY index, event), array_agg(event ORDER BY index, event)
    FROM sluice_ledger.feed_entry GROUP BY ledger, topic, height;
  DROP TABLE sluice_ledger.feed_entry;
  DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_attribute WHERE attrelid = 'sluice_ledger.block'::regclass
               AND attname = 'change_values' AND attcompression <> 'l') THEN
      ALTER TABLE sluice_ledger.block
        ALTER COLUMN change_keys SET STORAGE EXTERNAL, ALTER COLUMN change_values SET STORAGE EXTERNAL;
    END IF;
  END $$;
  `,
  // Ids are each participant's own (ADR 044). What a block put into the state cannot be changed, it is signed: a ledger
  // of before stays with the program that wrote it.
  `
  DO $$ DECLARE former text; BEGIN
    SELECT l.chain_id INTO former FROM sluice_ledger.ledger l
      WHERE EXISTS (SELECT FROM sluice_ledger.block b, unnest(b.change_keys) AS k (key) WHERE b.ledger = l.id
        AND b.height = (SELECT min(c.height) FROM sluice_ledger.command c WHERE c.ledger = l.id)
        AND k.key LIKE 'sys/command/%' AND k.key NOT LIKE 'sys/command/%/%') LIMIT 1;
    IF FOUND THEN
      RAISE EXCEPTION 'the ledger % was written before docs/adr/044, when the ids of commands were not each participant''s own: '
        'it cannot be carried on here, and its database was left as it is; begin on another one', former;
    END IF;
  END $$;
  ALTER TABLE sluice_ledger.command ADD COLUMN participant text;
  UPDATE sluice_ledger.command SET participant = signed::json->'command'->>'participant';
  ALTER TABLE sluice_ledger.command ALTER COLUMN participant SET NOT NULL;
  DROP INDEX sluice_ledger.command_by_id;
  CREATE INDEX command_by_name ON sluice_ledger.command (ledger, participant, command_id, height DESC);
  `,
  // A row's next version finds room on its own page: else each goes to another page, with a new entry of the index. Pages
  // that are full already stay so until their rows move.
  `
  ALTER TABLE sluice_ledger.state SET (fillfactor = 90);
  `,
]

const MIGRATION_LOCK = 7_405_301

/** Brings the tables to the present version; several processes may start at once. */
export async function migrate(database: Database): Promise<void> {
  await database.session(async (client) => {
    await client.query('BEGIN')
    // Whoever waits here waits for another's migration: the bound on a statement is not meant for that.
    await client.query('SET LOCAL statement_timeout = 0')
    await client.query('SELECT pg_advisory_xact_lock($1)', [MIGRATION_LOCK])
    await client.query('SET LOCAL client_min_messages = warning')
    await client.query('CREATE SCHEMA IF NOT EXISTS sluice_ledger')
    await client.query('CREATE TABLE IF NOT EXISTS sluice_ledger.migration (version integer PRIMARY KEY)')
    const { rows } = await client.query<{ version: number | null }>(
      'SELECT max(version) AS version FROM sluice_ledger.migration',
    )
    for (let version = (rows[0]?.version ?? 0) + 1; version <= MIGRATIONS.length; version += 1) {
      await client.query(MIGRATIONS[version - 1]!)
      await client.query('INSERT INTO sluice_ledger.migration VALUES ($1)', [version])
    }
    await client.query('COMMIT')
  })
}
