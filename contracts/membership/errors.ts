import { refusals } from '../kernel/refusal.ts'

/** Refusals of membership, in the order in which they are tested. */
export const refuse = refusals({
  /** An administrator acts for its own participant only. */
  NOT_YOUR_PARTICIPANT: 'forbidden',
  PARTICIPANT_NOT_FOUND: 'notFound',
  OPERATOR_NOT_FOUND: 'notFound',
  KEY_NOT_FOUND: 'notFound',
  PARTICIPANT_EXISTS: 'conflict',
  OPERATOR_EXISTS: 'conflict',
  KEY_EXISTS: 'conflict',
  USCC_TAKEN: 'conflict',
  /** The same public key stands under another id: one key is one operator. */
  PUBLIC_KEY_TAKEN: 'conflict',
  BAD_USCC: 'validation',
  BAD_PUBLIC_KEY: 'validation',
  /** A service may not make, check or pay: those are for persons. */
  NOT_FOR_A_SERVICE: 'validation',
  /** A change takes effect in a later block than its own. */
  HEIGHT_PASSED: 'validation',
  /** The key has an end that is no later than the one asked for. */
  KEY_ENDED: 'conflict',
  /** The key that signs cannot revoke itself: somebody must be left to administer. */
  REVOKES_ITSELF: 'conflict',
  /** A key that is about to end cannot revoke others, for the same reason. */
  SIGNER_IS_ENDING: 'conflict',
  /** Another change of the member has been decided and holds from a later height. */
  CHANGE_PENDING: 'conflict',
})
