import type { JsonObject } from '#proof/json'
import { isEndSigned, type Predecessor } from '#proof/predecessor'
import { verifyExport, type ContractRules, type ExportSummary } from '#proof/verify-export'
import type { LedgerStore } from '../embedded/store.ts'
import { historyBlocks } from './history.ts'
import { nativeChecks, verifyNative } from './verify-native.ts'

/** An export that can be read again and again: once to be verified, once to be stored. */
export type ExportLines = () => AsyncIterable<string>

/** The export is not the history that genesis names, or does not hold together. */
export class HistoryRefused extends Error {
  override readonly name = 'HistoryRefused'
}

/**
 * Verifies the export of a ledger that was ended and says what a genesis must name to continue it. Every root is
 * recomputed, every signature checked and, with the contracts' code, every command decided again.
 * @throws HistoryRefused with the line and the first thing that does not hold, or that the ledger was not ended
 */
export async function readPredecessor(lines: ExportLines, rules: ContractRules): Promise<Predecessor> {
  const genesis = await genesisOf(lines())
  const summary = await verified(lines, {}, rules)
  const { endSignature } = summary
  if (endSignature === undefined)
    throw new HistoryRefused('the ledger was not ended: nothing says that it does not go on')
  if (summary.height === 0) throw new HistoryRefused('the ledger has no history: nothing happened after its genesis')
  const { chainId, genesisHash, operatorKey, height, headerHash, stateRoot, timeMs } = summary
  return { chainId, genesisHash, operatorKey, height, headerHash, stateRoot, timeMs, endSignature, genesis }
}

async function genesisOf(lines: AsyncIterable<string>): Promise<JsonObject> {
  for await (const text of lines) {
    try {
      const { genesis } = JSON.parse(text) as { genesis?: JsonObject }
      if (typeof genesis === 'object' && genesis !== null) return genesis
    } catch (error) {
      throw new HistoryRefused('line 1: not JSON', { cause: error })
    }
    break
  }
  throw new HistoryRefused('line 1: the ledger with its genesis document expected')
}

async function verified(
  lines: ExportLines,
  expected: Parameters<typeof verifyExport>[1],
  rules: ContractRules,
): Promise<ExportSummary> {
  const verdict = await verifyExport(lines(), expected, rules, nativeChecks)
  if (!verdict.ok) throw new HistoryRefused(`line ${verdict.line}: ${verdict.reason}`)
  return verdict.summary
}

/**
 * Stores the history that a chain continues, so that its first state, its positions and its topics are those of the
 * ledger before. Nothing is stored of an export that is not exactly that history; cut short, the next call goes on.
 * @param lines not read when all of it is stored already
 * @throws HistoryRefused naming what does not hold
 */
export async function storeHistory(
  store: LedgerStore,
  predecessor: Predecessor,
  rules: ContractRules,
  lines: ExportLines | undefined,
): Promise<void> {
  let stored = (await store.lastBlock())?.header.height ?? -1
  if (stored >= predecessor.height) return
  const { chainId, genesisHash, operatorKey, height, headerHash } = predecessor
  if (!lines)
    throw new HistoryRefused(`the history of ${chainId} up to block ${height} is needed, and no export is given`)
  if (!isEndSigned(predecessor, operatorKey, verifyNative))
    throw new HistoryRefused(`genesis: the end of ${chainId} is not signed by its operator`)
  const summary = await verified(lines, { chainId, genesisHash, operatorKey }, rules)
  const named = { height, headerHash, stateRoot: predecessor.stateRoot, timeMs: predecessor.timeMs }
  for (const field of ['height', 'headerHash', 'stateRoot', 'timeMs'] as const) {
    if (summary[field] === named[field]) continue
    throw new HistoryRefused(`the export ends with ${field} ${summary[field]}, genesis names ${named[field]}`)
  }
  for await (const { signature, ...block } of historyBlocks(lines())) {
    if (block.header.height <= stored) continue
    await store.append(block, signature)
    stored = block.header.height
  }
}
