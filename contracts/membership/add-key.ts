import { Stage } from '../kernel/event.ts'
import { method } from '../kernel/method.ts'
import { Fields, Id } from '../kernel/schema.ts'
import { refuse } from './errors.ts'
import { effectiveHeight, FromHeight, NewKeyWithFunctions, registerKey, requireOwn } from './keys.ts'
import { memberKey, operatorKey, publicKeyKey } from './state.ts'

/** A further key of an operator, for instance with another scope. */
export const addKey = method({
  contract: 'membership',
  method: 'addKey',
  sentence: {
    zh: '为 {participant} 的操作员 {operator} 登记密钥 {key.keyId}，权限 {key.functions}，{key.limitFen:limit}',
    en: 'Register key {key.keyId} of operator {operator} of {participant}, which may {key.functions}, by commands {key.limitFen:limit}',
  },
  args: Fields({ participant: Id, operator: Id, key: NewKeyWithFunctions, fromHeight: FromHeight }),
  by: { functions: ['service:admin'] },
  reads: ({ participant, operator, key }) => [
    operatorKey(participant, operator),
    memberKey(participant, key.keyId),
    publicKeyKey(key.publicKey),
  ],
  decide(read, { args: { participant, operator, key, fromHeight }, caller }, block) {
    requireOwn(caller, participant)
    const { kind } = read(operatorKey(participant, operator)) ?? refuse('OPERATOR_NOT_FOUND', { participant, operator })
    const stage = new Stage(read)
    registerKey(stage, { participant, operator, kind, key, fromHeight: effectiveHeight(fromHeight, block) })
    return stage.events
  },
})
