import { headerHash, isSignedBy, type SignedHeader } from '#proof/block'
import type { ApplicationRules } from '../application/build-block.ts'
import { ExpiryQueue } from '../application/expiry.ts'
import { CommittedState } from '../application/state.ts'
import { LeafWriter } from '../application/tree/changes.ts'
import { FlatTree } from '../application/tree/flat-tree.ts'
import type { LedgerStore, StoredBlock } from './store.ts'

/** What is stored is not what was signed: the ledger does not start on it. */
export class LedgerCorrupt extends Error {
  override readonly name = 'LedgerCorrupt'
  constructor(
    readonly chainId: string,
    readonly problem: string,
  ) {
    super(`ledger ${chainId}: ${problem}`)
  }
}

export interface Recovered {
  readonly state: CommittedState
  readonly expiry: ExpiryQueue
  readonly last: StoredBlock | undefined
}

/**
 * Rebuilds tree and expiry queue from the state rows and checks them against the last header.
 * @param operatorKey whose signature the header must bear; undefined where consensus stands for it, and where heights
 * without commands have no block
 */
export async function recover(
  store: LedgerStore,
  rules: ApplicationRules,
  operatorKey: string | undefined,
): Promise<Recovered> {
  const last = await store.lastBlock()
  if (last) await checkHeader(store, rules, operatorKey, last)
  const expiry = new ExpiryQueue()
  const leaves = new LeafWriter()
  for await (const { keys, values, commands } of store.stateLeaves()) {
    leaves.add(keys, values)
    for (const [key, expiresAt] of commands) expiry.add(key, Number(expiresAt))
  }
  const tree = FlatTree.of(leaves.flat())
  const want = last?.header.stateRoot ?? FlatTree.empty().root()
  if (tree.root() !== want) {
    throw new LedgerCorrupt(rules.chainId, `the state rows have root ${tree.root()}, the last header says ${want}`)
  }
  return { state: new CommittedState(store.valuesToExecute, tree), expiry, last }
}

async function checkHeader(
  store: LedgerStore,
  rules: ApplicationRules,
  operatorKey: string | undefined,
  last: StoredBlock,
): Promise<void> {
  const { header } = last
  const fail = (problem: string): never => {
    throw new LedgerCorrupt(rules.chainId, `block ${header.height}: ${problem}`)
  }
  if (headerHash(header) !== last.headerHash) fail('the header does not have its hash')
  if (header.height === rules.predecessor?.height) {
    if (last.headerHash !== rules.predecessor.headerHash)
      fail('not the last header of the ledger that genesis continues')
    return
  }
  if (header.chainId !== rules.chainId || header.genesisHash !== rules.genesisHash) fail('of another ledger')
  if (operatorKey === undefined) return
  const signed: SignedHeader = { header, signature: last.signature }
  if (!isSignedBy(signed, operatorKey, rules.check)) fail('not signed by the operator of this ledger')
  if (header.height === 0) return
  const before = await store.block(header.height - 1)
  if (before?.headerHash !== header.previous) fail('does not follow the block before')
}
