import type { Static, TSchema } from 'typebox'
import type { Fen } from '#domain/money'
import type { Hash } from '#proof/hash'
import type { EventRecord, EventType } from './event.ts'
import type { Key, Read } from './state.ts'
import type { Disclosure } from './visibility.ts'

/** Roles of DOMAIN.md §1. */
export const ROLES = [
  'originator', 'servicer', 'plan-manager', 'custodian', 'supervisory-bank', 'rating-agency', 'law-firm', 'auditor',
  'guarantor', 'exchange', 'depository', 'investor', 'regulator', 'core-enterprise', 'supplier', 'factor',
  'consortium-operator',
] as const // prettier-ignore
export type Role = (typeof ROLES)[number]

/** What a key may be used for: people make, check or pay; a service has one named scope. */
export const KEY_FUNCTIONS = [
  'maker', 'checker', 'payer', 'viewer',
  'service:issuance', 'service:servicing', 'service:receivable', 'service:bank', 'service:calendar', 'service:admin',
] as const // prettier-ignore
export type KeyFunction = (typeof KEY_FUNCTIONS)[number]

/** The key that signed, its operator and participant, as membership knows them at this height. */
export interface Caller {
  readonly participant: string
  readonly operator: string
  readonly keyId: string
  readonly roles: readonly Role[]
  readonly functions: readonly KeyFunction[]
  /** The most that one command of this key may commit; absent: any amount. */
  readonly limitFen?: string
}

/** Facts of the block. Block time serves admission and `calendar.roll` only; business rules use the business date. */
export interface BlockFacts {
  readonly chainId: string
  readonly height: number
  readonly blockTimeMs: number
}

export interface BlockContext extends BlockFacts {
  /** Of which bundle the code is that decides; null: this process's own sources. What is built under it may be pinned. */
  readonly bundle: Hash | null
}

export interface Call<A> {
  readonly args: A
  readonly caller: Caller
  readonly commandId: string
}

/** What a signer agrees to, with {placeholders} into the arguments. */
export interface Sentence {
  readonly zh: string
  readonly en: string
}

/**
 * What a command newly commits its participant to, which a key's limit bounds (ADR 045). It is taken from the events that
 * the command would have: most commands name what an amount belongs to and not the amount, and the events are what happens.
 */
export interface Commitment {
  /** Which amount it is, for who signs; with {placeholders} into the arguments where these say it. */
  readonly amount: Sentence
  /** `contract.Event` */
  readonly event: string
  /** Where in the event it stands; of an interval, both ends. */
  readonly fields: readonly string[]
  /** Of all events of a command together. */
  readonly fenOf: (events: readonly EventRecord[]) => Fen
}

export interface Method<S extends TSchema = TSchema> {
  readonly contract: string
  readonly method: string
  /** What a signer agrees to, with {placeholders} into args. */
  readonly sentence: Sentence
  /** For an argument with a `kind`: what each kind means, in place of the argument in the sentence. */
  readonly clauses?: { readonly [field: string]: { readonly [kind: string]: Sentence } }
  readonly args: S
  /** Any one of the roles and any one of the functions. No roles: any participant. */
  readonly by: { readonly roles?: readonly Role[]; readonly functions: readonly KeyFunction[] }
  /** The amount that a limit of the signer's key bounds; absent: none is newly committed. */
  readonly commits?: Commitment
  /** Keys known from the arguments alone, so that a block prefetches once; others are loaded when asked for. */
  readonly reads?: (args: Static<S>, caller: Caller) => readonly Key<unknown>[]
  readonly decide: (read: Read, call: Call<Static<S>>, block: BlockContext) => readonly EventRecord[]
}

export const method = <const S extends TSchema>(definition: Method<S>): Method<S> => definition

/** One agreement of the consortium: its methods and events. */
export interface Contract {
  readonly name: string
  readonly methods: readonly Method<never>[] | readonly Method[]
  readonly events: readonly EventType[]
  /** Who learns its fields; the description says it field by field. */
  readonly disclosure: Disclosure
}

/** Erases argument types so that methods of different schemas stand in one list. */
export const contract = (definition: {
  name: string
  // The schema ties args to decide inside each method; outside, the registry checks args against it before calling.
  methods: readonly unknown[]
  events: readonly unknown[]
  disclosure: Disclosure
}): Contract => definition as Contract
