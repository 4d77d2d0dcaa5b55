import { conflictingBlockOfRpc, doubleVoteOfRpc, doubleVotesOf, type DoubleVote, type RpcEvidence } from '#proof/cometbft/index' // prettier-ignore
import { consensusValidators, lightBlockAt, RpcUnreachable, type CometbftRpc } from './rpc.ts'

const RETRY_MS = 500

interface BlockAnswer {
  readonly block: { readonly evidence: { readonly evidence: readonly RpcEvidence[] | null } }
}

/**
 * Tells the double votes that a block's evidence shows. Of an attack on light clients they are the votes for both headers,
 * the chain's own and the one that light clients were to believe, of those who committed both in one round. What cannot
 * be told is a problem: that CometBFT does not answer so, or that no two votes show who is to blame.
 * @param isOpen CometBFT is asked again, while it starts, as long as this is true
 */
export async function tellMisbehaviour(
  rpc: CometbftRpc,
  height: number,
  {
    isOpen,
    tell,
    problem,
  }: {
    readonly isOpen: () => boolean
    readonly tell: (doubleVote: DoubleVote) => void
    readonly problem: (error: unknown) => void
  },
): Promise<void> {
  try {
    for (const { kind, doubleVotes } of await evidenceAt(rpc, height, isOpen)) {
      for (const doubleVote of doubleVotes) tell(doubleVote)
      if (doubleVotes.length === 0) problem(new Error(`block ${height}: its ${kind} shows no validator's two votes`))
    }
  } catch (error) {
    problem(error)
  }
}

interface Evidence {
  readonly kind: string
  readonly doubleVotes: readonly DoubleVote[]
}

/** @throws RpcError, RangeError for an answer that does not hold together */
async function evidenceAt(rpc: CometbftRpc, height: number, isOpen: () => boolean): Promise<readonly Evidence[]> {
  for (;;) {
    try {
      const { block } = await rpc.call<BlockAnswer>('block', { height: String(height) })
      const found: Evidence[] = []
      for (const evidence of block.evidence.evidence ?? []) {
        found.push({ kind: evidence.type, doubleVotes: await doubleVotesIn(rpc, evidence, height) })
      }
      return found
    } catch (error) {
      if (!(error instanceof RpcUnreachable) || !isOpen()) throw error
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
    }
  }
}

/** @param height of the block that holds it */
async function doubleVotesIn(rpc: CometbftRpc, evidence: RpcEvidence, height: number): Promise<readonly DoubleVote[]> {
  const conflicting = conflictingBlockOfRpc(evidence)
  if (conflicting) {
    const at = conflicting.header.height
    // Light clients may have been to believe in a header that is still to come: the chain has no votes for its own.
    return at > height ? [] : doubleVotesOf(await lightBlockAt(rpc, at), conflicting)
  }
  const at = evidence.value.vote_a?.height
  const found = at && doubleVoteOfRpc(evidence, await consensusValidators(rpc, Number(at)))
  return found ? [found] : []
}
