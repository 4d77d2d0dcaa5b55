import { Type } from 'typebox'
import { isIsoDate, type IsoDate } from '#domain/date'
import { dateKeys, dateObject } from '../calendar/business-date.ts'
import { batchObject } from '../calendar/state.ts'
import { Stage } from '../kernel/event.ts'
import { method } from '../kernel/method.ts'
import { Fields, Id, PositiveFen } from '../kernel/schema.ts'
import { refuse } from './errors.ts'
import { batchOpened, TenorCaps, Tiers } from './events.ts'
import { parties } from './lookup.ts'
import { batchKey } from './state.ts'

/** A core enterprise opens a batch: the terms that its receivables share, and their date. */
export const openBatch = method({
  contract: 'receivable',
  method: 'openBatch',
  sentence: {
    zh: '开立应收账款批次 {batch}，最小拆分 {minimumSplitFen:yuan} 元',
    en: 'Open batch {batch} of receivables, split no smaller than {minimumSplitFen:yuan} yuan',
  },
  args: Fields({
    batch: Type.Intersect([Id, Type.String({ maxLength: 90 })]),
    minimumSplitFen: PositiveFen,
    maximumTiers: Tiers,
    tenorCaps: TenorCaps,
    /** Whose calendar service closes the batch's days, besides the calendar's operators. */
    closers: Type.Array(Id, { maxItems: 10, uniqueItems: true }),
  }),
  by: { roles: ['core-enterprise'], functions: ['maker'] },
  reads: ({ batch }) => [batchKey(batch), ...dateKeys(batchObject(batch))],
  decide(read, { args: { closers, ...terms }, caller: { participant } }) {
    if (read(batchKey(terms.batch))) refuse('BATCH_EXISTS', { batch: terms.batch })
    terms.tenorCaps.forEach((cap, i) => {
      if (!isIsoDate(cap.from)) refuse('NOT_A_DATE', { field: `/tenorCaps/${i}/from`, date: cap.from })
      if (cap.inPrincipleMonths > cap.atMostMonths) refuse('BAD_TENOR_CAP', { field: `/tenorCaps/${i}` })
      if (terms.tenorCaps.findIndex(({ from }) => from === cap.from) !== i) {
        refuse('BAD_TENOR_CAP', { field: `/tenorCaps/${i}/from`, date: cap.from as IsoDate })
      }
    })
    const stage = new Stage(read)
    const topics = parties(participant)
    stage.emit(batchOpened, { ...terms, issuer: participant }, topics)
    dateObject(stage, { object: batchObject(terms.batch), closers, topics })
    return stage.events
  },
})
