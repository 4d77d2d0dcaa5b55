/** Every workflow of the house, by the name under which services start it. */
export { receivableSplit } from './receivable-split.ts'
