import type { JsonObject } from '#proof/json'
import { Database } from './connection.ts'
import { migrate } from './schema.ts'

const TIMEOUT_MS = 30_000

/** The ledgers whose rows a database holds, with their genesis documents; of networks' nodes too. */
export async function ledgersIn(
  databaseUrl: string,
): Promise<readonly { readonly chainId: string; readonly genesis: JsonObject }[]> {
  const database = new Database(databaseUrl, TIMEOUT_MS)
  try {
    await migrate(database)
    const rows = await database.query<{ chain_id: string; genesis: string }>(
      'SELECT chain_id, genesis FROM sluice_ledger.ledger ORDER BY chain_id',
    )
    return rows.map(({ chain_id, genesis }) => ({ chainId: chain_id, genesis: JSON.parse(genesis) as JsonObject }))
  } finally {
    await database.close()
  }
}
