import { calendar } from './calendar/contract.ts'
import { cash } from './cash/contract.ts'
import { Registry } from './kernel/execute.ts'
import { membership } from './membership/contract.ts'
import { receivable } from './receivable/contract.ts'

/** Every contract of the consortium, in one list. */
export const CONTRACTS = [membership, calendar, cash, receivable] as const

export const registry = new Registry(CONTRACTS)
