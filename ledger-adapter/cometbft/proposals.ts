import type { Timestamp } from 'cosmjs-types/google/protobuf/timestamp'
import type * as abci from 'cosmjs-types/tendermint/abci/types'
import type { Parameters } from '#contracts/governance/state'
import { protoSize } from './abci/index.ts'
import type { Machine } from './machine.ts'
import { isWellFormed, type Transactions } from './transactions.ts'

export interface ProposalDeps {
  readonly machine: Machine
  readonly transactions: Transactions
  /** Milliseconds. */
  readonly now: () => number
}

/**
 * The mempool's order, without bundles of which nothing is left to do. A bundle that is ahead of the block's time waits
 * for the next: after a pause the first block still bears the time at which the pause began (BFT time is the median
 * of the last votes), and the second that of the first one's votes. For the same reason the block's time may let in what
 * has expired by the clock, whose author may have given it up: that is not proposed.
 */
export async function prepared(request: abci.RequestPrepareProposal, deps: ProposalDeps): Promise<Uint8Array[]> {
  const { machine, transactions, now } = deps
  const at = { height: Number(request.height), timeMs: toMs(request.time) }
  const nowMs = now()
  const seen = new Set<string>()
  const txs: Uint8Array[] = []
  const size = new BlockSize(await machine.agree())
  let bytes = 0n
  for (const tx of request.txs) {
    const candidates = transactions.read(tx)
    if (!isWellFormed(candidates)) continue
    const useful: string[] = []
    let isAhead = false
    for (const candidate of candidates) {
      if (machine.isRecorded(candidate) || seen.has(candidate.idKey) || nowMs > candidate.command.expiresAt) continue
      const error = await machine.refusalOf(candidate, at)
      isAhead ||= error?.code === 'NOT_YET_VALID'
      if (!error) useful.push(candidate.idKey)
    }
    if (useful.length === 0 || isAhead) continue
    bytes += protoSize(tx.length)
    if (bytes > request.maxTxBytes || !size.takes(candidates.length, tx.length)) break
    // Not of what cannot enter: a forged command in somebody's bundle would keep the true one out of the block.
    for (const idKey of useful) seen.add(idKey)
    txs.push(tx)
  }
  return txs
}

/**
 * Refuses only what no honest node can have proposed, told from the bytes and from what governance decided: what a block
 * does with the rest is the same on every node.
 */
export async function isAcceptable(txs: readonly Uint8Array[], deps: ProposalDeps): Promise<boolean> {
  const { machine, transactions } = deps
  const size = new BlockSize(await machine.agree())
  return txs.every((tx) => {
    const candidates = transactions.read(tx)
    return isWellFormed(candidates) && size.takes(candidates.length, tx.length)
  })
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

/** Milliseconds, the rest cut off. */
export const toMs = ({ seconds, nanos }: Timestamp): number => Number(seconds) * 1000 + Math.floor(nanos / 1_000_000)
