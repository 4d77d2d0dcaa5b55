import type { Curve } from '#proof/public-key'
import type { Caller } from '../kernel/method.ts'
import type { Key, Read } from '../kernel/state.ts'
import { rolesAt } from './roles.ts'
import { memberKey, participantKey } from './state.ts'

export interface KnownKey {
  readonly caller: Caller
  /** base64url without padding */
  readonly publicKey: string
  readonly curve: Curve
}

/** What `callerOf` reads, for a prefetch. */
export const callerKeys = (participant: string, keyId: string): readonly Key<unknown>[] => [
  participantKey(participant),
  memberKey(participant, keyId),
]

/**
 * Who signs with this key in a block of this height; undefined when it is unknown, not yet valid or revoked, or its
 * participant is no member at that height.
 */
export function callerOf(read: Read, participant: string, keyId: string, height: number): KnownKey | undefined {
  const key = read(memberKey(participant, keyId))
  const member = read(participantKey(participant))
  if (!key || !member) return undefined
  if (height < key.fromHeight || (key.untilHeight !== null && height >= key.untilHeight)) return undefined
  const roles = rolesAt(member, height)
  if (roles.length === 0) return undefined
  const { operator, functions, limitFen } = key
  return {
    caller: { participant, operator, keyId, roles, functions, ...(limitFen !== undefined && { limitFen }) },
    publicKey: key.publicKey,
    curve: key.curve,
  }
}
