import { predecessorOf } from '#proof/predecessor'
import { chainIdOf } from '#proof/block'
import type { JsonObject } from '#proof/json'
import { LedgerSessions } from '../embedded/sessions.ts'
import { SnapshotStore } from './snapshot-store.ts'
import { ReplicaStore } from './store.ts'

const TIMEOUT_MS = 30_000

/**
 * What a node's database holds of a chain: nothing that consensus made, its blocks from the first on, a state that was taken
 * from others and nothing since, which may be taken anew, or such a state and blocks of its own.
 */
export type Standing = 'nothing' | 'blocks' | 'state' | 'restored'

/** While no process runs the node: what it would go on from. */
export async function standingIn(databaseUrl: string, genesis: JsonObject): Promise<Standing> {
  const chainId = chainIdOf(genesis)
  const sessions = new LedgerSessions(databaseUrl, TIMEOUT_MS)
  try {
    const replica = await ReplicaStore.open(sessions, chainId, genesis)
    const snapshots = await SnapshotStore.open(sessions.database, sessions.lock, replica.lockId, chainId)
    const last = (await replica.lastBlock())?.header.height ?? 0
    const restored = await snapshots.restored()
    if (restored) return restored.block === last ? 'state' : 'restored'
    const height = Math.max(await replica.height(), last)
    return height > (predecessorOf(genesis)?.height ?? 0) ? 'blocks' : 'nothing'
  } finally {
    await sessions.close()
  }
}
