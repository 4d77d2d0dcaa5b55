import type { DoubleVote } from '#proof/cometbft/index'
import type { Hash } from '#proof/hash'
import { keysOf, type Key, type Read } from '../kernel/state.ts'
import { StateTable } from '../kernel/state-table.ts'
import type { Action } from './actions.ts'
import type { Schedule } from './schedule.ts'

/** Who decides about the consortium: any `needed` of these participants. */
export interface Institutions {
  readonly institutions: readonly string[]
  readonly needed: number
}

/** One institution's vote in consensus. Meaningless on the embedded ledger. */
export interface Validator {
  readonly participant: string
  /** Ed25519, base64url without padding: CometBFT's own consensus key, no key of an operator. */
  readonly publicKey: string
  readonly power: number
}

/** A consensus key that another one followed: it never votes again. */
export interface RetiredValidatorKey {
  readonly participant: string
  readonly publicKey: string
  readonly successor: string
  /** From which height governance counts the successor. */
  readonly fromHeight: number
}

/** Limits that all nodes must keep alike. */
export interface Parameters {
  /** Bytes of command text in one block. */
  readonly maxBlockBytes: number
  /** Commands in one block. */
  readonly maxBlockCommands: number
  /** Commands of one participant that may wait for a block at one node. */
  readonly maxQueuedPerParticipant: number
  /** Calendar days after which a proposal expires at the latest. */
  readonly proposalDays: number
}

export const DEFAULT_PARAMETERS: Parameters = {
  maxBlockBytes: 16 << 20,
  maxBlockCommands: 2_000,
  maxQueuedPerParticipant: 10_000,
  proposalDays: 30,
}

/** An institution's approval, with the key that signed it and the block in which it did. */
export interface Approval {
  readonly institution: string
  readonly operator: string
  readonly keyId: string
  readonly height: number
}

export const PROPOSAL_ROWS = [
  { from: 'open', on: 'approve', to: 'open' },
  { from: 'open', on: 'withdraw-approval', to: 'open' },
  { from: 'open', on: 'enact', to: 'enacted' },
  { from: 'open', on: 'withdraw', to: 'withdrawn' },
] as const
export type ProposalState = (typeof PROPOSAL_ROWS)[number]['from' | 'to']
export const PROPOSAL_TABLE = new StateTable<ProposalState, (typeof PROPOSAL_ROWS)[number]['on']>(PROPOSAL_ROWS)

export interface Proposal {
  readonly proposal: string
  readonly state: ProposalState
  readonly action: Action
  /** Not before this height; null: from the block after the last approval. */
  readonly fromHeight: number | null
  readonly reason: string
  /** Last business date on which it can be approved. */
  readonly expiresOn: string
  /** Who proposed: one of those that decide, or a participant that asks for itself. */
  readonly institution: string
  readonly operator: string
  readonly approvals: readonly Approval[]
}

/** A validator's own two signatures for two blocks at one place of the chain, once a member has brought them. */
export interface Misbehaviour extends DoubleVote {
  /** Of the validator, when it was reported. */
  readonly participant: string
  readonly reporter: string
}

export const institutionsKey: Key<Schedule<Institutions>> = { path: 'governance/institutions' }
/** Which bundle is active; null: the sources that a node was built from. */
export const bundlesKey: Key<Schedule<Hash | null>> = { path: 'governance/bundles' }
export const validatorsKey: Key<Schedule<readonly Validator[]>> = { path: 'governance/validators' }
export const parametersKey: Key<Schedule<Parameters>> = { path: 'governance/parameters' }
export const retiredValidatorKey = keysOf<RetiredValidatorKey>('governance/retired-validator-key')
export const proposalKey = keysOf<Proposal>('governance/proposal')
/** The version that an object stays on, e.g. `deal:D`, until its parties agree to move. */
export const pinKey = keysOf<{ readonly bundle: Hash | null }>('governance/pin')

/** A founded ledger has it; its absence is a defect of genesis. */
export function founded<T>(read: Read, key: Key<Schedule<T>>): Schedule<T> {
  const schedule = read(key)
  if (!schedule) throw new Error(`no ${key.path}: the genesis events are missing`)
  return schedule
}

/** By what can be done once: a further pair of votes of one validator at one place says nothing new. */
export const misbehaviourKey = ({ validator, height, round, type }: Omit<DoubleVote, 'votes'>): Key<Misbehaviour> => ({
  path: `governance/misbehaviour/${validator}/${height}/${round}/${type}`,
})
