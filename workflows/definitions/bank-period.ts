import { proxyActivities } from '@temporalio/workflow'
import { accountIds } from '#contracts/deal/account-ids'
import { periodKey } from '#contracts/servicing/state'
import type { BankActivities, PeriodInput } from '../activities/period-types.ts'
import { payAndPost, readOne } from './instruction.ts'
import { beatenActivity, listenForHints, mustAccept, perform, until } from './kit.ts'

const bank = proxyActivities<BankActivities>(beatenActivity('30 seconds'))

/** The supervisory bank's part: its statement of what obligors paid, then the transfer to the plan. */
export async function bankPeriod({ deal, period }: PeriodInput): Promise<void> {
  listenForHints()
  const account = accountIds.collection(deal)
  for (const { reference, valueDate, amountFen } of await bank.incoming({ account, period })) {
    const args = { account, from: accountIds.obligors(deal), amountFen, valueDate, reference, deal }
    mustAccept(
      await perform({ step: `credit.${reference}`, contract: 'cash', method: 'credit', args, as: 'service:bank' }),
    )
  }
  const transfer = await until(async () => {
    const standing = await readOne(periodKey(deal, period))
    return standing && standing.state !== 'reported' ? { instruction: standing.transfer?.instruction } : undefined
  })
  // A period in which nothing was collected transfers nothing.
  if (transfer.instruction) await payAndPost(transfer.instruction)
}
