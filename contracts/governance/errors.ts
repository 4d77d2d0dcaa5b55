import { refusals } from '../kernel/refusal.ts'

/** Refusals of governance, in the order in which they are tested; membership's own come from what is decided. */
export const refuse = refusals({
  /** Only the institutions named decide; being a member is not enough. */
  NOT_AN_INSTITUTION: 'forbidden',
  PROPOSAL_NOT_FOUND: 'notFound',
  PROPOSAL_EXISTS: 'conflict',
  PROPOSAL_EXPIRED: 'conflict',
  /** The last business date for approval is past, or later than the limit allows. */
  BAD_EXPIRY: 'validation',
  HEIGHT_PASSED: 'validation',
  /** What is approved is not, word for word, what was proposed. */
  NOT_WHAT_WAS_PROPOSED: 'conflict',
  ALREADY_APPROVED: 'conflict',
  /** Who made the proposal does not check it. */
  SAME_OPERATOR: 'forbidden',
  NOT_APPROVED: 'notFound',
  NOT_THE_PROPOSER: 'forbidden',
  PARTICIPANT_NOT_FOUND: 'notFound',
  /** A member that decides, votes in consensus, or rolls the date, is first replaced there. */
  STILL_AN_INSTITUTION: 'conflict',
  STILL_A_VALIDATOR: 'conflict',
  STILL_A_CALENDAR_OPERATOR: 'conflict',
  /** One institution must be able to fail, and none to decide alone: 2 ≤ needed < number of institutions. */
  NEEDED_OUT_OF_RANGE: 'validation',
  BAD_VALIDATOR_KEY: 'validation',
  VALIDATOR_NOT_FOUND: 'notFound',
  /** Of a validator that votes, did in the block before, or will; of this participant or of another. */
  VALIDATOR_KEY_TAKEN: 'conflict',
  /** It was replaced by another, perhaps because it was stolen. */
  VALIDATOR_KEY_RETIRED: 'conflict',
  NO_VALIDATOR_LEFT: 'conflict',
  TOO_MANY_VALIDATORS: 'validation',
  /** Two equal votes, or one that the validator did not sign: nothing is shown by them. */
  NOT_MISBEHAVIOUR: 'validation',
  ALREADY_REPORTED: 'conflict',
  NOTHING_CHANGES: 'conflict',
  /** Something else is decided for a later height: it must hold first, or this one not before it. */
  CHANGE_PENDING: 'conflict',
})
