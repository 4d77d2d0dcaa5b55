import { dealKey } from '#contracts/deal/state'
import { periodKey } from '#contracts/servicing/state'
import { holderPaymentKey, holdersKey } from '#contracts/securities/state'
import type { PeriodInput } from '../activities/period-types.ts'
import { payAndPost, readOne } from './instruction.ts'
import { listenForHints, until } from './kit.ts'

/** The depository's part: after a period is settled, every holder is paid (兑付) and the payment posted. */
export async function depositoryPeriod({ deal, period }: PeriodInput): Promise<void> {
  listenForHints()
  await until(async () => ((await readOne(periodKey(deal, period)))?.state === 'settled' ? true : undefined))
  const { trancheIds } = (await readOne(dealKey(deal)))!
  const holders = new Set<string>()
  for (const tranche of trancheIds) {
    for (const { holder } of (await readOne(holdersKey(deal, tranche)))?.holders ?? []) holders.add(holder)
  }
  // Side by side: one holder's payment does not wait for another's.
  await Promise.all(
    [...holders].sort().map(async (holder) => {
      const payment = await readOne(holderPaymentKey(deal, period, holder))
      if (payment) await payAndPost(payment.instruction)
    }),
  )
}
