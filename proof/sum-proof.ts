import {
  decodeNode,
  EMPTY_NODE,
  encodeNode,
  joinNodes,
  leafNode,
  MAX_LEVELS,
  rootOf,
  SumTreeError,
  type SumLeaf,
  type SumNode,
  type SumRoot,
} from './sum-node.ts'

/** Siblings from the leaf upwards. */
export interface SumProof {
  readonly slot: number
  readonly siblings: readonly SumNode[]
}

/**
 * Checks that the leaf stands in its slot under the root (`undefined`: that the slot is unassigned).
 * @throws SumTreeError BAD_PROOF (what), AMOUNT_OUT_OF_RANGE, BAD_HASH
 */
export function verifySumProof(root: SumRoot, leaf: SumLeaf | undefined, proof: SumProof): void {
  checkRoot(root)
  if (climb(root, leaf, proof).hash !== root.hash)
    throw new SumTreeError('BAD_PROOF', { what: 'root', slot: proof.slot })
}

/**
 * The root after one leaf changed, knowing only its path: who follows a batch need not hold the tree. For several
 * slots, apply in order, each proof taken from the tree after the change before it.
 * @throws SumTreeError as verifySumProof
 */
export function updatedRoot(root: SumRoot, before: SumLeaf | undefined, after: SumLeaf, proof: SumProof): SumRoot {
  verifySumProof(root, before, proof)
  return climb(root, after, proof)
}

/** Checks that a root's hash commits to its own count, sums and levels. @throws SumTreeError BAD_PROOF */
export function checkRoot(root: SumRoot): void {
  const { count, originalFen, currentFen, defaultedFen, top, levels } = root
  if (!Number.isInteger(levels) || levels < 0 || levels > MAX_LEVELS)
    throw new SumTreeError('BAD_PROOF', { what: 'levels' })
  const node = { hash: top, count, originalFen, currentFen, defaultedFen }
  if (rootOf(node, levels).hash !== root.hash) throw new SumTreeError('BAD_PROOF', { what: 'root' })
}

function climb(root: SumRoot, leaf: SumLeaf | undefined, { slot, siblings }: SumProof): SumRoot {
  if (!Number.isInteger(slot) || slot < 0 || slot >= 2 ** root.levels)
    throw new SumTreeError('SLOT_OUT_OF_RANGE', { slot })
  if (siblings.length !== root.levels) throw new SumTreeError('BAD_PROOF', { what: 'length', slot })
  let at = slot
  let node = leaf ? encodeNode(leafNode(slot, leaf)) : EMPTY_NODE
  for (const sibling of siblings) {
    const other = encodeNode(sibling)
    node = at % 2 === 0 ? joinNodes(node, other) : joinNodes(other, node)
    at = Math.floor(at / 2)
  }
  return rootOf(decodeNode(node), root.levels)
}
