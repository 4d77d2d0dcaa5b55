/** Every workflow of the house, by the name under which services start it. */
export { bankPeriod } from './bank-period.ts'
export { custodianPeriod } from './custodian-period.ts'
export { depositoryPeriod } from './depository-period.ts'
export { planPeriod } from './plan-period.ts'
export { receivableSplit } from './receivable-split.ts'
export { servicerPeriod } from './servicer-period.ts'
