import { and, eq } from 'drizzle-orm'
import { index, integer, jsonb, pgSchema, text } from 'drizzle-orm/pg-core'
import {
  keyEnded,
  keyRegistered,
  operatorAdded,
  participantAdmitted,
  participantRemoved,
  rolesChanged,
} from '#contracts/membership/events'
import { fen, handlersOf, made, moved, projection, provenance } from '../projection.ts'

/** Participants, and the keys of their operators. */
export const memberTables = (schema: string) => {
  const here = pgSchema(schema)
  return {
    participants: here.table('participants', {
      id: text('id').primaryKey(),
      nameZh: text('name_zh').notNull(),
      nameEn: text('name_en').notNull(),
      uscc: text('uscc').notNull(),
      /** As decided last; none once the member is removed. */
      roles: jsonb('roles').$type<readonly string[]>().notNull(),
      rolesFromHeight: integer('roles_from_height').notNull(),
      ...provenance(),
    }),
    operators: here.table('operators', {
      /** participant/operator */
      id: text('id').primaryKey(),
      participant: text('participant').notNull(),
      operator: text('operator').notNull(),
      kind: text('kind').notNull(),
      ...provenance(),
    }),
    keys: here.table(
      'keys',
      {
        /** participant/key */
        id: text('id').primaryKey(),
        participant: text('participant').notNull(),
        operator: text('operator').notNull(),
        keyId: text('key_id').notNull(),
        curve: text('curve').notNull(),
        publicKey: text('public_key').notNull(),
        functions: jsonb('functions').$type<readonly string[]>().notNull(),
        /** The most that one command may commit; null: any amount. */
        limitFen: fen('limit_fen'),
        fromHeight: integer('from_height').notNull(),
        untilHeight: integer('until_height'),
        ...provenance(),
      },
      (table) => [index('keys_by_participant').on(table.participant)],
    ),
  }
}
type Tables = ReturnType<typeof memberTables>
const when = handlersOf<Tables>()

export const members = projection<Tables>({
  name: 'members',
  version: 3,
  tables: memberTables,
  on: [
    when(participantAdmitted, (tx, { participants }, { participant, name, uscc, roles, fromHeight }, event) =>
      tx.insert(participants).values({
        id: participant,
        nameZh: name.zh,
        nameEn: name.en,
        uscc,
        roles,
        rolesFromHeight: fromHeight,
        ...made(event),
      }),
    ),
    when(rolesChanged, (tx, { participants }, { participant, roles, fromHeight }, event) =>
      tx
        .update(participants)
        .set({ roles, rolesFromHeight: fromHeight, ...moved(event) })
        .where(eq(participants.id, participant)),
    ),
    when(participantRemoved, (tx, { participants }, { participant, fromHeight }, event) =>
      tx
        .update(participants)
        .set({ roles: [], rolesFromHeight: fromHeight, ...moved(event) })
        .where(eq(participants.id, participant)),
    ),
    when(operatorAdded, (tx, { operators }, data, event) =>
      tx.insert(operators).values({ id: `${data.participant}/${data.operator}`, ...data, ...made(event) }),
    ),
    when(keyRegistered, (tx, { keys }, data, event) =>
      tx.insert(keys).values({ id: `${data.participant}/${data.keyId}`, ...data, untilHeight: null, ...made(event) }),
    ),
    when(keyEnded, (tx, { keys }, { participant, keyId, untilHeight }, event) =>
      tx
        .update(keys)
        .set({ untilHeight, ...moved(event) })
        .where(and(eq(keys.participant, participant), eq(keys.keyId, keyId))),
    ),
  ],
})
