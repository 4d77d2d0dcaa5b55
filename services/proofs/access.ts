import { mayRead } from '#contracts/entitlement'
import type { EventCursor, Ledger } from '#ledger-adapter/port'
import { waiting } from '#ledger-adapter/waiting'
import { LedgerEntitlement } from '#node/feed/entitlement'
import type { AssetBook } from '#node/ingest/asset-book'
import type { SignedIn } from '../kit/caller.ts'
import { behindPosition, type Problem } from '../kit/problem.ts'
import { parsePosition } from '../reading/reading.ts'

export interface ProofDeps {
  readonly ledger: Ledger
  /** The tapes this organisation holds; without them there is no proof of an asset here. */
  readonly assets?: AssetBook
  /** The longest that a proof waits for its `?at=`. */
  readonly maxWaitMs?: number
}

const DEFAULT_WAIT_MS = 5_000

/** Waits until the ledger itself has the position: proofs come from it, not from read models. @throws Problem BEHIND_POSITION */
export async function reach({ ledger, maxWaitMs = DEFAULT_WAIT_MS }: ProofDeps, at: string | undefined): Promise<void> {
  if (at === undefined) return
  const { height } = parsePosition(at)
  if (await waiting(() => ledger.waitFor(height, maxWaitMs))) return
  throw behindPosition(at, `block ${(await ledger.head()).height}`)
}

/** @throws Problem when the caller may read none of these topics */
export async function mustRead(
  { ledger }: ProofDeps,
  { participant }: SignedIn,
  topics: readonly string[],
  refused: () => Problem,
): Promise<void> {
  const readable = await new LedgerEntitlement(ledger, mayRead).readable(participant, topics)
  if (readable.size === 0) throw refused()
}

const LAST = 999_999_999

export async function topicsOfEvent(ledger: Ledger, cursor: EventCursor): Promise<string[]> {
  const { height, index, event } = cursor
  const before = height === 0 && index === 0 && event === 0 ? undefined : previous(cursor)
  const [found] = await ledger.events(before, { limit: 1 })
  const is = found && found.cursor.height === height && found.cursor.index === index && found.cursor.event === event
  return is ? found.topics.map(({ topic }) => topic) : []
}

/** The cursor before an event's own: events are asked for after a cursor. */
function previous({ height, index, event }: EventCursor): EventCursor {
  if (event > 0) return { height, index, event: event - 1 }
  return index > 0 ? { height, index: index - 1, event: LAST } : { height: height - 1, index: LAST, event: LAST }
}
