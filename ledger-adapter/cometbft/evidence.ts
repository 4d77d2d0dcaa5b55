import { conflictingBlockOfRpc, doubleVoteOfRpc, doubleVotesOf, type DoubleVote, type RpcEvidence } from '#proof/cometbft/index' // prettier-ignore
import { consensusValidators, lightBlockAt, RpcError, RpcUnreachable, type CometbftRpc } from './rpc.ts'

const RETRY_MS = 500

interface BlockAnswer {
  readonly block: { readonly evidence: { readonly evidence: readonly RpcEvidence[] | null } }
}

/** What a block of consensus holds against validators. */
export interface Misbehaviour {
  readonly doubleVotes: readonly DoubleVote[]
  /** Heights of headers beside the chain's own for which no two votes of one round show who is to blame. */
  readonly unattributed: readonly number[]
}

/**
 * The double votes that a block's evidence shows. Of an attack on light clients they are the votes for both headers, the
 * chain's own and the one that light clients were to believe, of those who committed both in one round.
 * @param isOpen CometBFT is asked again, while it starts, as long as this is true
 * @throws RpcError, RangeError for an answer that does not hold together
 */
export async function misbehaviourAt(rpc: CometbftRpc, height: number, isOpen: () => boolean): Promise<Misbehaviour> {
  for (;;) {
    try {
      const { block } = await rpc.call<BlockAnswer>('block', { height: String(height) })
      const doubleVotes: DoubleVote[] = []
      const unattributed: number[] = []
      for (const evidence of block.evidence.evidence ?? []) {
        const found = await doubleVotesIn(rpc, evidence)
        doubleVotes.push(...found)
        if (found.length === 0) unattributed.push(conflictingBlockOfRpc(evidence)?.header.height ?? height)
      }
      return { doubleVotes, unattributed }
    } catch (error) {
      if (!(error instanceof RpcUnreachable) || !isOpen()) throw error
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
    }
  }
}

async function doubleVotesIn(rpc: CometbftRpc, evidence: RpcEvidence): Promise<readonly DoubleVote[]> {
  const conflicting = conflictingBlockOfRpc(evidence)
  if (conflicting) {
    const own = await lightBlockAt(rpc, conflicting.header.height).catch(noneOf)
    return own ? doubleVotesOf(own, conflicting) : []
  }
  const at = evidence.value.vote_a?.height
  const found = at && doubleVoteOfRpc(evidence, await consensusValidators(rpc, Number(at)))
  return found ? [found] : []
}

/** The chain has no header of that height: light clients were to believe in one that is still to come. */
function noneOf(error: unknown): undefined {
  if (!(error instanceof RpcError)) throw error
}
