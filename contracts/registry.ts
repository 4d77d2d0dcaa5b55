import { calendar } from './calendar/contract.ts'
import { cash } from './cash/contract.ts'
import { assetRegistry } from './asset-registry/contract.ts'
import { deal } from './deal/contract.ts'
import { governance } from './governance/contract.ts'
import { Registry } from './kernel/execute.ts'
import { membership } from './membership/contract.ts'
import { receivable } from './receivable/contract.ts'
import { securities } from './securities/contract.ts'
import { servicing } from './servicing/contract.ts'

/** Every contract of the consortium, in one list. */
export const CONTRACTS = [
  membership,
  governance,
  calendar,
  cash,
  deal,
  assetRegistry,
  securities,
  servicing,
  receivable,
] as const

export const registry = new Registry(CONTRACTS)
