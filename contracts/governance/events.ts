import { Type, type TSchema } from 'typebox'
import { eventType } from '../kernel/event.ts'
import { DateString, Fields, HashString, Height, Id, OneOf, OrNull, Text } from '../kernel/schema.ts'
import { patch, put } from '../kernel/state.ts'
import { PublicKey } from '../membership/events.ts'
import { Action, InstitutionIds, MAX_INSTITUTIONS, MAX_VALIDATORS, Needed, ParameterFields, ValidatorFields } from './actions.ts' // prettier-ignore
import { DoubleVoteFields } from './double-vote.ts'
import {
  bundlesKey,
  institutionsKey,
  misbehaviourKey,
  parametersKey,
  PROPOSAL_TABLE,
  proposalKey,
  retiredValidatorKey,
  validatorsKey,
} from './state.ts'

const contract = 'governance'
const Signer = { institution: Id, operator: Id, keyId: Id }
const State = OneOf(PROPOSAL_TABLE.states)
const ApprovalFields = Fields({ ...Signer, height: Height })
const Approvals = Type.Array(ApprovalFields, { maxItems: MAX_INSTITUTIONS })
const ScheduleOf = <const S extends TSchema>(value: S) =>
  Type.Array(Fields({ fromHeight: Height, value }), { minItems: 1, maxItems: 100 })

const InstitutionsSchedule = ScheduleOf(Fields({ institutions: InstitutionIds, needed: Needed }))
const ValidatorsSchedule = ScheduleOf(Type.Array(ValidatorFields, { maxItems: MAX_VALIDATORS }))
const BundlesSchedule = ScheduleOf(OrNull(HashString))
const ParametersSchedule = ScheduleOf(ParameterFields)

/** Who decides, from which height. Genesis says so first. */
export const institutionsSet = eventType({
  contract,
  event: 'InstitutionsSet',
  schema: Fields({ schedule: InstitutionsSchedule }),
  apply: ({ schedule }) => [put(institutionsKey, schedule)],
})

/** Who votes in consensus, from which height. */
export const validatorsSet = eventType({
  contract,
  event: 'ValidatorsSet',
  schema: Fields({ schedule: ValidatorsSchedule }),
  apply: ({ schedule }) => [put(validatorsKey, schedule)],
})

/** A validator votes with another key from a height on, as `ValidatorsSet` beside it says; the one before is spent. */
export const validatorKeyRotated = eventType({
  contract,
  event: 'ValidatorKeyRotated',
  schema: Fields({ participant: Id, publicKey: PublicKey, successor: PublicKey, fromHeight: Height }),
  apply: (data) => [put(retiredValidatorKey(data.publicKey), data)],
})

/** Which version of the contracts rules, from which height. */
export const bundleActivated = eventType({
  contract,
  event: 'BundleActivated',
  schema: Fields({ schedule: BundlesSchedule }),
  apply: ({ schedule }) => [put(bundlesKey, schedule)],
})

export const parametersSet = eventType({
  contract,
  event: 'ParametersSet',
  schema: Fields({ schedule: ParametersSchedule }),
  apply: ({ schedule }) => [put(parametersKey, schedule)],
})

export const proposed = eventType({
  contract,
  event: 'Proposed',
  schema: Fields({
    proposal: Id,
    state: State,
    action: Action,
    fromHeight: OrNull(Height),
    reason: Text,
    expiresOn: DateString,
    institution: Id,
    operator: Id,
  }),
  apply: (data) => [put(proposalKey(data.proposal), { ...data, approvals: [] })],
})

/** The approvals as they stand with this one. */
export const approved = eventType({
  contract,
  event: 'Approved',
  schema: Fields({ proposal: Id, ...Signer, approvals: Approvals }),
  apply: ({ proposal, approvals }) => [patch(proposalKey(proposal), { approvals })],
})

export const approvalWithdrawn = eventType({
  contract,
  event: 'ApprovalWithdrawn',
  schema: Fields({ proposal: Id, ...Signer, approvals: Approvals }),
  apply: ({ proposal, approvals }) => [patch(proposalKey(proposal), { approvals })],
})

export const proposalWithdrawn = eventType({
  contract,
  event: 'ProposalWithdrawn',
  schema: Fields({ proposal: Id, state: State, ...Signer }),
  apply: ({ proposal, state }) => [patch(proposalKey(proposal), { state })],
})

/** Enough have approved; what was decided is in the events that follow, and holds from the height. */
export const enacted = eventType({
  contract,
  event: 'Enacted',
  schema: Fields({
    proposal: Id,
    state: State,
    counted: Type.Array(Id, { maxItems: MAX_INSTITUTIONS }),
    fromHeight: Height,
  }),
  apply: ({ proposal, state }) => [patch(proposalKey(proposal), { state })],
})

/** A validator signed two blocks at one place of the chain. Nothing follows by itself: the institutions decide. */
export const misbehaviourReported = eventType({
  contract,
  event: 'MisbehaviourReported',
  schema: Fields({ ...DoubleVoteFields, participant: Id, reporter: Id }),
  apply: (data) => [put(misbehaviourKey(data), data)],
})

export const governanceEvents = [
  institutionsSet,
  validatorsSet,
  validatorKeyRotated,
  bundleActivated,
  parametersSet,
  proposed,
  approved,
  approvalWithdrawn,
  proposalWithdrawn,
  enacted,
  misbehaviourReported,
] as const
