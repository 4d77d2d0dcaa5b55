import type { CometbftRpc } from './rpc.ts'

/** So long an address that failed is passed over, while there are others. */
const PAUSE_MS = 5_000

export interface Address {
  readonly rpc: CometbftRpc
  /** The node's own CometBFT; what the others say is another member's word. */
  readonly isOwn: boolean
}

/** Where transactions are sent: through the node's own CometBFT, or else through others. */
export class Addresses {
  private readonly all: readonly Address[]
  /** Until when, by `performance.now()`. */
  private readonly pausedUntil = new Map<Address, number>()

  /** @param onProblem told when an address begins to fail, and not again while it goes on failing */
  constructor(
    rpcs: readonly CometbftRpc[],
    private readonly onProblem: (error: unknown) => void,
  ) {
    this.all = rpcs.map((rpc, n) => ({ rpc, isOwn: n === 0 }))
  }

  /** For the next try of what has been sent so often: each try another, those that fail only when all do. */
  pick(tries: number): Address {
    const inTurn = this.all.map((_, n) => this.all[(tries + n) % this.all.length]!)
    return inTurn.find((address) => this.isUsable(address)) ?? inTurn[0]!
  }

  get areAllFailing(): boolean {
    return !this.all.some((address) => this.isUsable(address))
  }

  private isUsable(address: Address): boolean {
    return (this.pausedUntil.get(address) ?? 0) <= performance.now()
  }

  failed(address: Address, error: unknown): void {
    if (!this.pausedUntil.has(address)) this.onProblem(error)
    this.pausedUntil.set(address, performance.now() + PAUSE_MS)
  }

  worked(address: Address): void {
    this.pausedUntil.delete(address)
  }
}
