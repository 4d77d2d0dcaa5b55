import { PUBLIC } from '../kernel/event.ts'
import { method } from '../kernel/method.ts'
import { Fields, Id } from '../kernel/schema.ts'
import { refuse } from './errors.ts'
import { Roles, rolesChanged } from './events.ts'
import { participantKey } from './state.ts'

/** What a member does in the consortium; its commands of the next block are judged by it. */
export const setRoles = method({
  contract: 'membership',
  method: 'setRoles',
  sentence: { zh: '将成员 {participant} 的角色设为 {roles}', en: 'Set the roles of {participant} to {roles}' },
  args: Fields({ participant: Id, roles: Roles }),
  by: { roles: ['consortium-operator'], functions: ['service:admin'] },
  reads: ({ participant }) => [participantKey(participant)],
  decide(read, { args: { participant, roles }, caller }) {
    if (participant === caller.participant) refuse('OWN_ROLES', { participant })
    if (!read(participantKey(participant))) refuse('PARTICIPANT_NOT_FOUND', { participant })
    return [rolesChanged.of({ participant, roles }, [PUBLIC])]
  },
})
