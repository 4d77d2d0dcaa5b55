import { mayRead } from '#contracts/entitlement'
import type { Ledger, Position } from '#ledger-adapter/port'
import { waiting } from '#ledger-adapter/waiting'
import { LedgerEntitlement } from '#node/feed/entitlement'
import type { Database } from '#node/projector/projection'
import { liveHeight } from '#node/projector/state'
import { READ_SCHEMA } from '#node/projector/tables'
import { topicTables } from '#node/projector/projections/topics'
import { Heights } from './heights.ts'
import { badRequest, behindPosition } from '../kit/problem.ts'
import type { SignedIn } from '../kit/caller.ts'

/** What read routes are given. */
export interface Reading {
  readonly db: Database
  /** The topics that this caller may read: the contract's rule, asked of the ledger's state now. */
  readable(caller: SignedIn): Promise<readonly string[]>
  /** Waits until the projections have taken in the position. @throws Problem BEHIND_POSITION, BAD_POSITION */
  reach(at: string | undefined, projections: readonly string[]): Promise<void>
}

const POSITION = /^(\d{1,15})\.(\d{1,9})$/
export const POSITION_PATTERN = POSITION.source

export function parsePosition(text: string): Position {
  const match = POSITION.exec(text)
  if (!match) throw badRequest('BAD_POSITION', [{ field: '/query/at', problem: 'height.index expected' }])
  return { height: Number(match[1]), index: Number(match[2]) }
}

/** One height's answer per participant is kept; a node serves so many at a time. */
const MAX_KEPT = 1_000

export function createReading(options: { ledger: Ledger; db: Database; maxWaitMs?: number }): Reading {
  const { ledger, db, maxWaitMs = 5_000 } = options
  const { topics } = topicTables(READ_SCHEMA)
  const heights = new Heights((projections) => liveHeight(db, projections))
  const entitlement = new LedgerEntitlement(ledger, mayRead)
  const kept = new Map<string, { height: number; topics: readonly string[] }>()
  return {
    db,
    async readable({ participant }) {
      const [{ height }, projected] = [await ledger.head(), await liveHeight(db, ['topics'])]
      const known = kept.get(participant)
      // What is read was projected up to `projected`; the rule is asked at the ledger's own height.
      const stamp = height * 2 + (projected >= height ? 1 : 0)
      if (known && known.height === stamp) return known.topics
      const all = await db.select({ id: topics.id }).from(topics)
      const readable = [
        ...(await entitlement.readable(
          participant,
          all.map(({ id }) => id),
        )),
      ]
      if (kept.size >= MAX_KEPT) kept.clear()
      kept.set(participant, { height: stamp, topics: readable })
      return readable
    },
    async reach(at, projections) {
      if (at === undefined) return
      const { height } = parsePosition(at)
      // Whose topics are not in yet would not be seen by those who may.
      const reached = await waiting(() => heights.reach([...projections, 'topics'], height, maxWaitMs))
      if (reached < height) throw behindPosition(at, `block ${reached}`)
    },
  }
}
