import { contract } from '../kernel/method.ts'
import { addKey } from './add-key.ts'
import { addOperator } from './add-operator.ts'
import { admit } from './admit.ts'
import { membershipEvents } from './events.ts'
import { revokeKey } from './revoke-key.ts'
import { rotateKey } from './rotate-key.ts'
import { setRoles } from './set-roles.ts'

/**
 * Who belongs to the consortium: participants with their roles, operators and keys (LEDGER.md §2).
 *
 * A participant administers its own operators and keys; the consortium's operator admits members, sets their roles and
 * revokes keys, and cannot add a key to another's name. A participant that lost every administrator's key is restored by
 * governance, not here.
 *
 * Who sees what: everything here is public within the consortium, since every member must be able to verify every
 * signature. An operator's id is a pseudonym that the participant chooses; names of people never stand here.
 */
export const membership = contract({
  name: 'membership',
  methods: [admit, setRoles, addOperator, addKey, rotateKey, revokeKey],
  events: membershipEvents,
})
