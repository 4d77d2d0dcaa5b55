import { PUBLIC, Stage } from '../kernel/event.ts'
import { method } from '../kernel/method.ts'
import { Fields, Id } from '../kernel/schema.ts'
import { refuse } from './errors.ts'
import { keyEnded } from './events.ts'
import { effectiveHeight, FromHeight, handedOn, NewKey, registerKey, requireOwn } from './keys.ts'
import { memberKey, operatorKey, publicKeyKey } from './state.ts'

/** A key is followed by another with the same operator, functions and limit: up to a height the one signs, from it the other. */
export const rotateKey = method({
  contract: 'membership',
  method: 'rotateKey',
  sentence: {
    zh: '{participant} 的密钥 {keyId} 更换为 {successor.keyId}',
    en: 'Replace key {keyId} of {participant} by {successor.keyId}',
  },
  args: Fields({ participant: Id, keyId: Id, successor: NewKey, fromHeight: FromHeight }),
  by: { functions: ['service:admin'] },
  reads: ({ participant, keyId, successor }) => [
    memberKey(participant, keyId),
    memberKey(participant, successor.keyId),
    publicKeyKey(successor.publicKey),
  ],
  decide(read, { args: { participant, keyId, successor, fromHeight: wanted }, caller }, block) {
    requireOwn(caller, participant)
    const before = read(memberKey(participant, keyId)) ?? refuse('KEY_NOT_FOUND', { participant, key: keyId })
    const fromHeight = effectiveHeight(wanted, block)
    if (before.untilHeight !== null) {
      refuse('KEY_ENDED', { participant, key: keyId, untilHeight: before.untilHeight })
    }
    const stage = new Stage(read)
    const ended = { participant, keyId, untilHeight: fromHeight, reason: 'rotated', replacedBy: successor.keyId }
    stage.emit(keyEnded, ended, [PUBLIC])
    const { operator } = before
    const { kind } = read(operatorKey(participant, operator))!
    registerKey(stage, { participant, operator, kind, key: { ...successor, ...handedOn(before) }, fromHeight })
    return stage.events
  },
})
