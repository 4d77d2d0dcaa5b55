/** From the vectors' JSON of assets, assumptions and curves to the domain's types, amounts in fen. */
import type { Static } from 'typebox'
import type { Amortization, Asset, AssetRate, Assumption, Penalty, Recovery } from '../assets/types.ts'
import type { Curve, CurveSet } from '../curve.ts'
import { fenFromJson, rateFromJson } from './numbers.ts'
import type { AssetJson, AssumptionJson } from './schema/asset.ts'
import type { CurveSchema, CurveSetSchema } from './schema/common.ts'

export const curveFromJson = (points: Static<typeof CurveSchema>): Curve =>
  points.map(([date, value]) => [date, rateFromJson(value)] as const)

export const curveSetFromJson = (curves: Static<typeof CurveSetSchema> = {}): CurveSet =>
  Object.fromEntries(Object.entries(curves).map(([name, points]) => [name, curveFromJson(points)]))

type AmortizingJson = Extract<AssetJson, { originRate: unknown }>

function assetRateFromJson(rate: AmortizingJson['originRate']): AssetRate {
  if (typeof rate === 'number') return rateFromJson(rate)
  const { index, spread, initial, resetPattern, floor, cap } = rate
  return {
    index,
    spread: rateFromJson(spread),
    initial: rateFromJson(initial),
    resetPattern,
    ...(floor !== undefined && { floor: rateFromJson(floor) }),
    ...(cap !== undefined && { cap: rateFromJson(cap) }),
  }
}

const amortizationFromJson = (json: AmortizingJson['amortization']): Amortization =>
  json.type === 'Schedule'
    ? { type: 'Schedule', principal: json.principal.map(([date, amount]) => [date, fenFromJson(amount)] as const) }
    : json

type PenaltyJson = NonNullable<Extract<AssetJson, { assetType: 'Mortgage' }>['prepaymentPenalty']>

function penaltyFromJson(json: PenaltyJson): Penalty {
  switch (json.type) {
    case 'byTerm':
      return { ...json, rate: rateFromJson(json.rate), rateAfter: rateFromJson(json.rateAfter) }
    case 'amount':
      return { ...json, amount: fenFromJson(json.amount) }
    case 'percentage':
      return { ...json, rate: rateFromJson(json.rate) }
    case 'sliding':
      return { ...json, rate: rateFromJson(json.rate), step: rateFromJson(json.step) }
    case 'stepDown':
      return { ...json, steps: json.steps.map((step) => ({ ...step, rate: rateFromJson(step.rate) })) }
    default:
      return json satisfies never
  }
}

const termsFromJson = (json: AmortizingJson) => ({
  originBalance: fenFromJson(json.originBalance),
  currentBalance: fenFromJson(json.currentBalance),
  originRate: assetRateFromJson(json.originRate),
  ...(json.currentRate !== undefined && { currentRate: rateFromJson(json.currentRate) }),
  amortization: amortizationFromJson(json.amortization),
})

/** Reads what `AssetSchema` admitted. */
export function assetFromJson(json: AssetJson): Asset {
  switch (json.assetType) {
    case 'Mortgage': {
      const { originBalance: _o, currentBalance: _c, originRate: _r, currentRate: _n, amortization: _a, prepaymentPenalty, ...rest } = json // prettier-ignore
      const penalty = prepaymentPenalty && { prepaymentPenalty: penaltyFromJson(prepaymentPenalty) }
      return { ...rest, ...termsFromJson(json), ...penalty }
    }
    case 'AdjustRateMortgage': {
      const { originBalance: _o, currentBalance: _c, originRate: _r, currentRate: _n, amortization: _a, arm, ...rest } = json // prettier-ignore
      return {
        ...rest,
        ...termsFromJson(json),
        arm: {
          initPeriods: arm.initPeriods,
          firstResetCap: rateFromJson(arm.firstResetCap),
          periodicCap: rateFromJson(arm.periodicCap),
          lifeCap: rateFromJson(arm.lifeCap),
          lifeFloor: rateFromJson(arm.lifeFloor),
        },
      }
    }
    case 'Loan': {
      const { originBalance: _o, currentBalance: _c, originRate: _r, currentRate: _n, amortization: _a, ...rest } = json // prettier-ignore
      return { ...rest, ...termsFromJson(json) }
    }
    case 'Installment':
      return {
        ...json,
        originBalance: fenFromJson(json.originBalance),
        currentBalance: fenFromJson(json.currentBalance),
        feeRatePerPeriod: rateFromJson(json.feeRatePerPeriod),
      }
    case 'Lease':
      return leaseFromJson(json)
    case 'Receivable':
      return receivableFromJson(json)
    case 'FixedAsset':
      return {
        ...json,
        originBalance: fenFromJson(json.originBalance),
        currentBalance: fenFromJson(json.currentBalance),
        residualBalance: fenFromJson(json.residualBalance),
        capacity: rateFromJson(json.capacity),
        utilization: curveFromJson(json.utilization),
        price: curveFromJson(json.price),
      }
    default:
      throw new TypeError(`no such asset: ${JSON.stringify(json satisfies never)}`)
  }
}

function leaseFromJson(json: Extract<AssetJson, { assetType: 'Lease' }>): Asset {
  const { stepUp, currentBalance, rentalPerDay, ...rest } = json
  return {
    ...rest,
    rentalPerDay: fenFromJson(rentalPerDay),
    ...(currentBalance !== undefined && { currentBalance: fenFromJson(currentBalance) }),
    ...(stepUp && {
      stepUp:
        'multiplier' in stepUp
          ? { multiplier: rateFromJson(stepUp.multiplier) }
          : { multipliers: stepUp.multipliers.map(rateFromJson) },
    }),
  }
}

function receivableFromJson(json: Extract<AssetJson, { assetType: 'Receivable' }>): Asset {
  const { fee, faceValue, advance, ...rest } = json
  return {
    ...rest,
    faceValue: fenFromJson(faceValue),
    advance: fenFromJson(advance),
    ...(fee && {
      fee:
        fee.type === 'fixed' ? { ...fee, amount: fenFromJson(fee.amount) } : { ...fee, rate: rateFromJson(fee.rate) },
    }),
  }
}

function recoveryFromJson({ rate, lag, timing, byDays }: NonNullable<AssumptionJson['recovery']>): Recovery {
  return {
    rate: rateFromJson(rate),
    ...(lag !== undefined && { lag }),
    ...(timing && { timing: timing.map(rateFromJson) }),
    ...(byDays && { byDays: byDays.map(([days, share]) => [days, rateFromJson(share)] as const) }),
  }
}

/** Reads what `AssumptionSchema` admitted. */
export function assumptionFromJson(json: AssumptionJson): Assumption {
  const { CDR, CPR, PSA, defaultStress, recovery, defaultByAmount, defaultAtEndByRate } = json
  const { defaultedRecovery, delinquency, renewal } = json
  return {
    ...(CDR !== undefined && { CDR }),
    ...(CPR !== undefined && { CPR }),
    ...(PSA !== undefined && { PSA }),
    ...(defaultAtEndByRate && { defaultAtEndByRate }),
    ...(defaultStress && { defaultStress: curveFromJson(defaultStress) }),
    ...(recovery && { recovery: recoveryFromJson(recovery) }),
    ...(defaultedRecovery && { defaultedRecovery: recoveryFromJson(defaultedRecovery) }),
    ...(defaultByAmount && {
      defaultByAmount: { total: fenFromJson(defaultByAmount.total), split: defaultByAmount.split.map(rateFromJson) },
    }),
    ...(delinquency && { delinquency: { ...delinquency, defaultShare: rateFromJson(delinquency.defaultShare) } }),
    ...(renewal && { renewal: { ...renewal, rentChangeAnnual: rateFromJson(renewal.rentChangeAnnual) } }),
  }
}
