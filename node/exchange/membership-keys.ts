import { callerKeys, callerOf } from '#contracts/membership/caller'
import type { Ledger } from '#ledger-adapter/port'
import { readState } from '../read-state.ts'
import type { KeyLookup } from './manifest.ts'

/** Keys as membership on the ledger has them now: one that was revoked signs no manifest and no receipt any more. */
export const membershipKeys =
  (ledger: Pick<Ledger, 'query'>): KeyLookup =>
  (participant, keyId) =>
    readState(
      ledger,
      (read, height) => callerOf(read, participant, keyId, height + 1)?.publicKey,
      callerKeys(participant, keyId),
    )
