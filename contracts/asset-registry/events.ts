import { Type } from 'typebox'
import { MAX_LEVELS } from '#proof/sum-tree'
import { eventType } from '../kernel/event.ts'
import { DateString, Fields, HashString, Id, OneOf, OrNull } from '../kernel/schema.ts'
import { patch, put } from '../kernel/state.ts'
import { AmountText, Count, Reason } from '../deal/fields.ts'
import { asOfKey, BATCH_TABLE, batchKey, bookKey, versionText } from './state.ts'

const contract = 'asset-registry'
const State = OneOf(BATCH_TABLE.states)
export const Version = Type.Integer({ minimum: 1, maximum: 1_000_000 })
export const Root = Fields({
  hash: HashString,
  top: HashString,
  levels: Type.Integer({ minimum: 0, maximum: MAX_LEVELS }),
  count: AmountText,
  originalFen: AmountText,
  currentFen: AmountText,
  defaultedFen: AmountText,
})

/** Parties and holders: the pool's sums and hashes; never an asset. */
export const batchProposed = eventType({
  contract,
  event: 'BatchProposed',
  schema: Fields({
    deal: Id,
    version: Version,
    state: State,
    previous: OrNull(HashString),
    root: Root,
    changed: Count,
    contentHash: HashString,
    asOf: DateString,
    participant: Id,
    effective: OrNull(Version),
  }),
  apply: ({ deal, version, state, previous, root, changed, contentHash, asOf, effective }) => [
    put(batchKey(deal, versionText(version)), { deal, version, state, previous, root, changed, contentHash, asOf }),
    put(bookKey(deal), { lastVersion: version, pending: version, effective }),
  ],
})

/** Parties and holders: the custodian vouches for this root from here on. */
export const batchAttested = eventType({
  contract,
  event: 'BatchAttested',
  schema: Fields({ deal: Id, version: Version, state: State, root: HashString, asOf: DateString, participant: Id }),
  apply: ({ deal, version, state, asOf }) => [
    patch(batchKey(deal, versionText(version)), { state }),
    patch(bookKey(deal), { pending: null, effective: version }),
    put(asOfKey(deal, asOf), { version }),
  ],
})

/** Parties and holders: the batch has no effect; the servicer proposes the next version. */
export const batchRejected = eventType({
  contract,
  event: 'BatchRejected',
  schema: Fields({ deal: Id, version: Version, state: State, reason: Reason, participant: Id }),
  apply: ({ deal, version, state }) => [
    patch(batchKey(deal, versionText(version)), { state }),
    patch(bookKey(deal), { pending: null }),
  ],
})

export const batchEvents = [batchProposed, batchAttested, batchRejected] as const
