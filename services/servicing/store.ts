import { batchTables } from '#node/projector/projections/batches'
import { periodTables } from '#node/projector/projections/periods'
import { securitiesTables } from '#node/projector/projections/securities'
import { READ_SCHEMA } from '#node/projector/tables'

export const { assetBatches } = batchTables(READ_SCHEMA)
export const { periods, waterfallLines, periodTranches } = periodTables(READ_SCHEMA)
export const { payments } = securitiesTables(READ_SCHEMA)
