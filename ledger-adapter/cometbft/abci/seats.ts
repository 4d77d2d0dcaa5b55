/**
 * Who may move the application. The calls by which consensus decides, and those by which a state is taken from others,
 * change what the application holds, and each group makes sense in one order only: it belongs to one connection at a
 * time, the first that makes such a call, until that connection has ended.
 */
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  consensus: [
    'initChain',
    'prepareProposal',
    'processProposal',
    'extendVote',
    'verifyVoteExtension',
    'finalizeBlock',
    'commit',
  ],
  stateSync: ['offerSnapshot', 'applySnapshotChunk'],
}
const GROUP_OF = new Map(Object.entries(GROUPS).flatMap(([group, calls]) => calls.map((call) => [call, group])))

/** Who sits there: a connection. */
export interface Sitter {
  /** Nothing that it sends from now on is answered. */
  readonly isOver: boolean
  /** Settles when it works at nothing any more. */
  idle(): Promise<void>
}

export class Seats {
  private readonly taken = new Map<string, Sitter>()

  /**
   * Answers whether this connection may make the call. One that has ended gives up its seat when its last request is
   * answered, which is waited for: a CometBFT that was started again must not move the application beside its forerunner.
   */
  async admits(call: string, sitter: Sitter): Promise<boolean> {
    const group = GROUP_OF.get(call)
    if (group === undefined) return true
    for (let other = this.taken.get(group); other && other !== sitter; other = this.taken.get(group)) {
      if (!other.isOver) return false
      await other.idle()
      if (this.taken.get(group) === other) this.taken.delete(group)
    }
    this.taken.set(group, sitter)
    return true
  }

  leave(sitter: Sitter): void {
    for (const [group, other] of this.taken) if (other === sitter) this.taken.delete(group)
  }
}
