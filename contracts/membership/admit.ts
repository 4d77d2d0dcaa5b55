import { isUscc } from '#domain/uscc'
import { PUBLIC, Stage } from '../kernel/event.ts'
import { method } from '../kernel/method.ts'
import { BilingualText, Fields, Id, OneOf } from '../kernel/schema.ts'
import { refuse } from './errors.ts'
import { operatorAdded, participantAdmitted, Roles, UsccText } from './events.ts'
import { effectiveHeight, NewKey, registerKey } from './keys.ts'
import { OPERATOR_KINDS, participantKey, publicKeyKey, usccKey } from './state.ts'

/** A new member with its first administrator, who then adds the others. */
export const admit = method({
  contract: 'membership',
  method: 'admit',
  sentence: {
    zh: '接纳成员 {participant}（{name.zh}，{uscc}）',
    en: 'Admit {participant} ({name.en}, {uscc}) to the consortium',
  },
  args: Fields({
    participant: Id,
    name: BilingualText,
    uscc: UsccText,
    roles: Roles,
    administrator: Fields({ operator: Id, kind: OneOf(OPERATOR_KINDS), key: NewKey }),
  }),
  by: { roles: ['consortium-operator'], functions: ['service:admin'] },
  reads: ({ participant, uscc, administrator: { key } }) => [
    participantKey(participant),
    usccKey(uscc),
    publicKeyKey(key.publicKey),
  ],
  decide(read, { args: { participant, name, uscc, roles, administrator } }, block) {
    if (read(participantKey(participant))) refuse('PARTICIPANT_EXISTS', { participant })
    const taken = read(usccKey(uscc))
    if (taken) refuse('USCC_TAKEN', { uscc, participant: taken.participant })
    if (!isUscc(uscc)) refuse('BAD_USCC', { uscc })
    const stage = new Stage(read)
    const { operator, kind, key } = administrator
    stage.emit(participantAdmitted, { participant, name, uscc, roles }, [PUBLIC])
    stage.emit(operatorAdded, { participant, operator, kind }, [PUBLIC])
    const fromHeight = effectiveHeight(null, block)
    registerKey(stage, { participant, operator, kind, key: { ...key, functions: ['service:admin'] }, fromHeight })
    return stage.events
  },
})
