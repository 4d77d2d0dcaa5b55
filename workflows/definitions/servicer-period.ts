import { proxyActivities } from '@temporalio/workflow'
import { asOfKey } from '#contracts/asset-registry/state'
import { accountKey } from '#contracts/cash/state'
import { accountIds } from '#contracts/deal/account-ids'
import type { PeriodInput, ServicerActivities } from '../activities/period-types.ts'
import { readOne } from './instruction.ts'
import { beatenActivity, listenForHints, mustAccept, perform, until } from './kit.ts'

const servicer = proxyActivities<ServicerActivities>(beatenActivity('5 minutes'))

/** The servicer's part of a period: the asset batch, the report of collections, the transfer to the plan. */
export async function servicerPeriod(input: PeriodInput): Promise<void> {
  listenForHints()
  const { deal, period } = input
  const { version, previous, root, changed, contentHash, asOf, ...report } = await servicer.prepareReport(input)
  const as = 'service:servicing' as const
  const batch = { deal, version, previous, root: { ...root }, changed, contentHash, asOf }
  mustAccept(await perform({ step: 'batch', contract: 'asset-registry', method: 'proposeBatch', args: batch, as }))
  await until(() => readOne(asOfKey(deal, asOf)))

  const { collections, defaultedFen, final } = report
  const figures = { deal, period, revision: 1, collections: { ...collections }, defaultedFen, contentHash, final }
  mustAccept(await perform({ step: 'report', contract: 'servicing', method: 'reportCollections', args: figures, as }))

  const total = Object.values(collections).reduce((sum, fen) => sum + BigInt(fen), 0n)
  await until(async () => {
    const account = await readOne(accountKey(accountIds.collection(deal)))
    return account && BigInt(account.postedFen) - BigInt(account.reservedFen) >= total ? true : undefined
  })
  const transfer = { deal, period }
  mustAccept(
    await perform({ step: 'transfer', contract: 'servicing', method: 'transferCollections', args: transfer, as }),
  )
}
