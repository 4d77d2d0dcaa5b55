import { headerHash, type BlockHeader } from '#proof/block'
import type { TrustedValidators } from '#proof/cometbft/index'
import type { JsonObject } from '#proof/json'
import { verifyExport, type ContractRules } from '#proof/verify-export'
import { HistoryRefused, type ExportLines } from '../application/continue.ts'
import { historyBlocks } from '../application/history.ts'
import { verifyNative } from '../application/verify-native.ts'
import type { SnapshotStore } from './snapshot-store.ts'
import type { ReplicaStore } from './store.ts'

export interface HistorySource {
  /** Of any member's node. Read twice, so it must be a copy that nobody changes in between. */
  readonly lines: ExportLines
  /** With the contracts' code every command is decided again. */
  readonly rules: ContractRules
  /** Whom the founders named: the votes in the export are checked from them on. */
  readonly validators: TrustedValidators
}

/**
 * Stores the blocks, commands and events from position 0 up to the state that was restored. Nothing is stored of an
 * export that does not hold together or does not lead to exactly that block; cut short, the next call goes on.
 * @throws HistoryRefused naming what does not hold
 */
export async function fillHistory(
  chain: { readonly chainId: string; readonly genesisHash: string },
  { replica, snapshots }: { readonly replica: ReplicaStore; readonly snapshots: SnapshotStore },
  { lines, rules, validators }: HistorySource,
): Promise<void> {
  const restored = await snapshots.restored()
  if (!restored || restored.isFilled) return
  let found: string | undefined
  const watched = async function* (): AsyncIterable<string> {
    for await (const text of lines()) {
      yield text // what the verifier does not refuse is well formed
      if (!text.includes('"kind":"block"')) continue
      const { kind, header } = JSON.parse(text) as JsonObject
      const said = header as unknown as BlockHeader
      if (kind === 'block' && said.height === restored.block) found = headerHash(said)
    }
  }
  const verdict = await verifyExport(watched(), { ...chain, validators }, rules, verifyNative)
  if (!verdict.ok) throw new HistoryRefused(`line ${verdict.line}: ${verdict.reason}`)
  if (found === undefined) throw new HistoryRefused(`the export does not hold block ${restored.block}`)
  if (found !== restored.headerHash) {
    throw new HistoryRefused(`block ${restored.block} of the export is not the one whose state was restored`)
  }
  const stored = await snapshots.filledBelow(restored.block)
  for await (const { signature, ...block } of historyBlocks(lines())) {
    const { height } = block.header
    if (height > restored.block) break
    if (height > stored) await replica.rows.appendPast(block, signature)
  }
  await snapshots.putFilled()
}
