import { PUBLIC, Stage } from '../kernel/event.ts'
import { method } from '../kernel/method.ts'
import { Fields, Id, OneOf } from '../kernel/schema.ts'
import { refuse } from './errors.ts'
import { operatorAdded } from './events.ts'
import { effectiveHeight, FromHeight, NewKeyWithFunctions, registerKey, requireOwn } from './keys.ts'
import { memberKey, OPERATOR_KINDS, operatorKey, publicKeyKey } from './state.ts'

/** A participant's administrator adds a person or a service, with its first key. */
export const addOperator = method({
  contract: 'membership',
  method: 'addOperator',
  sentence: {
    zh: '为 {participant} 增加操作员 {operator}，权限 {key.functions}，{key.limitFen:limit}',
    en: 'Add operator {operator} to {participant}, who may {key.functions}, by commands {key.limitFen:limit}',
  },
  args: Fields({
    participant: Id,
    operator: Id,
    kind: OneOf(OPERATOR_KINDS),
    key: NewKeyWithFunctions,
    fromHeight: FromHeight,
  }),
  by: { functions: ['service:admin'] },
  reads: ({ participant, operator, key }) => [
    operatorKey(participant, operator),
    memberKey(participant, key.keyId),
    publicKeyKey(key.publicKey),
  ],
  decide(read, { args: { participant, operator, kind, key, fromHeight }, caller }, block) {
    requireOwn(caller, participant)
    if (read(operatorKey(participant, operator))) refuse('OPERATOR_EXISTS', { participant, operator })
    const stage = new Stage(read)
    stage.emit(operatorAdded, { participant, operator, kind }, [PUBLIC])
    registerKey(stage, { participant, operator, kind, key, fromHeight: effectiveHeight(fromHeight, block) })
    return stage.events
  },
})
