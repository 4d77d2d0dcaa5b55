import { CURVES, publicKeyProblem } from '#proof/public-key'
import type { Static } from 'typebox'
import { PUBLIC, type Stage } from '../kernel/event.ts'
import { Fields, Height, Id, OneOf, OrNull } from '../kernel/schema.ts'
import type { BlockContext, Caller } from '../kernel/method.ts'
import { refuse } from './errors.ts'
import { Functions, keyRegistered, LimitFen, PublicKey } from './events.ts'
import { memberKey, publicKeyKey, unsuitableFunction, type MemberKey, type OperatorKind } from './state.ts'

/** A public key under an id that its participant chooses. */
export const NewKey = Fields({ keyId: Id, curve: OneOf(CURVES), publicKey: PublicKey })
export const NewKeyWithFunctions = Fields({
  keyId: Id,
  curve: OneOf(CURVES),
  publicKey: PublicKey,
  functions: Functions,
  limitFen: LimitFen,
})
/** What a key hands on to the one that follows it: whoever replaces a key neither widens nor narrows it. */
export const handedOn = ({ functions, limitFen }: MemberKey): Pick<Registration['key'], 'functions' | 'limitFen'> => ({
  functions: [...functions],
  ...(limitFen !== undefined && { limitFen }),
})
/** The block from which a change holds; null: the next one. */
export const FromHeight = OrNull(Height)

/** The height from which a change holds: later than the block that decides it, so that a block has one set of keys. */
export function effectiveHeight(wanted: number | null, { height }: BlockContext): number {
  if (wanted !== null && wanted <= height) refuse('HEIGHT_PASSED', { fromHeight: wanted, height })
  return wanted ?? height + 1
}

export function requireOwn(caller: Caller, participant: string): void {
  if (caller.participant !== participant) {
    refuse('NOT_YOUR_PARTICIPANT', { participant, signer: caller.participant })
  }
}

export interface Registration {
  readonly participant: string
  readonly operator: string
  readonly kind: OperatorKind
  readonly key: Static<typeof NewKeyWithFunctions>
  readonly fromHeight: number
}

/** Refuses KEY_EXISTS, PUBLIC_KEY_TAKEN, BAD_PUBLIC_KEY (not a usable point of its curve, LEDGER.md §2),
 * NOT_FOR_A_SERVICE. */
export function registerKey(stage: Stage, { participant, operator, kind, key, fromHeight }: Registration): void {
  const { keyId, curve, publicKey } = key
  if (stage.read(memberKey(participant, keyId))) refuse('KEY_EXISTS', { participant, key: keyId })
  if (stage.read(publicKeyKey(publicKey))) refuse('PUBLIC_KEY_TAKEN', { key: keyId })
  const problem = publicKeyProblem(curve, publicKey)
  if (problem !== undefined) refuse('BAD_PUBLIC_KEY', { key: keyId, problem })
  const unsuitable = unsuitableFunction(kind, key.functions)
  if (unsuitable) refuse('NOT_FOR_A_SERVICE', { operator, function: unsuitable })
  stage.emit(keyRegistered, { participant, operator, ...key, fromHeight }, [PUBLIC])
}
