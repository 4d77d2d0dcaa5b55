import { doubleVoteOfRpc, type DoubleVote, type RpcEvidence } from '#proof/cometbft/index'
import { consensusValidators, RpcUnreachable, type CometbftRpc } from './rpc.ts'

const RETRY_MS = 500

interface BlockAnswer {
  readonly block: { readonly evidence: { readonly evidence: readonly RpcEvidence[] | null } }
}

/**
 * The double votes that a block of consensus holds. Evidence of attacks on light clients is of another kind: the block
 * keeps it, and nothing is told of it here.
 * @param isOpen CometBFT is asked again, while it starts, as long as this is true
 * @throws RpcError, RangeError for an answer that does not hold together
 */
export async function doubleVotesAt(rpc: CometbftRpc, height: number, isOpen: () => boolean): Promise<DoubleVote[]> {
  for (;;) {
    try {
      const { block } = await rpc.call<BlockAnswer>('block', { height: String(height) })
      const found: DoubleVote[] = []
      for (const evidence of block.evidence.evidence ?? []) {
        const at = evidence.value.vote_a?.height
        if (at === undefined) continue
        const doubleVote = doubleVoteOfRpc(evidence, await consensusValidators(rpc, Number(at)))
        if (doubleVote) found.push(doubleVote)
      }
      return found
    } catch (error) {
      if (!(error instanceof RpcUnreachable) || !isOpen()) throw error
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
    }
  }
}
