import { sql } from 'drizzle-orm'
import type { Database } from '#node/projector/projection'
import { receivableTables } from '#node/projector/projections/receivables'
import { READ_SCHEMA } from '#node/projector/tables'

export const { receivables, holdings, receivableBatches } = receivableTables(READ_SCHEMA)

/** A chain of custody is as long as its splits and transfers; nobody follows more in one look. */
const MAX_LINEAGE = 1_000

export interface LineageStep {
  readonly id: string
  readonly parent: string | null
  readonly owner: string
  readonly from: string
  readonly to: string
  readonly tier: number
  readonly state: string
  readonly position: string
  /** 0 is the holding itself, then its parent, and so on to the first. */
  readonly depth: number
}

/** From a holding to the one that the supplier accepted: those of the way that the caller may read. */
export async function lineageOf(db: Database, id: string, readable: readonly string[]): Promise<LineageStep[]> {
  if (readable.length === 0) return []
  const topics = sql.join(
    readable.map((topic) => sql`${topic}`),
    sql`, `,
  )
  const rows = await db.execute(sql`
    with recursive way as (
      select h.*, 0 as depth from ${holdings} h where h.id = ${id} and h.topics && array[${topics}]::text[]
      union all
      select h.*, way.depth + 1 from ${holdings} h join way on h.id = way.parent where way.depth < ${MAX_LINEAGE}
    )
    select id, parent, owner, from_fen::text as "from", to_fen::text as "to", tier, state, position, depth
    from way where topics && array[${topics}]::text[] order by depth`)
  return rows as unknown as LineageStep[]
}
