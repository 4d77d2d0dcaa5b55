import { eq } from 'drizzle-orm'
import { integer, jsonb, pgSchema, text } from 'drizzle-orm/pg-core'
import {
  approvalWithdrawn,
  approved,
  bundleActivated,
  enacted,
  institutionsSet,
  misbehaviourReported,
  parametersSet,
  proposalWithdrawn,
  proposed,
  validatorKeyRotated,
  validatorsSet,
} from '#contracts/governance/events'
import type { Action } from '#contracts/governance/actions'
import { operatorsSet } from '#contracts/calendar/events'
import { misbehaviourKey, type Approval } from '#contracts/governance/state'
import type { CommittedEvent } from '#ledger-adapter/port'
import { handlersOf, made, moved, projection, provenance } from '../projection.ts'

/** What the institutions were asked and answered, and what holds from which height. */
export const governanceTables = (schema: string) => {
  const here = pgSchema(schema)
  return {
    proposals: here.table('proposals', {
      id: text('id').primaryKey(),
      state: text('state').notNull(),
      action: jsonb('action').$type<Action>().notNull(),
      reason: text('reason').notNull(),
      institution: text('institution').notNull(),
      expiresOn: text('expires_on').notNull(),
      approvals: jsonb('approvals').$type<readonly Approval[]>().notNull(),
      /** Asked for while it is open, decided once it is enacted. */
      fromHeight: integer('from_height'),
      ...provenance(),
    }),
    retiredKeys: here.table('retired_validator_keys', {
      /** The public key that votes no more. */
      id: text('id').primaryKey(),
      participant: text('participant').notNull(),
      successor: text('successor').notNull(),
      fromHeight: integer('from_height').notNull(),
      ...provenance(),
    }),
    misbehaviours: here.table('validator_misbehaviours', {
      /** The key of the ledger that proves it. */
      id: text('id').primaryKey(),
      participant: text('participant').notNull(),
      validator: text('validator').notNull(),
      /** Of the vote, not of the report. */
      votedHeight: integer('voted_height').notNull(),
      round: integer('round').notNull(),
      type: text('type').notNull(),
      reporter: text('reporter').notNull(),
      ...provenance(),
    }),
    schedules: here.table('governance_schedules', {
      /** institutions, validators, bundles, parameters or calendar-operators */
      id: text('id').primaryKey(),
      /** Entries {fromHeight, value}, earliest first. */
      schedule: jsonb('schedule').$type<readonly { fromHeight: number; value: unknown }[]>().notNull(),
      ...provenance(),
    }),
  }
}
type Tables = ReturnType<typeof governanceTables>
const when = handlersOf<Tables>()
type Tx = Parameters<Parameters<typeof when>[1]>[0]

const setSchedule = (
  tx: Tx,
  { schedules }: Tables,
  { id, schedule }: { id: string; schedule: readonly { fromHeight: number; value: unknown }[] },
  event: CommittedEvent,
) =>
  tx
    .insert(schedules)
    .values({ id, schedule, ...made(event) })
    .onConflictDoUpdate({ target: schedules.id, set: { schedule, ...moved(event) } })

const change = (
  tx: Tx,
  { proposals }: Tables,
  { proposal, ...fields }: { proposal: string; state?: string; approvals?: readonly Approval[]; fromHeight?: number },
  event: CommittedEvent,
) =>
  tx
    .update(proposals)
    .set({ ...fields, ...moved(event) })
    .where(eq(proposals.id, proposal))

export const governance = projection<Tables>({
  name: 'governance',
  version: 4,
  tables: governanceTables,
  on: [
    when(proposed, (tx, { proposals }, { proposal, operator: _, ...data }, event) =>
      tx.insert(proposals).values({ id: proposal, ...data, approvals: [], ...made(event) }),
    ),
    when(approved, (tx, tables, { proposal, approvals }, event) => change(tx, tables, { proposal, approvals }, event)),
    when(approvalWithdrawn, (tx, tables, { proposal, approvals }, event) =>
      change(tx, tables, { proposal, approvals }, event),
    ),
    when(proposalWithdrawn, (tx, tables, { proposal, state }, event) => change(tx, tables, { proposal, state }, event)),
    when(enacted, (tx, tables, { proposal, state, fromHeight }, event) =>
      change(tx, tables, { proposal, state, fromHeight }, event),
    ),
    when(institutionsSet, (tx, tables, { schedule }, event) =>
      setSchedule(tx, tables, { id: 'institutions', schedule }, event),
    ),
    when(validatorsSet, (tx, tables, { schedule }, event) =>
      setSchedule(tx, tables, { id: 'validators', schedule }, event),
    ),
    when(validatorKeyRotated, (tx, { retiredKeys }, { publicKey: id, ...data }, event) =>
      tx.insert(retiredKeys).values({ id, ...data, ...made(event) }),
    ),
    when(bundleActivated, (tx, tables, { schedule }, event) =>
      setSchedule(tx, tables, { id: 'bundles', schedule }, event),
    ),
    when(operatorsSet, (tx, tables, { schedule }, event) =>
      setSchedule(tx, tables, { id: 'calendar-operators', schedule }, event),
    ),
    when(parametersSet, (tx, tables, { schedule }, event) =>
      setSchedule(tx, tables, { id: 'parameters', schedule }, event),
    ),
    when(
      misbehaviourReported,
      (tx, { misbehaviours }, { votes: _, height, ...data }, event) =>
      tx.insert(misbehaviours).values({ ...data, id: misbehaviourKey({ ...data, height }).path, votedHeight: height, ...made(event) }), // prettier-ignore
    ),
  ],
})
