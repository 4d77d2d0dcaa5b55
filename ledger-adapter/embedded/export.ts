import { canonicalJson } from '#proof/canonical'
import type { Json, JsonObject } from '#proof/json'
import type { StateReceipt } from '#proof/receipt'
import { LedgerError, type Provable } from '../port.ts'
import type { LedgerStore, StoredBlock } from './store.ts'

/**
 * The whole ledger as canonical JSON lines, in the order that `proof/verify-export.ts` reads: the genesis document; per
 * block its signed header with counts, its commands with results, its events with topics, its changes of the state; at
 * the end one receipt of each kind, and the last header's hash. It ends at one height, whatever is committed meanwhile.
 */
export async function* exportLedger(
  chainId: string,
  genesis: JsonObject,
  store: LedgerStore,
  prove: (what: Provable) => Promise<JsonObject>,
): AsyncIterable<string> {
  yield ledgerLine(chainId, genesis)
  // Proofs first, the height after them: blocks committed meanwhile are in the export, up to that height and no further.
  const receipts = await sampleReceipts(store, prove)
  let last = await store.lastBlock()
  if (!last) return
  const anchored = receipts.flatMap(consensusHeight)
  // Where consensus anchors, the file ends with a state that a receipt vouches for.
  const end = anchored.length === 0 ? last.header.height : Math.max(...anchored)
  yield* blockLines(store, { from: 0, to: Math.min(end, last.header.height) })
  if (end < last.header.height) last = (await store.lastBlockUpTo(end))!
  for (const receipt of receipts) yield line({ kind: 'receipt', receipt })
  const ended = await store.end()
  if (ended?.height === last.header.height) yield line({ kind: 'ended', signature: ended.signature })
  yield endLine(last)
}

/**
 * The part of an export that is the same from every node: the blocks of these heights, after the genesis document where
 * they begin with block 0, and the hash of the last one. Whoever has the blocks before goes on with it.
 */
export async function* exportRange(
  chainId: string,
  genesis: JsonObject,
  store: LedgerStore,
  range: HeightRange,
): AsyncIterable<string> {
  if (range.from === 0) yield ledgerLine(chainId, genesis)
  yield* blockLines(store, range)
  yield endLine((await store.lastBlockUpTo(range.to))!)
}

/** Both included. */
export interface HeightRange {
  readonly from: number
  readonly to: number
}

async function* blockLines(store: LedgerStore, { from, to }: HeightRange): AsyncIterable<string> {
  for (let height = from; height <= to; height += 1) {
    const block = await store.block(height)
    if (!block) continue // a height of consensus without commands
    const [commands, events, changes] = await Promise.all([
      store.commandsOf(height),
      store.eventsOf(height),
      store.changesOf(height),
    ])
    const counts = { commands: commands.length, events: events.length, changes: changes.length }
    yield line({ kind: 'block', header: block.header as unknown as Json, signature: block.signature, ...counts })
    for (const { signed, result } of commands) yield `{"kind":"command","result":${result},"signed":${signed}}`
    for (const event of events) {
      const { cursor, commandId, contract, event: name, data, topics } = event
      const core = { cursor: cursor as unknown as Json, commandId, contract, event: name, data }
      yield line({ kind: 'event', ...core, topics: topics.map(({ topic }) => topic) })
    }
    for (const [key, text] of changes) {
      const name = JSON.stringify(key)
      yield text === undefined ? `{"key":${name},"kind":"delete"}` : `{"key":${name},"kind":"put","value":${text}}`
    }
  }
}

const ledgerLine = (chainId: string, genesis: JsonObject): string =>
  line({ kind: 'ledger', format: 1, chainId, genesis })
const endLine = ({ header, headerHash }: StoredBlock): string =>
  line({ kind: 'end', height: header.height, headerHash })

/** The height whose state a receipt proves, where consensus anchors it: the header is that of the next. */
function consensusHeight(receipt: JsonObject): number[] {
  const { anchor } = receipt as unknown as StateReceipt
  return anchor.kind === 'cometbft' ? [anchor.header.height - 1] : []
}

/** One of each kind: of the latest command with an event, that event and its first topic, and of a key of genesis. */
async function sampleReceipts(
  store: LedgerStore,
  prove: (what: Provable) => Promise<JsonObject>,
): Promise<readonly JsonObject[]> {
  const event = await store.lastEvent()
  const topic = event?.topics[0]?.topic
  const facts: Provable[] = []
  if (event && event.cursor.height > 0) {
    const { participant, commandId } = (await store.commandsOf(event.cursor.height))[event.cursor.index]!
    facts.push({ kind: 'command', participant, commandId })
  }
  // Nothing but the genesis document vouches for block 0 where no operator signs it.
  const isSigned = (await store.lastBlock())?.signature !== ''
  if (event && (isSigned || event.cursor.height > 0)) facts.push({ kind: 'event', cursor: event.cursor })
  if (topic !== undefined) facts.push({ kind: 'topic', topic })
  const [change] = await store.changesOf(0)
  if (change) facts.push({ kind: 'key', key: change[0] })
  const receipts: JsonObject[] = []
  for (const what of facts) receipts.push(await prove(what))
  return receipts
}

const line = (value: JsonObject): string => {
  const text = canonicalJson(value)
  if (text.includes('\n')) throw new LedgerError('read', 'MALFORMED', true, { field: 'line' })
  return text
}
