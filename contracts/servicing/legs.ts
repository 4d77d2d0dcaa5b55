import type { DealTerms } from '#domain/deal/terms'
import type { StepResult } from '#domain/waterfall/step'
import type { NewTransfer } from '../cash/transfers.ts'
import { accountIds } from '../deal/account-ids.ts'
import { arrivalAccount } from '../deal/accounts.ts'
import type { PaymentLine } from '../securities/state.ts'

type Transfer = StepResult['transfers'][number]

/** A leg of the one linked instruction; `leaves`: it takes cash out of the plan's own accounts. */
export interface DistributionLeg extends NewTransfer {
  readonly leaves: boolean
}

/**
 * The engine's transfers as legs of one instruction, in the engine's order: a step is one leg per payee. Collections
 * stand on the arrival account already; only what the rules route elsewhere moves.
 * @throws Error for a payee that `requireRunnable` should have refused
 */
export function legsOf(deal: string, terms: DealTerms, { transfers }: StepResult): DistributionLeg[] {
  const arrival = arrivalAccount(terms)
  return transfers.flatMap((transfer, index) => {
    const target = targetOf(deal, transfer)
    if (transfer.kind === 'collection') {
      if (transfer.to.id === arrival) return []
      return [leg(index, transfer, accountIds.plan(deal, arrival), target)]
    }
    if (transfer.from.kind !== 'account') throw new Error(`cash from ${transfer.from.kind} ${transfer.from.id}`)
    return [leg(index, transfer, accountIds.plan(deal, transfer.from.id), target)]
  })
}

const leg = (
  index: number,
  { stepId, amount, to: payee, kind }: Transfer,
  from: string,
  to: string,
): DistributionLeg => ({
  transferId: `t${index}.${kind}`,
  step: stepId,
  from,
  to,
  amountFen: amount,
  leaves: payee.kind !== 'account',
})

function targetOf(deal: string, { to, stepId }: Transfer): string {
  switch (to.kind) {
    case 'account':
      return accountIds.plan(deal, to.id)
    case 'fee':
      return accountIds.fee(deal, to.id)
    case 'tranche':
      return accountIds.tranche(deal, to.id)
    case 'ledger':
    case 'facility':
    case 'swap':
    case 'cap':
    case 'pool':
    case 'none':
      throw new Error(`step ${stepId} pays ${to.kind} ${to.id}, which has no account`)
  }
}

/** The kinds of payment to a tranche, as its figures name them. */
export const PAYMENT_FIELDS = [
  ['interest', 'interestFen'],
  ['principal', 'principalFen'],
  ['residual', 'residualFen'],
] as const satisfies readonly (readonly [PaymentLine['kind'], string])[]
