import { contract } from '../kernel/method.ts'
import { accept } from './accept.ts'
import { acceptTransfer } from './accept-transfer.ts'
import { approve } from './approve.ts'
import { receivableEvents } from './events.ts'
import { issue } from './issue.ts'
import { openBatch } from './open-batch.ts'
import { proposeTransfer } from './propose-transfer.ts'
import { reject } from './reject.ts'
import { split } from './split.ts'
import { withdraw } from './withdraw.ts'
import { withdrawTransfer } from './withdraw-transfer.ts'

/**
 * Digital receivables (DOMAIN.md §3): drawn up and approved by two operators of the core enterprise, accepted by the
 * supplier, then cut and handed on as intervals of fen.
 *
 * Who sees what. Public: nothing. Parties only:
 * - a batch's terms and dates: its core enterprise;
 * - a draft (supplier, face, dates, reason, maker, invoices' amounts): its core enterprise; once approved, supplier,
 *   face and dates also the supplier; acceptance: both;
 * - a split (intervals, ids, owner, tier): the holder and the core enterprise, which must know whom it will pay;
 * - an offer (interval, maturity, last day): holder and recipient; its withdrawal or expiry the same two;
 * - a transfer: both and the core enterprise, since an assignment binds the debtor once notified.
 * Commitments: `documents` (contract, delivery, invoices) and each invoice's `commitment`, a hash keyed with the
 * consortium's key over seller USCC, invoice code and number. A member who holds that key can test whether an invoice it
 * already knows is registered, and nothing else. The regulator sees all of the above, no names and no documents.
 */
export const receivable = contract({
  name: 'receivable',
  methods: [
    openBatch,
    issue,
    approve,
    accept,
    reject,
    withdraw,
    split,
    proposeTransfer,
    acceptTransfer,
    withdrawTransfer,
  ],
  events: receivableEvents,
  disclosure: { fields: 'parties', commitments: ['documents', 'commitment'] },
})
