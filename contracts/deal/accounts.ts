import type { DealTerms } from '#domain/deal/terms'
import { openAccount, accountOf, postedFen } from '../cash/accounts.ts'
import type { AccountKind } from '../cash/state.ts'
import type { Stage } from '../kernel/event.ts'
import { ROLES } from '../kernel/method.ts'
import type { Read } from '../kernel/state.ts'
import { accountIds } from './account-ids.ts'
import { refuseDeal } from './errors.ts'
import { partyOf } from './parties.ts'
import type { Deal, Parties } from './state.ts'

/** The accounts of the terms that the custodian keeps; the collection account is the supervisory bank's. */
export const keptAccounts = ({ accounts }: DealTerms) => accounts.filter(({ kind }) => kind !== 'collection')

/** The account of the terms into which the collection account is emptied: the first plan account, else the first. */
export const arrivalAccount = (terms: DealTerms): string =>
  (terms.accounts.find(({ kind }) => kind === 'plan') ?? keptAccounts(terms)[0]!).id

/**
 * The participant a fee is paid to: a party by its role, or a participant by its id. What is due to a role that no party
 * fills (an auditor outside the consortium) goes to the plan manager, who engages and pays it.
 */
export function feePayeeOf(parties: Parties, payee = 'plan-manager'): string {
  const isRole = (ROLES as readonly string[]).includes(payee)
  return parties[payee]?.[0] ?? (isRole ? parties['plan-manager']![0]! : payee)
}

/** Opens every account of a plan but its holders', with nothing on them. */
export function openPlanAccounts(stage: Stage, deal: Deal, terms: DealTerms): void {
  const { deal: id } = deal
  const open = (account: string, kind: AccountKind, owner: string, bank: string): void =>
    openAccount(stage, { id: account, kind, owner, bank, deal: id })
  const [manager, custodian] = [partyOf(deal, 'plan-manager'), partyOf(deal, 'custodian')]
  const depository = partyOf(deal, 'depository')
  open(accountIds.obligors(id), 'external', partyOf(deal, 'servicer'), partyOf(deal, 'supervisory-bank'))
  open(accountIds.collection(id), 'collection', manager, partyOf(deal, 'supervisory-bank'))
  open(accountIds.subscribers(id), 'external', manager, custodian)
  open(accountIds.issuance(id), 'plan', manager, custodian)
  open(accountIds.price(id), 'external', partyOf(deal, 'originator'), custodian)
  for (const account of keptAccounts(terms)) {
    open(accountIds.plan(id, account.id), account.kind === 'residue' ? 'residue' : 'plan', manager, custodian)
  }
  for (const fee of terms.fees) open(accountIds.fee(id, fee.id), 'fee', feePayeeOf(deal.parties, fee.payee), custodian)
  for (const tranche of terms.tranches) open(accountIds.tranche(id, tranche.id), 'tranche', depository, depository)
}

/** Refuses CASH_LEFT naming the first of these accounts that still holds money or has some reserved. */
export function requireEmpty(read: Read, accounts: readonly string[]): void {
  for (const id of accounts) {
    const account = accountOf(read, id)
    if (postedFen(account) !== 0n || account.reservedFen !== '0') {
      refuseDeal('CASH_LEFT', { account: id, postedFen: account.postedFen, reservedFen: account.reservedFen })
    }
  }
}
