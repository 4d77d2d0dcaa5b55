import { verifyExport, type ContractRules } from '#proof/verify-export'
import { HistoryRefused, type ExportLines } from '../application/continue.ts'
import { historyBlocks } from '../application/history.ts'
import { nativeChecks } from '../application/verify-native.ts'
import type { SnapshotStore } from './snapshot-store.ts'
import type { ReplicaStore } from './store.ts'

export interface HistorySource {
  /** Of any member's node. Read twice, so it must be a copy that nobody changes in between. */
  readonly lines: ExportLines
  /** With the contracts' code every command is decided again. */
  readonly rules: ContractRules
}

/**
 * Stores the blocks, commands and events from position 0 up to the state that was restored. Nothing is stored of an
 * export that does not hold together or does not lead to exactly that block; cut short, the next call goes on.
 *
 * What the export is measured by is that block: its state has the root that validators signed whom the light client
 * followed, and holds the history of all before it (`sys/history`). Votes in the export are not asked: those who founded
 * the network may long have left it.
 * @throws HistoryRefused naming what does not hold
 */
export async function fillHistory(
  chain: { readonly chainId: string; readonly genesisHash: string },
  { replica, snapshots }: { readonly replica: ReplicaStore; readonly snapshots: SnapshotStore },
  { lines, rules }: HistorySource,
): Promise<void> {
  const restored = await snapshots.restored()
  if (!restored || restored.isFilled) return
  const { block: height, headerHash } = restored
  const verdict = await verifyExport(lines(), { ...chain, upTo: { height, headerHash } }, rules, nativeChecks)
  if (!verdict.ok) throw new HistoryRefused(`line ${verdict.line}: ${verdict.reason}`)
  const stored = await snapshots.filledBelow(height)
  for await (const { signature, ...block } of historyBlocks(lines())) {
    if (block.header.height > height) break
    if (block.header.height > stored) await replica.rows.appendPast(block, signature)
  }
  await snapshots.putFilled(restored)
}
