import { Reason } from '../deal/fields.ts'
import { currentDeal, dealKeys, requireParty, topicsOf } from '../deal/parties.ts'
import { method } from '../kernel/method.ts'
import { Fields, Id } from '../kernel/schema.ts'
import { refuseBatch } from './errors.ts'
import { batchRejected, Version } from './events.ts'
import { BATCH_TABLE, batchKey, bookKey, versionText } from './state.ts'

/** The custodian turns a batch down, e.g. because its own root differs; the servicer proposes the next version. */
export const reject = method({
  contract: 'asset-registry',
  method: 'reject',
  sentence: {
    zh: '拒绝计划 {deal} 第 {version} 版资产批次：{reason}',
    en: 'Reject asset batch {version} of plan {deal}: {reason}',
  },
  args: Fields({ deal: Id, version: Version, reason: Reason }),
  by: { roles: ['custodian'], functions: ['checker', 'service:servicing'] },
  reads: ({ deal, version }) => [...dealKeys(deal), bookKey(deal), batchKey(deal, versionText(version))],
  decide(read, { args, caller }) {
    const deal = currentDeal(read, args.deal)
    requireParty(deal, caller, 'custodian')
    const { deal: id, version, reason } = args
    const batch = read(batchKey(id, versionText(version))) ?? refuseBatch('BATCH_NOT_FOUND', { deal: id, version })
    const state = BATCH_TABLE.next(batch.state, 'reject', `batch ${version} of ${id}`)
    return [batchRejected.of({ deal: id, version, state, reason, participant: caller.participant }, topicsOf(deal))]
  },
})
