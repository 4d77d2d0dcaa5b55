import type { VersionResolver } from '#contracts/kernel/execute'
import type { TrustedValidators } from '#proof/cometbft/index'
import { genesisHash } from '#proof/block'
import type { JsonObject } from '#proof/json'
import type { AnyTrust } from '#proof/receipt'
import type { Ledger } from '../port.ts'
import { testOperatorKey } from '../testing/fixture.ts'

/** How the suite gets hold of one driver's ledgers. */
export interface LedgerDriver {
  readonly name: string
  /** Opens the ledger of this genesis over storage that lasts until `dispose`; opening again finds what was committed. */
  open(): Promise<Ledger>
  /** The genesis document of the ledger that `open` opens. */
  readonly genesis: JsonObject
  /** Whose votes stand for the state, where no operator signs; blocks without commands then take heights too. */
  readonly validators?: () => TrustedValidators
  /** What decides its commands; the contracts of the tests as sources unless it says otherwise. */
  readonly registry?: VersionResolver
  /** A second ledger with another genesis in the same storage. */
  openOther(): Promise<Ledger>
}

/** Whom a verifier of the driver's ledger trusts: those who vote, or the operator that genesis names. */
export const trustIn = ({ validators, genesis }: LedgerDriver, { chainId }: Pick<Ledger, 'chainId'>): AnyTrust =>
  validators
    ? { chainId, validators: validators() }
    : { chainId, genesisHash: genesisHash(genesis), operatorKey: testOperatorKey.publicKey }

/** Something that goes wrong below a ledger, until it is mended. */
export interface Fault {
  /**
   * Begins. While it lasts, submits may be answered with transient errors and unknown outcomes, or wait; nothing else.
   * @returns how to mend it
   */
  begin(): Promise<() => Promise<void>>
}

/** What a driver offers so that `ledgerFaults` can torture it. Everything else the suite does through the port. */
export interface LedgerHarness extends LedgerDriver {
  /**
   * Ends the ledger as `kill -9` would, without a word to its storage or its peers, and opens it again. What the old
   * object still answers is CLOSED or STORE_UNAVAILABLE. Before it has been called the suite has called `open`.
   */
  restart(): Promise<Ledger>
  /** By name; each is begun and mended several times, under load. */
  readonly faults: Readonly<Record<string, Fault>>
  /** Limits of the ledger that `open` opens; the suite goes up to them and beyond. */
  readonly limits: { readonly maxBlockCommands: number; readonly maxBlockBytes: number }
  /** Verifies an export from outside, with the driver's own root of trust and with the contracts. */
  verifyExport(lines: Iterable<string>): Promise<ExportVerdict>
  /** Ends everything and removes the storage. */
  dispose(): Promise<void>
}

export type ExportVerdict =
  { readonly ok: true; readonly commands: number } | { readonly ok: false; readonly problem: string }
