import postgres from 'postgres'
import { afterEach, expect, it } from 'vitest'
import { PUBLIC } from '#contracts/kernel/event'
import { testDatabase } from '#engines/testing/index'
import { verifyExport } from '#proof/verify-export'
import { nativeChecks } from '../application/verify-native.ts'
import type { Executed } from '../port.ts'
import { signTest, testCommand, testLedgerOptions } from '../testing/fixture.ts'
import { EmbeddedLedger } from './embedded-ledger.ts'

const cleanup: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const clean of cleanup.splice(0).reverse()) await clean()
})

/** Before ids were each participant's own (ADR 044). */
const BACK_TO_VERSION_4 = `
  ALTER TABLE sluice_ledger.command DROP COLUMN participant;
  CREATE INDEX command_by_id ON sluice_ledger.command (ledger, command_id, height DESC);
  DELETE FROM sluice_ledger.migration WHERE version > 4`

/** As the first version of the tables kept a block's changes, one text of JSON, and topics, a row for each entry. */
const BACK_TO_VERSION_1 = `
  ${BACK_TO_VERSION_4};
  ALTER TABLE sluice_ledger.block ADD COLUMN changes text;
  UPDATE sluice_ledger.block SET changes = (
    SELECT coalesce(json_agg(CASE WHEN value IS NULL THEN json_build_array(key) ELSE json_build_array(key, value) END ORDER BY n), '[]')::text
    FROM unnest(change_keys, change_values) WITH ORDINALITY AS t (key, value, n));
  ALTER TABLE sluice_ledger.block ALTER COLUMN changes SET NOT NULL, DROP COLUMN change_keys, DROP COLUMN change_values;
  DROP TABLE sluice_ledger.ended;
  CREATE TABLE sluice_ledger.feed_entry (
    ledger integer NOT NULL,
    topic text NOT NULL,
    height bigint NOT NULL,
    index integer NOT NULL,
    event integer NOT NULL,
    PRIMARY KEY (ledger, topic, height, index, event)
  );
  INSERT INTO sluice_ledger.feed_entry
    SELECT ledger, topic, height, p.* FROM sluice_ledger.feed_block, unnest(indexes, events) AS p;
  DROP TABLE sluice_ledger.feed_block;
  DELETE FROM sluice_ledger.migration WHERE version > 1`

it('blocks written before a change of the tables are read as they were', async () => {
  const { url } = await testDatabase()
  const options = testLedgerOptions(url)
  const before = await EmbeddedLedger.open(options)
  let last: Executed | undefined
  for (const [method, args] of [
    ['put', { name: 'a', text: '"quoted" \\ 注\n' }],
    ['put', { name: 'b', text: '' }],
    ['remove', { name: 'a' }],
  ] as const) {
    last = await before.submit(signTest(testCommand(before.chainId, `notes.${method}`, args)))
  }
  const changesOf = async (ledger: EmbeddedLedger) => {
    const lines: string[] = []
    for await (const line of ledger.export()) if (/"kind":"(put|delete)"/.test(line)) lines.push(line)
    return lines
  }
  const changes = await changesOf(before)
  expect(changes.filter((line) => line.includes('"kind":"delete"'))).toHaveLength(1)
  const topicOf = (ledger: EmbeddedLedger) => ledger.events(undefined, { limit: 2, topic: PUBLIC })
  const topic = await topicOf(before)
  expect(topic).toHaveLength(2)
  await before.close()
  const sql = postgres(url, { max: 1, onnotice: () => undefined })
  cleanup.push(() => sql.end({ timeout: 1 }))
  await sql.unsafe(BACK_TO_VERSION_1)

  const after = await EmbeddedLedger.open(options)
  cleanup.push(() => after.close())
  expect(await changesOf(after)).toEqual(changes)
  expect(await topicOf(after)).toEqual(topic)
  expect(await after.outcome(last!)).toEqual(last)
  expect(await after.outcome({ participant: 'supplier-1', commandId: last!.commandId })).toBeUndefined()
  expect(await verifyExport(after.export(), {}, {}, nativeChecks)).toMatchObject({ ok: true })
})

it('a ledger whose ids were not each participant’s own is refused by name, and its database left as it was', async () => {
  const { url } = await testDatabase()
  const options = testLedgerOptions(url)
  const before = await EmbeddedLedger.open(options)
  for (const name of ['a', 'b']) await before.submit(signTest(testCommand(before.chainId, 'notes.put', { name, text: '' }))) // prettier-ignore
  await before.close()
  const sql = postgres(url, { max: 1, onnotice: () => undefined })
  cleanup.push(() => sql.end({ timeout: 1 }))
  await sql.unsafe(`${BACK_TO_VERSION_4};
    UPDATE sluice_ledger.block SET change_keys = ARRAY(
      SELECT regexp_replace(key, '^sys/command/core/', 'sys/command/') FROM unnest(change_keys) WITH ORDINALITY AS t (key, n) ORDER BY n)`)
  const rows = () => sql`SELECT * FROM sluice_ledger.command ORDER BY height`
  const [command, version] = [await rows(), await sql`SELECT max(version) FROM sluice_ledger.migration`]
  expect(command).toHaveLength(2)
  expect(command[0]).not.toHaveProperty('participant')
  await expect(EmbeddedLedger.open(options)).rejects.toThrow(`${before.chainId} was written before docs/adr/044`)
  expect(await rows()).toEqual(command)
  expect(await sql`SELECT max(version) FROM sluice_ledger.migration`).toEqual(version)
})
