import { dealTables } from '#node/projector/projections/deals'
import { securitiesTables } from '#node/projector/projections/securities'
import { READ_SCHEMA } from '#node/projector/tables'

export const { deals, dealSteps } = dealTables(READ_SCHEMA)
export const { tranches, subscriptions, positions } = securitiesTables(READ_SCHEMA)
