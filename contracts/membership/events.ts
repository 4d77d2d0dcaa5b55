import { Type } from 'typebox'
import { CURVES } from '#proof/public-key'
import { eventType } from '../kernel/event.ts'
import { KEY_FUNCTIONS, ROLES } from '../kernel/method.ts'
import { BilingualText, Fields, Height, Id, OneOf, OrNull, PositiveFen, Text } from '../kernel/schema.ts'
import { patch, put } from '../kernel/state.ts'
import {
  consortiumKey,
  memberKey,
  OPERATOR_KINDS,
  operatorKey,
  participantKey,
  publicKeyKey,
  usccKey,
} from './state.ts'

const contract = 'membership'

/** The form of a public key in base64url without padding: 32 bytes (Ed25519), or 33 (a compressed point of SM2). */
export const PublicKey = Type.String({ pattern: '^([A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]|A[A-Za-z0-9_-]{43})$' })
export const UsccText = Type.String({ pattern: '^[0-9A-Z]{18}$' })
export const Roles = Type.Array(OneOf(ROLES), { minItems: 1, maxItems: ROLES.length, uniqueItems: true })
/** As they were: none before admission holds and after removal. */
const AnyRoles = Type.Array(OneOf(ROLES), { maxItems: ROLES.length, uniqueItems: true })
export const Functions = Type.Array(OneOf(KEY_FUNCTIONS), {
  minItems: 1,
  maxItems: KEY_FUNCTIONS.length,
  uniqueItems: true,
})

/** The most that one command of a key may commit (ADR 045); absent: any amount. */
export const LimitFen = Type.Optional(PositiveFen)

export const consortiumFounded = eventType({
  contract,
  event: 'ConsortiumFounded',
  schema: Fields({ name: Text, ledgerOperator: Fields({ curve: OneOf(CURVES), publicKey: PublicKey }) }),
  apply: ({ name, ledgerOperator }) => [put(consortiumKey, { name, ledgerOperator })],
})

export const participantAdmitted = eventType({
  contract,
  event: 'ParticipantAdmitted',
  schema: Fields({ participant: Id, name: BilingualText, uscc: UsccText, roles: Roles, fromHeight: Height }),
  apply: ({ participant, name, uscc, roles, fromHeight }) => [
    put(participantKey(participant), {
      id: participant,
      name,
      uscc,
      roles: fromHeight === 0 ? roles : [],
      next: fromHeight === 0 ? null : { roles, fromHeight },
    }),
    put(usccKey(uscc), { participant }),
  ],
})

export const rolesChanged = eventType({
  contract,
  event: 'RolesChanged',
  schema: Fields({ participant: Id, before: AnyRoles, roles: Roles, fromHeight: Height }),
  apply: ({ participant, before, roles, fromHeight }) => [
    patch(participantKey(participant), { roles: before, next: { roles, fromHeight } }),
  ],
})

/** From the height on no key of the member signs; what it did stays done, and its id and USCC stay taken. */
export const participantRemoved = eventType({
  contract,
  event: 'ParticipantRemoved',
  schema: Fields({ participant: Id, before: AnyRoles, fromHeight: Height }),
  apply: ({ participant, before, fromHeight }) => [
    patch(participantKey(participant), { roles: before, next: { roles: [], fromHeight } }),
  ],
})

export const operatorAdded = eventType({
  contract,
  event: 'OperatorAdded',
  schema: Fields({ participant: Id, operator: Id, kind: OneOf(OPERATOR_KINDS) }),
  apply: ({ participant, operator, kind }) => [
    put(operatorKey(participant, operator), { participant, operator, kind }),
  ],
})

export const keyRegistered = eventType({
  contract,
  event: 'KeyRegistered',
  schema: Fields({
    participant: Id,
    operator: Id,
    keyId: Id,
    curve: OneOf(CURVES),
    publicKey: PublicKey,
    functions: Functions,
    limitFen: LimitFen,
    fromHeight: Height,
  }),
  apply: (key) => [
    put(memberKey(key.participant, key.keyId), { ...key, untilHeight: null }),
    put(publicKeyKey(key.publicKey), { participant: key.participant, keyId: key.keyId }),
  ],
})

/** The key signs up to, not in, the block of `untilHeight`. Replaced: by whom it is followed. */
export const keyEnded = eventType({
  contract,
  event: 'KeyEnded',
  schema: Fields({ participant: Id, keyId: Id, untilHeight: Height, reason: Text, replacedBy: OrNull(Id) }),
  apply: ({ participant, keyId, untilHeight }) => [patch(memberKey(participant, keyId), { untilHeight })],
})

export const membershipEvents = [
  consortiumFounded,
  participantAdmitted,
  rolesChanged,
  participantRemoved,
  operatorAdded,
  keyRegistered,
  keyEnded,
] as const
