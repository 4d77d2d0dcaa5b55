import { hash } from 'node:crypto'
import { decodeCandidate, type Candidate } from '../application/admission.ts'
import { LedgerError } from '../port.ts'
import { BundleError, decodeBundle } from './bundle.ts'

/** One command of a transaction: as a candidate, or why it can never be one. */
export type Entry = Candidate | LedgerError

export const isCandidate = (entry: Entry): entry is Candidate => !(entry instanceof LedgerError)

/** A transaction read once; `undefined` when its bytes are no bundle. */
export type Transaction = readonly Entry[] | undefined

/**
 * Whether every entry is a command of good form for this chain, which needs nothing but the bytes to tell: no honest node
 * takes or proposes another transaction.
 */
export const isWellFormed = (transaction: Transaction): transaction is readonly Candidate[] =>
  transaction?.every(isCandidate) === true

/** Why CheckTx turned a transaction away, or what became of one in a block; the log says more. */
export const TX_CODE = {
  OK: 0,
  BAD_BUNDLE: 1,
  BAD_COMMAND: 2,
  NOTHING_TO_DO: 3,
  /** The node's store does not answer: the same bytes may be taken a moment later. */
  LATER: 4,
} as const

const MAX_KEPT_BYTES = 64 << 20

/**
 * Transactions as they were read, by the hash of their bytes. The mempool, a proposal and the block show each one to the
 * application again; forms and signatures need looking at once.
 */
export class Transactions {
  private readonly kept = new Map<string, { readonly transaction: Transaction; readonly bytes: number }>()
  private bytes = 0

  constructor(private readonly chainId: string) {}

  read(tx: Uint8Array): Transaction {
    const id = idOf(tx)
    const known = this.kept.get(id)
    if (known) return known.transaction
    const transaction = this.decode(tx)
    this.keep(id, transaction, tx.length)
    return transaction
  }

  /** Commands of our own clients, whose signatures have been checked. */
  add(tx: Uint8Array, candidates: readonly Candidate[]): void {
    this.keep(idOf(tx), candidates, tx.length)
  }

  /** Those of a block that is durable are not shown again; kept until others push them out, they would age in memory. */
  forget(txs: readonly Uint8Array[]): void {
    for (const tx of txs) {
      const id = idOf(tx)
      if (this.kept.delete(id)) this.bytes -= tx.length
    }
  }

  private keep(id: string, transaction: Transaction, bytes: number): void {
    if (this.kept.has(id)) return
    this.kept.set(id, { transaction, bytes })
    this.bytes += bytes
    for (const [oldest, { bytes: freed }] of this.kept) {
      if (this.bytes <= MAX_KEPT_BYTES) break
      this.kept.delete(oldest)
      this.bytes -= freed
    }
  }

  private decode(tx: Uint8Array): Transaction {
    try {
      return decodeBundle(tx).map((bytes) => this.entry(bytes))
    } catch (error) {
      if (error instanceof BundleError) return undefined
      throw error
    }
  }

  private entry(bytes: Uint8Array): Entry {
    try {
      return decodeCandidate(bytes, this.chainId)
    } catch (error) {
      if (error instanceof LedgerError) return error
      throw error
    }
  }
}

const idOf = (tx: Uint8Array): string => hash('sha256', tx, 'base64')
