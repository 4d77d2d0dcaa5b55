import { currentDeal, dealKeys, requireParty, topicsOf } from '../deal/parties.ts'
import { method } from '../kernel/method.ts'
import { Fields, Id } from '../kernel/schema.ts'
import { refuseBatch } from './errors.ts'
import { batchAttested, Root, Version } from './events.ts'
import { requireSameRoot } from './root.ts'
import { BATCH_TABLE, batchKey, bookKey, versionText } from './state.ts'

/**
 * The custodian, having fetched the tape and rebuilt the tree, signs the root it computed itself. Equal to the proposed
 * one in every field, the batch becomes effective; else the command is refused with the first difference.
 */
export const attest = method({
  contract: 'asset-registry',
  method: 'attest',
  sentence: {
    zh: '确认计划 {deal} 第 {version} 版资产批次，自行复算根 {root.hash}',
    en: 'Attest asset batch {version} of plan {deal}, root recomputed as {root.hash}',
  },
  args: Fields({ deal: Id, version: Version, root: Root }),
  by: { roles: ['custodian'], functions: ['checker', 'service:servicing'] },
  reads: ({ deal, version }) => [...dealKeys(deal), bookKey(deal), batchKey(deal, versionText(version))],
  decide(read, { args, caller }) {
    const deal = currentDeal(read, args.deal)
    requireParty(deal, caller, 'custodian')
    const { deal: id, version } = args
    const batch = read(batchKey(id, versionText(version))) ?? refuseBatch('BATCH_NOT_FOUND', { deal: id, version })
    const state = BATCH_TABLE.next(batch.state, 'attest', `batch ${version} of ${id}`)
    requireSameRoot(batch.root, args.root)
    const { participant } = caller
    const { asOf, root } = batch
    return [batchAttested.of({ deal: id, version, state, root: root.hash, asOf, participant }, topicsOf(deal))]
  },
})
