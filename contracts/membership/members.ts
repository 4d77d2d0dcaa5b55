import type { Static, TObject } from 'typebox'
import { isUscc } from '#domain/uscc'
import { PUBLIC, type Stage } from '../kernel/event.ts'
import { BilingualText, Fields, Id, OneOf } from '../kernel/schema.ts'
import { refuse } from './errors.ts'
import { keyEnded, operatorAdded, participantAdmitted, participantRemoved, Roles, rolesChanged, UsccText } from './events.ts' // prettier-ignore
import { handedOn, NewKey, registerKey } from './keys.ts'
import { rolesAt } from './roles.ts'
import { memberKey, OPERATOR_KINDS, operatorKey, participantKey, usccKey, type Participant } from './state.ts'

/**
 * What the consortium decides about its members. These are no methods: they are performed when enough institutions have
 * approved (contracts/governance), and hold from a height.
 */

export const Admission = {
  participant: Id,
  name: BilingualText,
  uscc: UsccText,
  roles: Roles,
  administrator: Fields({ operator: Id, kind: OneOf(OPERATOR_KINDS), key: NewKey }),
}

/** A new member with its first administrator, who then adds the others. Refuses PARTICIPANT_EXISTS, USCC_TAKEN, BAD_USCC. */
export function admit(stage: Stage, admission: Static<TObject<typeof Admission>>, fromHeight: number): void {
  const { participant, name, uscc, roles, administrator } = admission
  const { operator, kind, key } = administrator
  if (stage.read(participantKey(participant))) refuse('PARTICIPANT_EXISTS', { participant })
  const taken = stage.read(usccKey(uscc))
  if (taken) refuse('USCC_TAKEN', { uscc, participant: taken.participant })
  if (!isUscc(uscc)) refuse('BAD_USCC', { uscc })
  stage.emit(participantAdmitted, { participant, name, uscc, roles, fromHeight }, [PUBLIC])
  stage.emit(operatorAdded, { participant, operator, kind }, [PUBLIC])
  registerKey(stage, { participant, operator, kind, key: { ...key, functions: ['service:admin'] }, fromHeight })
}

/** Its commands are judged by these roles from the height on. Refuses PARTICIPANT_NOT_FOUND, CHANGE_PENDING. */
export function setRoles(
  stage: Stage,
  { participant, roles }: { participant: string; roles: Static<typeof Roles> },
  { fromHeight, height }: { fromHeight: number; height: number },
): void {
  const before = memberWithoutPending(stage, participant, height)
  const now = [...rolesAt(before, height)]
  stage.emit(rolesChanged, { participant, before: now, roles, fromHeight }, [PUBLIC])
}

/** No key of the member signs from the height on. What it did stays done. */
export function remove(
  stage: Stage,
  { participant }: { participant: string },
  { fromHeight, height }: { fromHeight: number; height: number },
): void {
  const before = memberWithoutPending(stage, participant, height)
  stage.emit(participantRemoved, { participant, before: [...rolesAt(before, height)], fromHeight }, [PUBLIC])
}

function memberWithoutPending(stage: Stage, participant: string, height: number): Participant {
  const member = stage.read(participantKey(participant)) ?? refuse('PARTICIPANT_NOT_FOUND', { participant })
  if (member.next && member.next.fromHeight > height) {
    refuse('CHANGE_PENDING', { participant, fromHeight: member.next.fromHeight })
  }
  return member
}

/**
 * A lost or stolen key is followed by another of the same operator with the same functions and limit; the one before
 * ends, if it has not ended yet. Refuses KEY_NOT_FOUND and what `registerKey` refuses.
 */
export function replaceKey(
  stage: Stage,
  { participant, keyId, successor }: { participant: string; keyId: string; successor: Static<typeof NewKey> },
  fromHeight: number,
): void {
  const before = stage.read(memberKey(participant, keyId)) ?? refuse('KEY_NOT_FOUND', { participant, key: keyId })
  const { operator, untilHeight } = before
  if (untilHeight === null || untilHeight > fromHeight) {
    const ended = { participant, keyId, untilHeight: fromHeight, reason: 'replaced', replacedBy: successor.keyId }
    stage.emit(keyEnded, ended, [PUBLIC])
  }
  const { kind } = stage.read(operatorKey(participant, operator))!
  registerKey(stage, { participant, operator, kind, key: { ...successor, ...handedOn(before) }, fromHeight })
}

/** Another's key signs no more. Refuses KEY_NOT_FOUND, KEY_ENDED. */
export function endKey(
  stage: Stage,
  { participant, keyId, reason }: { participant: string; keyId: string; reason: string },
  fromHeight: number,
): void {
  const { untilHeight } =
    stage.read(memberKey(participant, keyId)) ?? refuse('KEY_NOT_FOUND', { participant, key: keyId })
  if (untilHeight !== null && untilHeight <= fromHeight) {
    refuse('KEY_ENDED', { participant, key: keyId, untilHeight })
  }
  stage.emit(keyEnded, { participant, keyId, untilHeight: fromHeight, reason, replacedBy: null }, [PUBLIC])
}
