import type { Hash } from '#proof/hash'
import { keysOf } from '../kernel/state.ts'
import { StateTable, type Transition } from '../kernel/state-table.ts'

/** A batch is a version of the plan's asset tree: proposed by the servicer, effective by the custodian's attestation. */
export const BATCH_ROWS = [
  { from: 'proposed', on: 'attest', by: 'custodian', to: 'effective', emits: 'BatchAttested' },
  { from: 'proposed', on: 'reject', by: 'custodian', to: 'rejected', emits: 'BatchRejected' },
] as const satisfies readonly (Transition<string, string> & { by: string; emits: string })[]

export type BatchState = (typeof BATCH_ROWS)[number]['from' | 'to']
export type BatchTrigger = (typeof BATCH_ROWS)[number]['on']
export const BATCH_TABLE = new StateTable<BatchState, BatchTrigger>(BATCH_ROWS)

/** proof/sum-tree.ts's root in JSON; the hash commits to all other fields. */
export interface RootRecord {
  readonly hash: Hash
  readonly top: Hash
  readonly levels: number
  readonly count: string
  readonly originalFen: string
  readonly currentFen: string
  readonly defaultedFen: string
}

/** Seen by the plan's parties and holders: amounts of the pool, no single asset. */
export interface Batch {
  readonly deal: string
  readonly version: number
  readonly state: BatchState
  readonly previous: Hash | null
  readonly root: RootRecord
  /** Leaves that differ from the previous root's. */
  readonly changed: number
  /** Commitment to the tape file, fetched through the exchange of files. */
  readonly contentHash: Hash
  readonly asOf: string
}

/** Where a plan's tree stands; one small value per plan, history under its own keys. */
export interface AssetBook {
  readonly lastVersion: number
  readonly pending: number | null
  readonly effective: number | null
}

export const batchKey = keysOf<Batch>('asset-registry/batch')
export const bookKey = keysOf<AssetBook>('asset-registry/book')
/** The version effective for a plan at a date: the key by which a period finds its figures. */
export const asOfKey = keysOf<{ readonly version: number }>('asset-registry/as-of')
export const versionText = (version: number): string => String(version)
