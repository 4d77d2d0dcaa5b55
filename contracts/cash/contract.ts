import { contract } from '../kernel/method.ts'
import { credit } from './credit.ts'
import { cashEvents } from './events.ts'
import { open } from './open.ts'
import { post } from './post.ts'
import { voidTransfers } from './void.ts'

/**
 * Double-entry cash: each account mirrors a bank account. Contracts instruct (transfers.ts), which reserves; the bank's
 * signed statement line posts or voids. The sum over all accounts is always zero, and none but `external` is negative.
 *
 * Who sees what. Parties only, nothing is public and nothing is a commitment: an account's id, kind, owner, bank and deal
 * are seen by owner, bank and whoever follows the deal; an instruction's legs, amounts, reservations and the balances
 * after it by the owners and banks of all its accounts and, unless its audience is `parties`, by whoever follows the deal;
 * a credit by the owners of both accounts, the bank and the deal's followers. So transfers to holders who must not see
 * one another are instructed one holder at a time, to `parties`. The regulator sees all.
 */
export const cash = contract({
  name: 'cash',
  methods: [open, credit, post, voidTransfers],
  events: cashEvents,
  disclosure: { fields: 'parties' },
})
