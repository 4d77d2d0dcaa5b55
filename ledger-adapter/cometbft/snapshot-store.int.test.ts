import { expect, test } from 'vitest'
import { testDatabase } from '#engines/testing/index'
import { CometbftLedger } from './cometbft-ledger.ts'
import { ReplicaStore } from './store.ts'
import { SnapshotStore } from './snapshot-store.ts'
import { LedgerSessions } from '../embedded/sessions.ts'
import { testLedgerOptions } from '../testing/fixture.ts'

test('of a ledger that consensus has not changed there is no snapshot, however many blocks it has', async () => {
  const { url } = await testDatabase()
  const { genesis, registry, callerOf } = testLedgerOptions(url)
  const ledger = await CometbftLedger.open({
    databaseUrl: url,
    genesis,
    registry,
    callerOf,
    rpc: ['http://127.0.0.1:1'],
  })
  const { chainId } = ledger
  await ledger.close() // block 0 stays
  const sessions = new LedgerSessions(url, 10_000)
  try {
    const replica = await ReplicaStore.open(sessions, chainId, genesis.document)
    await sessions.lock.acquire(replica.lockId, chainId, 10_000)
    const snapshots = await SnapshotStore.open(sessions.database, sessions.lock, replica.lockId, chainId)
    await replica.putHeight(7) // seven blocks without commands
    expect(await snapshots.make(1)).toBeUndefined()
    expect(await snapshots.list()).toEqual([])
    // The same state is one to be taken where block 0 is of consensus.
    expect(await snapshots.make(0)).toBe(7)
    expect(await snapshots.list()).toMatchObject([{ height: 7, header: { height: 0 } }])
    expect(await snapshots.make(0)).toBeUndefined() // it is there already
  } finally {
    await sessions.close()
  }
})
