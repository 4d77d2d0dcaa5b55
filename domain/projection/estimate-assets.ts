/** Assets as the estimate wants them: monthly loans at fixed rates, in columns by plan. */
import type { Asset } from '../assets/types.ts'
import { rateToNumber, type Rate } from '../rate.ts'
import { scheduledSums, type EstimatePlan, type ScheduledSums } from './estimate.ts'

const PLANS: Readonly<Record<string, EstimatePlan>> = { Level: 'Level', Even: 'Even', I_P: 'Bullet' }

interface Loan {
  readonly plan: EstimatePlan
  readonly balance: number
  readonly monthlyRate: number
  readonly remainingMonths: number
}

const isRate = (rate: unknown): rate is Rate => typeof rate === 'object' && rate !== null && 'numerator' in rate

/** The asset as a column entry; null for one whose cash flow the estimate does not know. */
function loanOf(asset: Asset): Loan | null {
  if (asset.assetType !== 'Mortgage' && asset.assetType !== 'Loan') return null
  const plan = PLANS[asset.amortization.type]
  const rate = asset.currentRate ?? asset.originRate
  const frequency = 'freq' in asset ? (asset.freq ?? 'Monthly') : 'Monthly'
  const performs = !('status' in asset) || typeof asset.status !== 'object'
  if (plan === undefined || !isRate(rate) || !isRate(asset.originRate) || frequency !== 'Monthly' || !performs)
    return null
  return {
    plan,
    balance: Number(asset.currentBalance),
    monthlyRate: rateToNumber(rate) / 12,
    remainingMonths: asset.remainingTerm,
  }
}

/**
 * Contractual sums of a pool per month, in fen as doubles.
 * @returns null when some asset is no monthly loan at a fixed rate: such a pool is projected exactly
 */
export function sumsOfAssets(assets: readonly Asset[]): ScheduledSums | null {
  const loans = assets.map(loanOf)
  if (!loans.every((loan) => loan !== null)) return null
  const months = loans.reduce((most, { remainingMonths }) => Math.max(most, remainingMonths), 0)
  const sums: ScheduledSums = {
    months,
    opening: new Float64Array(months),
    principal: new Float64Array(months),
    interest: new Float64Array(months),
  }
  for (const plan of new Set(loans.map((loan) => loan.plan))) {
    const mine = loans.filter((loan) => loan.plan === plan)
    const part = scheduledSums(
      {
        count: mine.length,
        balance: Float64Array.from(mine, ({ balance }) => balance),
        monthlyRate: Float64Array.from(mine, ({ monthlyRate }) => monthlyRate),
        remainingMonths: Int32Array.from(mine, ({ remainingMonths }) => remainingMonths),
        plan,
      },
      months,
    )
    for (const column of ['opening', 'principal', 'interest'] as const)
      for (let month = 0; month < months; month += 1) sums[column][month]! += part[column][month]!
  }
  return sums
}
