import { instructionKey } from '#contracts/cash/state'
import { dealObject } from '#contracts/calendar/state'
import { dealKey } from '#contracts/deal/state'
import { holderPaymentKey, holdersKey } from '#contracts/securities/state'
import { allPeriodDates } from '#contracts/servicing/period'
import { distributionKey, periodKey, servicingKey } from '#contracts/servicing/state'
import type { Stack } from '../stack/stack.ts'
import type { BusinessDays } from './business-days.ts'
import { CAST } from './consortium.ts'
import { readEach, readOne } from '#node/read-state'
import { untilFact } from './until-fact.ts'
import type { People, Who } from './people.ts'
import type { Plan } from './plan.ts'

export interface PeriodParts {
  readonly plan: Plan
  readonly people: People
  readonly stack: Stack
  readonly days: BusinessDays
  /** Rejects when a worker or the node has failed for good. */
  readonly stopped: Promise<never>
  readonly onPeriod: (period: string) => Promise<void>
}

/** Each party's service starts its own part of the period. */
const STARTERS: readonly Who[] = [
  `${CAST.servicer}/servicing`,
  `${CAST.supervisoryBank}/statements`,
  `${CAST.custodian}/custody`,
  `${CAST.planManager}/servicing`,
  `${CAST.depository}/statements`,
]

/**
 * Month by month until the tape ends; then the plan is closed. A run that was interrupted goes on where it stood.
 * @param most serve only so many months, and leave the plan open
 */
export async function servePlan(parts: PeriodParts, most = Infinity): Promise<void> {
  const { plan, people, stack } = parts
  const { deal, terms, months } = plan
  const dates = allPeriodDates(terms)
  for (let index = 0; index < Math.min(months.length, most); index += 1) {
    const { period, collectedTo, payDate } = dates[index]!
    const settledBefore = (await readOne(stack.ledger, servicingKey(deal)))!.settled > index
    if (!settledBefore || !(await holdersArePaid(parts, period))) {
      await parts.days.advance(collectedTo, [dealObject(deal)])
      const path = `/v1/deals/${deal}/periods/${period}/runs`
      await Promise.all(STARTERS.map((starter) => people.client(starter).post(path)))
      await release(parts, period)
      await parts.days.advance(payDate, [dealObject(deal)])
      await untilFact(
        stack.ledger,
        `holders paid for ${period}`,
        async () => ((await holdersArePaid(parts, period)) ? true : undefined),
        parts.stopped,
      )
    }
    await parts.onPeriod(period)
  }
  if (most >= months.length) await people.does(`${CAST.planManager}/checker`, 'close', 'deal.close', { deal })
}

/** The payer looks at the calculated distribution and releases it by its hash, with a key of their own. */
async function release({ plan: { deal }, people, stack, stopped }: PeriodParts, period: string): Promise<void> {
  const standing = await untilFact(
    stack.ledger,
    `distribution of ${period} calculated`,
    async () => {
      const found = await readOne(stack.ledger, periodKey(deal, period))
      return found && ['calculated', 'released', 'settled'].includes(found.state) ? found : undefined
    },
    stopped,
  )
  if (standing.state !== 'calculated') return
  const { resultHash } = (await readOne(stack.ledger, distributionKey(deal, period)))!
  const path = `/v1/deals/${deal}/periods/${period}/instructions/approval`
  const step = `approve.${period}.${standing.attempt}`
  const args = { deal, period, resultHash }
  await people.does(`${CAST.planManager}/payer`, step, 'servicing.approveInstructions', args, path)
}

async function holdersArePaid({ plan: { deal }, stack: { ledger } }: PeriodParts, period: string): Promise<boolean> {
  if ((await readOne(ledger, periodKey(deal, period)))?.state !== 'settled') return false
  const { trancheIds } = (await readOne(ledger, dealKey(deal)))!
  const registers = await readEach(
    ledger,
    trancheIds.map((tranche) => holdersKey(deal, tranche)),
  )
  const holders = [...new Set(registers.flatMap((register) => register?.holders ?? []).map(({ holder }) => holder))]
  const payments = await readEach(
    ledger,
    holders.map((holder) => holderPaymentKey(deal, period, holder)),
  )
  const instructions = payments.flatMap((payment) => (payment ? [instructionKey(payment.instruction)] : []))
  return (await readEach(ledger, instructions)).every((instruction) => instruction?.state === 'posted')
}
