import * as abci from 'cosmjs-types/tendermint/abci/types'
import type { Validator } from '#contracts/governance/state'
import { fromBase64url, toBase64url } from '#proof/base64url'
import { genesisHash } from '#proof/block'
import { canonicalJson } from '#proof/canonical'
import { bytesToHex, hexToBytes, utf8ToBytes } from '#proof/hash'
import type { Json, JsonObject } from '#proof/json'
import type { Candidate } from '../application/admission.ts'
import { keyHash } from '../application/changes.ts'
import { isStoreError } from '../embedded/connection.ts'
import { asReadError } from '../embedded/read-error.ts'
import { LedgerError } from '../port.ts'
import { BaseApplication, queryResult, RequestRefused, txResult } from './abci/index.ts'
import type { Commitment, Machine } from './machine.ts'
import { isAcceptable, prepared, toMs } from './proposals.ts'
import type { Snapshots } from './snapshots.ts'
import { isCandidate, TX_CODE, type Transactions } from './transactions.ts'

const { ACCEPT, REJECT } = abci.ResponseProcessProposal_ProposalStatus

/** Why a query has no answer. The application itself is well: a throw would end CometBFT. */
export const QUERY_CODE = { NOT_ANSWERED: 1, STORE_AWAY: 2 } as const

export const APP_VERSION = 1n

/** The log of a refused transaction: one line of JSON, the refusal of the command that decided. */
export interface RefusalLog {
  readonly code: string
  readonly details: JsonObject
}

export interface ApplicationDeps {
  readonly chainId: string
  readonly genesis: JsonObject
  readonly machine: Machine
  readonly transactions: Transactions
  readonly snapshots: Snapshots
  /** Milliseconds. */
  readonly now: () => number
  /** After a block is durable. */
  readonly onCommit: (commitment: Commitment) => void
  /** The block of this height of consensus holds evidence; told again when the block is executed again. */
  readonly onMisbehaviour: (height: number) => void
}

/** The ledger as CometBFT sees it: bundles of commands in, state roots out (LEDGER.md §5). */
export class LedgerApplication extends BaseApplication {
  /** Of the block that was finalized last. */
  private finalized: readonly Uint8Array[] = []

  constructor(private readonly deps: ApplicationDeps) {
    super()
  }

  /** What is durable. CometBFT replays the blocks after it: none or one after a crash, any number after a restore. */
  override info(): abci.ResponseInfo {
    const { machine } = this.deps
    // A height of 0 is answered by InitChain, which gives the first root: also of a chain whose first block is to come.
    const isNew = machine.height < machine.firstHeight
    const lastBlockAppHash = isNew ? new Uint8Array(0) : this.stateRoot()
    const lastBlockHeight = isNew ? 0n : BigInt(machine.height)
    return { data: 'sluice', version: '0.1.0', appVersion: APP_VERSION, lastBlockHeight, lastBlockAppHash }
  }

  /** @throws RequestRefused when CometBFT's genesis is not that of this ledger */
  override async initChain(request: abci.RequestInitChain): Promise<abci.ResponseInitChain> {
    const { chainId, appStateBytes, validators, initialHeight, time } = request
    const { deps } = this
    const refuse = (why: string): never => {
      throw new RequestRefused(why)
    }
    if (chainId !== deps.chainId) refuse(`CometBFT's genesis is of ${chainId}, this ledger is ${deps.chainId}`)
    const [theirs, ours] = [hashOfDocument(appStateBytes), genesisHash(deps.genesis)]
    if (theirs !== ours) refuse(`CometBFT's genesis document has hash ${theirs}, this ledger's ${ours}`)
    const founding = await deps.machine.whileStoreIsAway(() => deps.machine.foundingValidators())
    requireSameValidators(validators, founding.map(validatorUpdate))
    // CometBFT may say 0 for 1.
    const first = Math.max(1, Number(initialHeight))
    if (first !== deps.machine.firstHeight) refuse(`CometBFT's genesis begins at height ${first}, this ledger at ${deps.machine.firstHeight}`) // prettier-ignore
    if (toMs(time) < deps.machine.beginsAtMs) refuse("CometBFT's genesis is before the end of the ledger it continues")
    deps.machine.begin(toMs(time))
    return { validators: [], appHash: this.stateRoot() }
  }

  /**
   * What may enter the mempool: bundles of which every command has form and signature, and at least one can still be
   * executed. A node that bundles what it would refuse itself loses the bundle.
   */
  override async checkTx({ tx, type }: abci.RequestCheckTx): Promise<abci.ResponseCheckTx> {
    const entries = this.deps.transactions.read(tx)
    if (!entries) return refused(TX_CODE.BAD_BUNDLE, 'MALFORMED', { field: 'transaction' })
    const candidates: Candidate[] = []
    for (const entry of entries) {
      if (!isCandidate(entry)) return refused(TX_CODE.BAD_COMMAND, entry.code, entry.details)
      candidates.push(entry)
    }
    const isRecheck = type === abci.CheckTxType.RECHECK
    try {
      return await this.checkCandidates(candidates, isRecheck)
    } catch (error) {
      if (!isStoreError(error)) throw error
      // What is in the mempool stays there; what is to enter it may be sent again, here or elsewhere.
      return isRecheck ? txResult() : refused(TX_CODE.LATER, 'STORE_UNAVAILABLE', {})
    }
  }

  private async checkCandidates(candidates: readonly Candidate[], isRecheck: boolean): Promise<abci.ResponseCheckTx> {
    const { machine, now } = this.deps
    const at = { height: machine.height + 1, timeMs: Math.max(now(), machine.timeMs) }
    let dead: RefusalLog = { code: 'RECORDED', details: {} }
    let alive = 0
    for (const candidate of candidates) {
      if (machine.isRecorded(candidate)) continue
      const error = await machine.refusalOf(candidate, at)
      if (error === undefined) alive += 1
      else if (error.code === 'EXPIRED' || isRecheck) dead = error
      else return refused(TX_CODE.BAD_COMMAND, error.code, error.details)
    }
    return alive > 0 ? txResult() : refused(TX_CODE.NOTHING_TO_DO, dead.code, dead.details)
  }

  /** Waits for a store that is away, as finalizing does: consensus goes on without this node meanwhile. */
  override async prepareProposal(request: abci.RequestPrepareProposal): Promise<abci.ResponsePrepareProposal> {
    return { txs: await this.deps.machine.whileStoreIsAway(() => prepared(request, this.deps)) }
  }

  override async processProposal({ txs }: abci.RequestProcessProposal): Promise<abci.ResponseProcessProposal> {
    const isGood = await this.deps.machine.whileStoreIsAway(() => isAcceptable(txs, this.deps))
    return { status: isGood ? ACCEPT : REJECT }
  }

  override async finalizeBlock(request: abci.RequestFinalizeBlock): Promise<abci.ResponseFinalizeBlock> {
    const { machine, transactions } = this.deps
    const read = request.txs.map((tx) => transactions.read(tx)?.filter(isCandidate) ?? [])
    const finalized = await machine.finalize(Number(request.height), toMs(request.time), read.flat())
    if (request.misbehavior.length > 0) this.deps.onMisbehaviour(Number(request.height))
    this.finalized = request.txs
    let place = 0
    const txResults = read.map((candidates) => {
      const executed = finalized.fates.slice(place, (place += candidates.length)).filter((fate) => !fate).length
      // A transaction that did nothing may be sent again: CometBFT forgets those with a code.
      const code = executed > 0 ? TX_CODE.OK : TX_CODE.NOTHING_TO_DO
      return txResult({ code, data: Uint8Array.of(executed >> 8, executed & 255) })
    })
    const validatorUpdates = finalized.validators.map(validatorUpdate) // in force two blocks later
    return { events: [], txResults, validatorUpdates, appHash: hexToBytes(finalized.stateRoot) }
  }

  override async commit(): Promise<abci.ResponseCommit> {
    this.deps.onCommit(await this.deps.machine.commit())
    this.deps.transactions.forget(this.finalized)
    this.finalized = []
    this.deps.snapshots.committed()
    return { retainHeight: 0n }
  }

  /**
   * `/key` with the key as data. `value` is its value in canonical JSON, `info` the SHA-256 of that (or `absent`), and one
   * proof operation holds the path from that hash to the state root of the height answered, in JSON. Height 0 is the
   * present one; the last thousand are at hand. A value that has been replaced since may be known by its hash alone: then
   * `value` is empty, as no value's JSON is, and the log says so.
   * `/snapshots`: the heights of those that a node which joins can take, as JSON, the latest first.
   */
  override async query({ path, data, height }: abci.RequestQuery): Promise<abci.ResponseQuery> {
    const { machine } = this.deps
    const at = height === 0n ? machine.height : Number(height)
    const refuse = (log: string, code: number = QUERY_CODE.NOT_ANSWERED) => queryResult({ code, log, height: BigInt(machine.height), codespace: 'sluice' }) // prettier-ignore
    if (path === '/snapshots') {
      const { snapshots } = await this.listSnapshots()
      const heights = snapshots.map((each) => Number(each.height))
      return queryResult({ value: Buffer.from(JSON.stringify(heights)), height: BigInt(machine.height) })
    }
    if (path !== '/key') return refuse('unknown path; there are /key and /snapshots')
    const tree = at < 0 || at > machine.height ? undefined : machine.treeAt(at)
    if (!tree) return refuse(`the state after block ${height} is not at hand; the present height is ${machine.height}`)
    const key = new TextDecoder().decode(data)
    // All that is asked of the tree, at once: while the value is looked up, blocks go on and older trees are let go.
    const proof = tree.prove(keyHash(key))
    const hash = tree.get(keyHash(key))
    let text: string | undefined
    try {
      text = hash && (await machine.textAt(at, key, hash))
    } catch (error) {
      const said = asReadError(error)
      if (said instanceof LedgerError) return refuse(said.message, QUERY_CODE.STORE_AWAY)
      throw error
    }
    return queryResult({
      key: data,
      value: utf8ToBytes(text ?? ''),
      log: hash && text === undefined ? 'of a value that was replaced since only the hash is at hand' : '',
      info: hash ? bytesToHex(hash) : 'absent',
      height: BigInt(at),
      proofOps: { ops: [{ type: 'sluice:sparse-merkle', key: data, data: utf8ToBytes(canonicalJson(proof as unknown as Json)) }] }, // prettier-ignore
    })
  }

  /** Others ask several nodes: one whose store is away has none for now. */
  override listSnapshots(): Promise<abci.ResponseListSnapshots> {
    return answered(() => this.deps.snapshots.list(), { snapshots: [] })
  }

  /** No bytes say that the chunk is not here. */
  override loadSnapshotChunk(request: abci.RequestLoadSnapshotChunk): Promise<abci.ResponseLoadSnapshotChunk> {
    return answered(() => this.deps.snapshots.load(request), { chunk: new Uint8Array(0) })
  }

  override offerSnapshot(request: abci.RequestOfferSnapshot): Promise<abci.ResponseOfferSnapshot> {
    return this.deps.snapshots.offer(request)
  }

  override applySnapshotChunk(request: abci.RequestApplySnapshotChunk): Promise<abci.ResponseApplySnapshotChunk> {
    return this.deps.snapshots.apply(request)
  }

  private stateRoot(): Uint8Array {
    return hexToBytes(this.deps.machine.state.tree.root())
  }
}

/** What the store cannot answer, because it is away or busy or has no such number, is answered with nothing. */
async function answered<T>(read: () => Promise<T>, nothing: T): Promise<T> {
  try {
    return await read()
  } catch (error) {
    if (asReadError(error) instanceof LedgerError) return nothing
    throw error
  }
}

function hashOfDocument(bytes: Uint8Array): string {
  try {
    return genesisHash(JSON.parse(new TextDecoder().decode(bytes)) as JsonObject)
  } catch (error) {
    throw new RequestRefused(
      `CometBFT's genesis document cannot be read: ${error instanceof Error ? error.message : ''}`,
    )
  }
}

const validatorUpdate = ({ publicKey, power }: Validator): abci.ValidatorUpdate => ({
  pubKey: { ed25519: fromBase64url(publicKey)! },
  power: BigInt(power),
})

/**
 * Consensus must begin with the validators that governance knows, or later decisions would be about others.
 * @throws RequestRefused naming a validator that only one of them knows
 */
function requireSameValidators(theirs: readonly abci.ValidatorUpdate[], ours: readonly abci.ValidatorUpdate[]): void {
  const named = (all: readonly abci.ValidatorUpdate[]) =>
    new Set(all.map(({ pubKey, power }) => `${toBase64url(pubKey?.ed25519 ?? new Uint8Array(0))} with power ${power}`))
  const [comet, governance] = [named(theirs), named(ours)]
  for (const one of comet)
    if (!governance.has(one))
      throw new RequestRefused(`validator ${one} of CometBFT's genesis is not of this ledger's governance`)
  for (const one of governance)
    if (!comet.has(one))
      throw new RequestRefused(`validator ${one} of this ledger's governance is not of CometBFT's genesis`)
}

const refused = (code: number, why: string, details: JsonObject): abci.ResponseCheckTx =>
  txResult({ code, log: canonicalJson({ code: why, details }) })
