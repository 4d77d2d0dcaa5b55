import { Type } from 'typebox'
import { SOURCES, STATUSES } from '#domain/deal/words'
import type { JsonObject } from '#proof/json'
import { LegFields } from '../cash/events.ts'
import { AmountText, MAX_FEES, MAX_TRANCHES, PeriodId, Reason } from '../deal/fields.ts'
import { eventType } from '../kernel/event.ts'
import { DateString, Fields, FenString, HashString, Id, OneOf, OrNull } from '../kernel/schema.ts'
import { patch, put } from '../kernel/state.ts'
import { distributionKey, engineKey, PERIOD_TABLE, periodKey, servicingKey, type Collections } from './state.ts'

const contract = 'servicing'
const State = OneOf(PERIOD_TABLE.states)
const Signer = { participant: Id, operator: Id }
const ofPeriod = { deal: Id, period: PeriodId, state: State }
const Attempt = Type.Integer({ minimum: 1, maximum: 10_000 })
const Version = Type.Integer({ minimum: 1 })
/** Cash of the period by source; an absent source is nothing. */
export const CollectionsFields = Type.Unsafe<Collections>(
  Fields(Object.fromEntries(SOURCES.map((source) => [source, Type.Optional(AmountText)]))),
)
const TrancheFields = Fields({
  tranche: Id,
  openingFen: AmountText,
  interestDueFen: AmountText,
  interestFen: AmountText,
  principalFen: AmountText,
  residualFen: AmountText,
  writtenDownFen: AmountText,
  closingFen: AmountText,
})
const CashFields = Fields({ openingFen: AmountText, inFen: AmountText, outFen: AmountText, closingFen: AmountText })
const Figure = Type.Union([Type.String(), Type.Integer()])
/** One payment or booking of one step, as the engine states it: what was there, due, paid, short, and left. */
export const LineFields = Fields({
  run: Type.Integer(),
  step: Type.String(),
  clause: Type.String(),
  action: Type.String(),
  date: DateString,
  from: OrNull(Type.String()),
  to: Fields({ kind: Type.String(), id: Type.String() }),
  availableBefore: FenString,
  due: FenString,
  paid: FenString,
  shortfall: FenString,
  availableAfter: FenString,
  inputs: Type.Record(Type.String(), Figure),
})
export const MAX_LINES = 1000
/** Triggers, events and states of the engine, in its own JSON (domain/waterfall/codec). */
const EngineJson = Type.Unsafe<JsonObject>(Type.Object({}))

/** Parties and holders: servicing begins; from which asset batch. */
export const servicingOpened = eventType({
  contract,
  event: 'ServicingOpened',
  schema: Fields({ deal: Id, poolVersion: Version }),
  apply: ({ deal, poolVersion }) => [put(servicingKey(deal), { settled: 0, last: null, open: null, poolVersion })],
})

/** Parties and holders: totals of the period, no single asset. */
export const collectionsReported = eventType({
  contract,
  event: 'CollectionsReported',
  schema: Fields({
    ...ofPeriod,
    index: Type.Integer({ minimum: 0 }),
    revision: Attempt,
    collectedTo: DateString,
    payDate: DateString,
    collections: CollectionsFields,
    totalFen: AmountText,
    laterFen: AmountText,
    defaultedFen: AmountText,
    contentHash: HashString,
    final: Type.Boolean(),
    transferredFen: AmountText,
    transferAttempt: Type.Integer({ minimum: 0 }),
    participant: Id,
  }),
  apply: ({ participant: _, ...report }) => [
    put(periodKey(report.deal, report.period), {
      ...report,
      transfer: null,
      attempt: 0,
      calculatedBy: null,
      instruction: null,
    }),
    patch(servicingKey(report.deal), { open: report.period }),
  ],
})

/** Parties and holders: the transfer day; what goes from the collection account to the plan. */
export const collectionsTransferred = eventType({
  contract,
  event: 'CollectionsTransferred',
  schema: Fields({
    ...ofPeriod,
    transferAttempt: Type.Integer({ minimum: 0 }),
    transfer: OrNull(Fields({ instruction: Id, amountFen: AmountText })),
    participant: Id,
  }),
  apply: ({ deal, period, state, transferAttempt, transfer }) => [
    patch(periodKey(deal, period), { state, transferAttempt, transfer }),
  ],
})

/** Parties and holders: the custodian's statement agrees with the report. */
export const collectionsConfirmed = eventType({
  contract,
  event: 'CollectionsConfirmed',
  schema: Fields({ ...ofPeriod, statementFen: AmountText, statementHash: HashString, participant: Id }),
  apply: ({ deal, period, state }) => [patch(periodKey(deal, period), { state })],
})

/** Parties and holders: every line of the waterfall. What single holders get is not here. */
export const distributionCalculated = eventType({
  contract,
  event: 'DistributionCalculated',
  schema: Fields({
    ...ofPeriod,
    attempt: Attempt,
    payDate: DateString,
    poolVersion: Version,
    waterfall: Type.String(),
    statusBefore: OneOf(STATUSES),
    statusAfter: OneOf(STATUSES),
    cash: CashFields,
    lines: Type.Array(LineFields, { maxItems: MAX_LINES }),
    legs: Type.Array(LegFields),
    tranches: Type.Array(TrancheFields, { maxItems: MAX_TRANCHES }),
    fees: Type.Array(Fields({ fee: Id, dueFen: AmountText, paidFen: AmountText, carriedFen: AmountText }), {
      maxItems: MAX_FEES,
    }),
    triggers: Type.Array(EngineJson),
    events: Type.Array(EngineJson),
    next: EngineJson,
    resultHash: HashString,
    ...Signer,
  }),
  apply: ({ deal, period, state, attempt, operator, ...result }) => [
    put(distributionKey(deal, period), {
      deal,
      period,
      attempt,
      resultHash: result.resultHash,
      poolVersion: result.poolVersion,
      legs: result.legs,
      tranches: result.tranches,
      statusAfter: result.statusAfter,
      cash: result.cash,
      next: result.next,
    }),
    patch(periodKey(deal, period), { state, attempt, calculatedBy: operator, instruction: null }),
  ],
})

/** Parties and holders: payment instructions are released to the custodian. */
export const instructionsApproved = eventType({
  contract,
  event: 'InstructionsApproved',
  schema: Fields({ ...ofPeriod, resultHash: HashString, instruction: OrNull(Id), ...Signer }),
  apply: ({ deal, period, state, instruction }) => [patch(periodKey(deal, period), { state, instruction })],
})

/** Parties and holders: nothing is paid by this calculation; the period stands as confirmed. */
export const instructionsRefused = eventType({
  contract,
  event: 'InstructionsRefused',
  schema: Fields({ ...ofPeriod, reason: Reason, ...Signer }),
  apply: ({ deal, period, state }) => [patch(periodKey(deal, period), { state })],
})

/** Parties and holders: the custodian voided the instructions; the period stands as confirmed. */
export const periodReopened = eventType({
  contract,
  event: 'PeriodReopened',
  schema: Fields({ ...ofPeriod, instruction: Id, ...Signer }),
  apply: ({ deal, period, state }) => [patch(periodKey(deal, period), { state, instruction: null })],
})

/** Parties and holders: paid and booked; balances after it. */
export const periodSettled = eventType({
  contract,
  event: 'PeriodSettled',
  schema: Fields({
    ...ofPeriod,
    index: Type.Integer({ minimum: 0 }),
    payDate: DateString,
    tranches: Type.Array(TrancheFields, { maxItems: MAX_TRANCHES }),
    cash: CashFields,
    poolVersion: Version,
    engine: EngineJson,
    participant: Id,
  }),
  apply: ({ deal, period, state, index, poolVersion, engine }) => [
    patch(periodKey(deal, period), { state }),
    patch(distributionKey(deal, period), { next: null }),
    put(engineKey(deal), engine),
    put(servicingKey(deal), { settled: index + 1, last: period, open: null, poolVersion }),
  ],
})

export const servicingEvents = [
  servicingOpened,
  collectionsReported,
  collectionsTransferred,
  collectionsConfirmed,
  distributionCalculated,
  instructionsApproved,
  instructionsRefused,
  periodReopened,
  periodSettled,
] as const
