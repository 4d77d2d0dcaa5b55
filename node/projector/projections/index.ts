import type { Projection } from '../projection.ts'
import { batches } from './batches.ts'
import { calendar } from './calendar.ts'
import { cash } from './cash.ts'
import { deals } from './deals.ts'
import { governance } from './governance.ts'
import { members } from './members.ts'
import { periods } from './periods.ts'
import { receivables } from './receivables.ts'
import { securities } from './securities.ts'
import { topics } from './topics.ts'

/** Every read model of the node. Their tables differ, and the projector does not look into them. */
export const PROJECTIONS = [
  members,
  governance,
  calendar,
  cash,
  deals,
  batches,
  securities,
  periods,
  receivables,
  topics,
] as unknown as readonly Projection[]
