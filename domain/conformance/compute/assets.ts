import { Type } from 'typebox'
import { projectAsset } from '../../projection/project.ts'
import type { AssetSchedule } from '../../projection/types.ts'
import { assetFromJson, assumptionFromJson, curveSetFromJson } from '../asset-json.ts'
import { defineCompute } from '../compute.ts'
import { flowTable, rowsByNumber } from '../flows-json.ts'
import { fenToJson } from '../numbers.ts'
import { AssetSchema, AssumptionSchema } from '../schema/asset.ts'
import { isoDate } from '../../date.ts'
import { closed, CurveSetSchema, DateText, items } from '../schema/common.ts'

/** An asset's schedule in every form that a case may ask for. */
export const scheduleToJson = (schedule: AssetSchedule) => ({
  schedule: flowTable(schedule.rows),
  rowCount: schedule.rows.length,
  rowsAt: rowsByNumber(schedule.rows),
  openingBalance: fenToJson(schedule.openingBalance),
  openingDate: schedule.openingDate,
  ...(schedule.payDates && { payDates: schedule.payDates }),
  totalRental: fenToJson(schedule.rows.reduce((sum, { rental }) => sum + (rental ?? 0n), 0n)),
})

/** Before any row: nothing is cut. */
const EARLIEST = isoDate('0001-01-01')

const projectAssets = defineCompute(
  'projectAsset',
  items(
    Type.Object(
      {
        asset: AssetSchema,
        asOf: Type.Optional(DateText),
        assumption: Type.Optional(AssumptionSchema),
        indexCurves: Type.Optional(CurveSetSchema),
      },
      closed,
    ),
  ),
  (input) => ({
    results: input.items.map(({ asset, asOf, assumption, indexCurves }) =>
      scheduleToJson(
        projectAsset(assetFromJson(asset), {
          asOf: asOf ?? asset.originDate ?? EARLIEST,
          ...(assumption && { assumption: assumptionFromJson(assumption) }),
          indexCurves: curveSetFromJson(indexCurves),
        }),
      ),
    ),
  }),
)

export const ASSET_COMPUTES = [projectAssets]
