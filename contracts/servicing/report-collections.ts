import { Type } from 'typebox'
import { fenString, parseFen, sumFen, type Fen } from '#domain/money'
import { businessDate } from '../calendar/business-date.ts'
import { instructionOf } from '../cash/transfers.ts'
import { AmountText, PeriodId } from '../deal/fields.ts'
import { requireParty, topicsOf } from '../deal/parties.ts'
import { termsKey } from '../deal/state.ts'
import { method } from '../kernel/method.ts'
import { Fields, HashString, Id } from '../kernel/schema.ts'
import type { Read } from '../kernel/state.ts'
import { refuseServicing } from './errors.ts'
import { collectionsReported, CollectionsFields } from './events.ts'
import { periodDates, periodKeys, servedDeal, type PeriodDates } from './period.ts'
import { PERIOD_TABLE, periodKey, servicingKey, type Period } from './state.ts'

/**
 * The servicer reports what it collected in a period, by source, and what defaulted (资产服务报告). It may restate until
 * the custodian has confirmed; each revision replaces the one before. Seen by the plan's parties and holders: totals
 * and a hash of the report.
 */
export const reportCollections = method({
  contract: 'servicing',
  method: 'reportCollections',
  sentence: {
    zh: '报告计划 {deal} {period} 期回收款（第 {revision} 次）',
    en: 'Report the collections of plan {deal} for {period} (revision {revision})',
  },
  args: Fields({
    deal: Id,
    period: PeriodId,
    revision: Type.Integer({ minimum: 1, maximum: 10_000 }),
    collections: CollectionsFields,
    defaultedFen: AmountText,
    laterFen: Type.Optional(AmountText),
    contentHash: HashString,
    final: Type.Boolean({ description: 'The pool has ended: the clean-up waterfall runs and the plan ends.' }),
  }),
  by: { roles: ['servicer'], functions: ['maker', 'service:servicing'] },
  reads: ({ deal, period }) => [...periodKeys(deal, period), termsKey(deal)],
  decide(read, { args, caller }) {
    const { deal: id, period, revision, collections } = args
    const deal = servedDeal(read, id, 'report')
    requireParty(deal, caller, 'servicer')
    const before = read(periodKey(id, period))
    const state = PERIOD_TABLE.next(before?.state ?? 'none', 'report', `period ${period} of ${id}`)
    const { settled, open } = read(servicingKey(id))!
    if (!before && open !== null) refuseServicing('PERIOD_OPEN', { open, period })
    const dates = dueDates(read, id, period, before?.index ?? settled)
    const want = (before?.revision ?? 0) + 1
    if (revision !== want) refuseServicing('WRONG_REVISION', { want, got: revision })
    const total = sumFen(Object.values(collections).map((fen) => parseFen(fen)))
    const transferred = before ? transferredBefore(read, before) : 0n
    if (total < transferred) {
      refuseServicing('LESS_THAN_TRANSFERRED', { totalFen: fenString(total), transferredFen: fenString(transferred) })
    }
    const data = {
      deal: id,
      period,
      state,
      index: before?.index ?? settled,
      revision,
      collectedTo: dates.collectedTo,
      payDate: dates.payDate,
      collections,
      totalFen: fenString(total),
      laterFen: args.laterFen ?? '0',
      defaultedFen: args.defaultedFen,
      contentHash: args.contentHash,
      final: args.final,
      transferredFen: fenString(transferred),
      transferAttempt: before?.transferAttempt ?? 0,
      participant: caller.participant,
    }
    return [collectionsReported.of(data, topicsOf(deal))]
  },
})

function dueDates(read: Read, id: string, period: string, index: number): PeriodDates {
  const dates = periodDates(read(termsKey(id))!, index) ?? refuseServicing('NO_FURTHER_PERIOD', { deal: id, period })
  if (dates.period !== period) refuseServicing('WRONG_PERIOD', { want: dates.period, got: period })
  const date = businessDate(read)
  if (date < dates.collectedTo) {
    refuseServicing('PERIOD_NOT_ENDED', { collectedTo: dates.collectedTo, businessDate: date })
  }
  return dates
}

/** What earlier revisions already brought to the plan. Refuses TRANSFER_PENDING while the bank has not answered. */
function transferredBefore(read: Read, { transfer, transferredFen }: Period): Fen {
  const before = parseFen(transferredFen)
  if (transfer === null) return before
  const { state, id } = instructionOf(read, transfer.instruction)
  if (state === 'pending') refuseServicing('TRANSFER_PENDING', { instruction: id })
  return state === 'posted' ? before + parseFen(transfer.amountFen) : before
}
