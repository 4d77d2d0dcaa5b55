import { fenString, mulDiv, parseFen, sumFen, type Fen } from '#domain/money'
import type { DealState, PeriodInput } from '#domain/waterfall/step'
import { batchAsOf } from '../asset-registry/effective.ts'
import { batchKey, versionText } from '../asset-registry/state.ts'
import type { Deal } from '../deal/state.ts'
import type { Read } from '../kernel/state.ts'
import { refuseServicing } from './errors.ts'
import { servicingKey, type Period } from './state.ts'

/** A last distribution is for a pool that is all but gone: at most 10% of the initial balance (DOMAIN.md §2). */
const CLEAN_UP = { numerator: 10n, denominator: 100n }

/**
 * The pool of a period by the batches that the custodian attested, held against the servicer's report: defaults must
 * agree, and opening + purchased − principal collected − defaulted must be the closing balance, to the fen.
 */
export function poolFigures(
  read: Read,
  deal: Deal,
  period: Period,
  engine: DealState,
): { readonly version: number; readonly figures: PeriodInput['pool'] } {
  const { collectedTo: asOf } = period
  const batch = batchAsOf(read, deal.deal, asOf) ?? refuseServicing('BATCH_NOT_EFFECTIVE', { deal: deal.deal, asOf })
  const { poolVersion } = read(servicingKey(deal.deal))!
  const before = read(batchKey(deal.deal, versionText(poolVersion)))!
  const opening = engine.pools[0]!.balance
  const closing = parseFen(batch.root.currentFen)
  const purchased = parseFen(batch.root.originalFen) - parseFen(before.root.originalFen)
  const defaulted = parseFen(batch.root.defaultedFen) - parseFen(before.root.defaultedFen)
  if (fenString(defaulted) !== period.defaultedFen) {
    refuseServicing('DEFAULTED_DIFFERS', { reportedFen: period.defaultedFen, batchFen: fenString(defaulted) })
  }
  const principal = principalOf(period)
  if (opening + purchased - principal - defaulted !== closing) {
    refuseServicing('POOL_DOES_NOT_RECONCILE', {
      openingFen: fenString(opening),
      purchasedFen: fenString(purchased),
      principalFen: fenString(principal),
      defaultedFen: fenString(defaulted),
      closingFen: fenString(closing),
    })
  }
  if (period.final) requireAllButGone(deal, closing)
  return { version: batch.version, figures: { opening, closing, defaulted, purchased } }
}

/** Sources that reduce what the obligors owe. */
const principalOf = ({ collections: { principal, prepayment, repurchase } }: Period): Fen =>
  sumFen([principal, prepayment, repurchase].map((fen) => parseFen(fen ?? '0')))

function requireAllButGone({ initialPoolFen }: Deal, closing: Fen): void {
  const most = mulDiv(parseFen(initialPoolFen), CLEAN_UP.numerator, CLEAN_UP.denominator, 'floor')
  if (closing > most) refuseServicing('POOL_NOT_ENDED', { closingFen: fenString(closing), mostFen: fenString(most) })
}
