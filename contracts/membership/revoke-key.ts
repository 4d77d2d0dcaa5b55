import { PUBLIC } from '../kernel/event.ts'
import { method } from '../kernel/method.ts'
import { Fields, Id, Text } from '../kernel/schema.ts'
import { refuse } from './errors.ts'
import { keyEnded } from './events.ts'
import { effectiveHeight, FromHeight, requireOwn } from './keys.ts'
import { memberKey } from './state.ts'

/**
 * A key signs no more from a height on. Its own participant's administrator revokes; for another's key the institutions
 * decide together (contracts/governance), since whoever could revoke alone could stop the consortium alone.
 */
export const revokeKey = method({
  contract: 'membership',
  method: 'revokeKey',
  sentence: { zh: '吊销 {participant} 的密钥 {keyId}：{reason}', en: 'Revoke key {keyId} of {participant}: {reason}' },
  args: Fields({ participant: Id, keyId: Id, fromHeight: FromHeight, reason: Text }),
  by: { functions: ['service:admin'] },
  reads: ({ participant, keyId }, caller) => [
    memberKey(participant, keyId),
    memberKey(caller.participant, caller.keyId),
  ],
  decide(read, { args: { participant, keyId, fromHeight, reason }, caller }, block) {
    requireOwn(caller, participant)
    const key = read(memberKey(participant, keyId)) ?? refuse('KEY_NOT_FOUND', { participant, key: keyId })
    const untilHeight = effectiveHeight(fromHeight, block)
    if (key.untilHeight !== null && key.untilHeight <= untilHeight) {
      refuse('KEY_ENDED', { participant, key: keyId, untilHeight: key.untilHeight })
    }
    if (keyId === caller.keyId) refuse('REVOKES_ITSELF', { key: keyId })
    const signer = read(memberKey(caller.participant, caller.keyId))
    if (signer?.untilHeight != null) refuse('SIGNER_IS_ENDING', { key: caller.keyId, untilHeight: signer.untilHeight })
    return [keyEnded.of({ participant, keyId, untilHeight, reason, replacedBy: null }, [PUBLIC])]
  },
})
