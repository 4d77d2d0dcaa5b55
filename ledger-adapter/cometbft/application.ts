import type { Timestamp } from 'cosmjs-types/google/protobuf/timestamp'
import * as abci from 'cosmjs-types/tendermint/abci/types'
import type { Parameters, Validator } from '#contracts/governance/state'
import { fromBase64url, toBase64url } from '#proof/base64url'
import { genesisHash } from '#proof/block'
import { canonicalJson } from '#proof/canonical'
import { bytesToHex, hexToBytes, utf8ToBytes } from '#proof/hash'
import type { Json, JsonObject } from '#proof/json'
import type { Candidate } from '../application/admission.ts'
import { keyHash } from '../application/state.ts'
import { asReadError } from '../embedded/read-error.ts'
import { LedgerError } from '../port.ts'
import { BaseApplication, protoSize, queryResult, txResult } from './abci/index.ts'
import type { Commitment, Machine } from './machine.ts'
import type { Snapshots } from './snapshots.ts'
import { isCandidate, type Transactions } from './transactions.ts'

const { ACCEPT, REJECT } = abci.ResponseProcessProposal_ProposalStatus

/** Why CheckTx turned a transaction away, or what became of one in a block; the log says more. */
export const TX_CODE = { OK: 0, BAD_BUNDLE: 1, BAD_COMMAND: 2, NOTHING_TO_DO: 3 } as const

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

  /** @throws when CometBFT's genesis is not that of this ledger */
  override async initChain(request: abci.RequestInitChain): Promise<abci.ResponseInitChain> {
    const { chainId, appStateBytes, validators, initialHeight, time } = request
    const { deps } = this
    if (chainId !== deps.chainId) throw new Error(`CometBFT's genesis is of ${chainId}, this ledger is ${deps.chainId}`)
    const theirs = genesisHash(JSON.parse(new TextDecoder().decode(appStateBytes)) as JsonObject)
    const ours = genesisHash(deps.genesis)
    if (theirs !== ours) throw new Error(`CometBFT's genesis document has hash ${theirs}, this ledger's ${ours}`)
    requireSameValidators(validators, (await deps.machine.foundingValidators()).map(validatorUpdate))
    // CometBFT may say 0 for 1.
    const first = Math.max(1, Number(initialHeight))
    if (first !== deps.machine.firstHeight) throw new Error(`CometBFT's genesis begins at height ${first}, this ledger at ${deps.machine.firstHeight}`) // prettier-ignore
    if (toMs(time) < deps.machine.beginsAtMs) throw new Error("CometBFT's genesis is before the end of the ledger it continues") // prettier-ignore
    return { validators: [], appHash: this.stateRoot() }
  }

  /**
   * What may enter the mempool: bundles of which every command has form and signature, and at least one can still be
   * executed. A node that bundles what it would refuse itself loses the bundle.
   */
  override async checkTx({ tx, type }: abci.RequestCheckTx): Promise<abci.ResponseCheckTx> {
    const { machine, transactions, now } = this.deps
    const entries = transactions.read(tx)
    if (!entries) return txResult({ code: TX_CODE.BAD_BUNDLE, log: refusalLog('MALFORMED', { field: 'transaction' }) })
    const timeMs = Math.max(now(), machine.timeMs)
    let dead: RefusalLog = { code: 'RECORDED', details: {} }
    let alive = 0
    for (const entry of entries) {
      const error = isCandidate(entry) ? await this.refusal(entry, timeMs) : entry
      if (error === 'recorded') continue
      if (error === undefined) alive += 1
      else if (error.code === 'EXPIRED') dead = error
      else if (type === abci.CheckTxType.RECHECK) dead = error
      else return txResult({ code: TX_CODE.BAD_COMMAND, log: refusalLog(error.code, error.details) })
    }
    if (alive > 0) return txResult()
    return txResult({ code: TX_CODE.NOTHING_TO_DO, log: refusalLog(dead.code, dead.details) })
  }

  private async refusal(candidate: Candidate, timeMs: number): Promise<LedgerError | 'recorded' | undefined> {
    const { machine } = this.deps
    if (machine.isRecorded(candidate.command.commandId)) return 'recorded'
    return machine.refusalOf(candidate, { height: machine.height + 1, timeMs })
  }

  /**
   * The mempool's order, without bundles of which nothing is left to do. A bundle that is ahead of the block's time waits
   * for the next: after a pause the first block still bears the time at which the pause began (BFT time is the median
   * of the last votes), and the second that of the first one's votes.
   */
  override async prepareProposal(request: abci.RequestPrepareProposal): Promise<abci.ResponsePrepareProposal> {
    const { machine, transactions } = this.deps
    const at = { height: Number(request.height), timeMs: toMs(request.time) }
    const seen = new Set<string>()
    const txs: Uint8Array[] = []
    const size = new BlockSize(await machine.agree())
    let bytes = 0n
    for (const tx of request.txs) {
      const entries = transactions.read(tx) ?? []
      const candidates = entries.filter(isCandidate)
      let useful = 0
      let isAhead = false
      for (const candidate of candidates) {
        const { commandId } = candidate.command
        if (machine.isRecorded(commandId) || seen.has(commandId)) continue
        const error = await machine.refusalOf(candidate, at)
        isAhead ||= error?.code === 'NOT_YET_VALID'
        if (!error) useful += 1
      }
      if (useful === 0 || isAhead) continue
      bytes += protoSize(tx.length)
      if (bytes > request.maxTxBytes || !size.takes(entries.length, tx.length)) break
      for (const { command } of candidates) seen.add(command.commandId)
      txs.push(tx)
    }
    return { txs }
  }

  /** Refuses only what no honest node can have proposed: what a block does with the rest is the same on every node. */
  override async processProposal({ txs }: abci.RequestProcessProposal): Promise<abci.ResponseProcessProposal> {
    const { machine, transactions } = this.deps
    const size = new BlockSize(await machine.agree())
    const isAcceptable = txs.every((tx) => {
      const read = transactions.read(tx)
      return read !== undefined && size.takes(read.length, tx.length)
    })
    return { status: isAcceptable ? ACCEPT : REJECT }
  }

  override async finalizeBlock(request: abci.RequestFinalizeBlock): Promise<abci.ResponseFinalizeBlock> {
    const { machine, transactions } = this.deps
    if (request.misbehavior.length > 0) this.deps.onMisbehaviour(Number(request.height))
    const read = request.txs.map((tx) => transactions.read(tx)?.filter(isCandidate) ?? [])
    const finalized = await machine.finalize(Number(request.height), toMs(request.time), read.flat())
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
      const { snapshots } = await this.deps.snapshots.list()
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

  override listSnapshots(): Promise<abci.ResponseListSnapshots> {
    return this.deps.snapshots.list()
  }

  override loadSnapshotChunk(request: abci.RequestLoadSnapshotChunk): Promise<abci.ResponseLoadSnapshotChunk> {
    return this.deps.snapshots.load(request)
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

/** What a block may hold by the parameters that governance decides; one transaction may always enter. */
class BlockSize {
  private transactions = 0
  private commands = 0
  private bytes = 0
  constructor(private readonly most: Parameters) {}

  takes(commands: number, bytes: number): boolean {
    this.transactions += 1
    this.commands += commands
    this.bytes += bytes
    if (this.transactions === 1) return true
    return this.commands <= this.most.maxBlockCommands && this.bytes <= this.most.maxBlockBytes
  }
}

const validatorUpdate = ({ publicKey, power }: Validator): abci.ValidatorUpdate => ({
  pubKey: { ed25519: fromBase64url(publicKey)! },
  power: BigInt(power),
})

/**
 * Consensus must begin with the validators that governance knows, or later decisions would be about others.
 * @throws naming a validator that only one of them knows
 */
function requireSameValidators(theirs: readonly abci.ValidatorUpdate[], ours: readonly abci.ValidatorUpdate[]): void {
  const named = (all: readonly abci.ValidatorUpdate[]) =>
    new Set(all.map(({ pubKey, power }) => `${toBase64url(pubKey?.ed25519 ?? new Uint8Array(0))} with power ${power}`))
  const [comet, governance] = [named(theirs), named(ours)]
  for (const one of comet)
    if (!governance.has(one))
      throw new Error(`validator ${one} of CometBFT's genesis is not of this ledger's governance`)
  for (const one of governance)
    if (!comet.has(one)) throw new Error(`validator ${one} of this ledger's governance is not of CometBFT's genesis`)
}

const refusalLog = (code: string, details: JsonObject): string => canonicalJson({ code, details })

/** Milliseconds, the rest cut off. */
export const toMs = ({ seconds, nanos }: Timestamp): number => Number(seconds) * 1000 + Math.floor(nanos / 1_000_000)
