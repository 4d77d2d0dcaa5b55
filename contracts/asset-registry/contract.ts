import { contract } from '../kernel/method.ts'
import { attest } from './attest.ts'
import { batchEvents } from './events.ts'
import { proposeBatch } from './propose-batch.ts'
import { reject } from './reject.ts'

/**
 * Versions of a plan's assets as roots of a Merkle sum tree (LEDGER.md §7).
 *
 * Who sees what: roots, counts, sums, dates and the tape's hash are seen by the plan's parties, its holders and the
 * regulator. Single assets are never here: they are proven against the root by whoever holds the tape.
 */
export const assetRegistry = contract({
  name: 'asset-registry',
  methods: [proposeBatch, attest, reject],
  events: batchEvents,
  disclosure: { fields: 'parties', commitments: ['hash', 'top', 'root', 'previous', 'contentHash'] },
})
