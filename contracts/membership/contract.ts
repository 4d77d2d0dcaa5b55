import { contract } from '../kernel/method.ts'
import { addKey } from './add-key.ts'
import { addOperator } from './add-operator.ts'
import { membershipEvents } from './events.ts'
import { revokeKey } from './revoke-key.ts'
import { rotateKey } from './rotate-key.ts'

/**
 * Who belongs to the consortium: participants with their roles, operators and keys (LEDGER.md §2).
 *
 * A participant administers its own operators and keys, and nobody else's. Who is a member and in which roles, and the
 * keys of a participant that lost them, is decided by several institutions together (contracts/governance).
 *
 * Who sees what: everything here is public within the consortium, since every member must be able to verify every
 * signature. An operator's id is a pseudonym that the participant chooses; names of people never stand here.
 */
export const membership = contract({
  name: 'membership',
  methods: [addOperator, addKey, rotateKey, revokeKey],
  events: membershipEvents,
  disclosure: { fields: 'public' },
})
