import type { Curve } from '#proof/public-key'
import type { KeyFunction, Role } from '../kernel/method.ts'
import { keysOf, type Key } from '../kernel/state.ts'

export const OPERATOR_KINDS = ['person', 'service'] as const
export type OperatorKind = (typeof OPERATOR_KINDS)[number]
/** What only a person may do: a service has named scopes, and never approves (LEDGER.md §2, DESIGN.md "Who acts"). */
const FOR_PERSONS: readonly KeyFunction[] = ['maker', 'checker', 'payer']
/** The function that an operator of this kind may not have; undefined when all may. */
export const unsuitableFunction = (kind: OperatorKind, functions: readonly KeyFunction[]): KeyFunction | undefined =>
  kind === 'service' ? functions.find((name) => FOR_PERSONS.includes(name)) : undefined

export interface Participant {
  readonly id: string
  readonly name: { readonly zh: string; readonly en: string }
  readonly uscc: string
  /** As they stand, unless `next` has come: `rolesAt` says which. */
  readonly roles: readonly Role[]
  /** What they become from a height; no roles: the member is gone. */
  readonly next: { readonly roles: readonly Role[]; readonly fromHeight: number } | null
}

export interface Operator {
  readonly participant: string
  readonly operator: string
  readonly kind: OperatorKind
}

/** A key signs in blocks h with fromHeight ≤ h < untilHeight. */
export interface MemberKey {
  readonly participant: string
  readonly operator: string
  readonly keyId: string
  readonly curve: Curve
  /** base64url without padding */
  readonly publicKey: string
  readonly functions: readonly KeyFunction[]
  /** The most that one command may commit; absent: any amount. */
  readonly limitFen?: string
  readonly fromHeight: number
  /** null: until it is revoked */
  readonly untilHeight: number | null
}

export interface Consortium {
  readonly name: string
  /** Whose signature is trusted on block headers of the embedded ledger. */
  readonly ledgerOperator: { readonly curve: Curve; readonly publicKey: string }
}

export const consortiumKey: Key<Consortium> = { path: 'membership/consortium' }
export const participantKey = keysOf<Participant>('membership/participant')
/** By participant and operator. */
export const operatorKey = keysOf<Operator>('membership/operator')
/** By participant and key id. */
export const memberKey = keysOf<MemberKey>('membership/key')
/** A public key stands for one key of one operator, so that one person cannot be maker and checker under two names. */
export const publicKeyKey = keysOf<{ readonly participant: string; readonly keyId: string }>('membership/public-key')
/** One company is one participant. */
export const usccKey = keysOf<{ readonly participant: string }>('membership/uscc')
