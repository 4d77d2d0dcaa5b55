import type { CommandHead } from './command.ts'
import { historyLeaf, type BlockRoots } from './history.ts'
import type { ReceiptVerdict } from './receipt.ts'

/** A block as commands name it that are built on it. */
export const headOf = (height: number, roots: BlockRoots): CommandHead => ({ height, root: historyLeaf(height, roots) })

/**
 * Whether a ledger has the block that a command was built on: a rule of admission, the same on every node.
 * @param roots what the ledger's state holds under `sys/block/<height>`; undefined when it has no such block with commands
 */
export const isBuiltOn = (head: CommandHead, roots: BlockRoots | undefined): boolean =>
  roots !== undefined && historyLeaf(head.height, roots) === head.root

/**
 * The block of a fact that was verified, for commands to be built on; undefined where the receipt does not speak of a
 * block (a value, a topic, an absence).
 */
export function verifiedHead(verdict: ReceiptVerdict): CommandHead | undefined {
  if (!verdict.ok) return undefined
  const { receipt } = verdict
  if (receipt.kind !== 'command' && receipt.kind !== 'event') return undefined
  const { place, anchor } = receipt
  if (place) return headOf(place.height, place)
  return anchor.kind === 'operator' ? headOf(anchor.header.height, anchor.header) : undefined
}
