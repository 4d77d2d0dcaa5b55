import { contract } from '../kernel/method.ts'
import { membershipEvents } from './events.ts'

/**
 * Who belongs to the consortium: participants with their roles, operators and keys (LEDGER.md §2).
 *
 * Who sees what: everything here is public within the consortium, since every member must be able to verify every
 * signature. An operator's id is a pseudonym that the participant chooses; names of people never stand here.
 */
export const membership = contract({ name: 'membership', methods: [], events: membershipEvents })
