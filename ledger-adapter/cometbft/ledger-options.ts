import type { EventRecord } from '#contracts/kernel/event'
import type { VersionResolver } from '#contracts/kernel/execute'
import type { DoubleVote } from '#proof/cometbft/index'
import type { JsonObject } from '#proof/json'
import type { ContractRules } from '#proof/verify-export'
import type { CallerOf } from '../application/admission.ts'
import type { DefectListener } from '../application/build-block.ts'
import type { ExportLines } from '../application/continue.ts'
import type { Ledger } from '../port.ts'
import type { AbciProblem, AbciServerOptions } from './abci/index.ts'
import type { BundlerLimits } from './bundler.ts'
import type { SnapshotOptions } from './snapshots.ts'

export interface CometbftLedgerOptions {
  readonly databaseUrl: string
  /** What the founders agreed on and its events; CometBFT's genesis carries the document as `app_state`. */
  readonly genesis: { readonly document: JsonObject; readonly events: readonly EventRecord[] }
  /**
   * Where genesis continues a ledger that was ended: its export, and the contracts that decide its commands again. Read
   * until all of it is in the database.
   */
  readonly history?: { readonly lines: ExportLines; readonly rules: ContractRules }
  readonly registry: VersionResolver
  readonly callerOf: CallerOf
  /** Where CometBFT finds the application; any free port of 127.0.0.1 unless said otherwise. */
  readonly listen?: AbciServerOptions['listen']
  /** CometBFT's RPC addresses, `http://127.0.0.1:PORT`: this organisation's node first, then peers to resend through. */
  readonly rpc: readonly string[]
  /** Milliseconds; the system clock unless a test says otherwise. */
  readonly now?: () => number
  readonly limits?: Partial<BundlerLimits> & {
    /** How long a receipt waits for the header and the votes that anchor it, milliseconds. */
    readonly anchorMs?: number
  }
  /** For nodes that join by state sync. */
  readonly snapshots?: SnapshotOptions
  /** How long to wait for another process to let go of the ledger. */
  readonly lockPatienceMs?: number
  readonly onProblem?: (problem: AbciProblem) => void
  /**
   * The application cannot go on: CometBFT has been told and ends itself, everybody who waits is answered, and every call
   * is refused with CLOSED. The process should say why and end, so that whoever watches over it starts both again.
   */
  readonly onFailed?: (why: Error) => void
  readonly onDefect?: DefectListener
  /** A validator voted for two blocks at one place of the chain; told again when its block is executed again. */
  readonly onMisbehaviour?: (doubleVote: DoubleVote, ledger: Ledger) => void
}
