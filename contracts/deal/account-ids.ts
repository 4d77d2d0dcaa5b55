/**
 * The cash accounts of a plan, by what they are. The collection account is kept by the supervisory bank, tranche and
 * holder accounts by the depository, all others by the custodian. External ones mirror the world outside: what the plan
 * ever received is minus the balance of `obligors` and `subscribers`.
 */
export const accountIds = {
  obligors: (deal: string): string => `${deal}:obligors`,
  collection: (deal: string): string => `${deal}:collection`,
  subscribers: (deal: string): string => `${deal}:subscribers`,
  issuance: (deal: string): string => `${deal}:issuance`,
  /** The originator's own account, to which the purchase price is paid. */
  price: (deal: string): string => `${deal}:price`,
  /** An account of the terms other than the collection account: plan account, reserves. */
  plan: (deal: string, account: string): string => `${deal}:account.${account}`,
  fee: (deal: string, fee: string): string => `${deal}:fee.${fee}`,
  tranche: (deal: string, tranche: string): string => `${deal}:tranche.${tranche}`,
  holder: (deal: string, holder: string): string => `${deal}:holder.${holder}`,
} as const
