import { Type } from 'typebox'
import { cut, IntervalError, type Interval } from '#domain/intervals'
import { fenString, parseFen, type Fen } from '#domain/money'
import { Stage } from '../kernel/event.ts'
import { method } from '../kernel/method.ts'
import { Fields, Id, PositiveFen } from '../kernel/schema.ts'
import { refuse } from './errors.ts'
import { receivableSplit } from './events.ts'
import { batchOf, disposable, headerOf, parties } from './lookup.ts'
import { HOLDING_STATES, holdingKey } from './state.ts'

/** The holder cuts its interval into parts that it then disposes of one by one; the old holding ends. */
export const split = method({
  contract: 'receivable',
  method: 'split',
  sentence: {
    zh: '将应收账款持有 {holding} 拆分为 {parts.length} 份',
    en: 'Split holding {holding} into {parts.length} parts',
  },
  args: Fields({
    holding: Id,
    parts: Type.Array(Fields({ id: Id, fen: PositiveFen }), { minItems: 2, maxItems: 200 }),
  }),
  by: { functions: ['maker'] },
  reads: ({ holding, parts }) => [holdingKey(holding), ...parts.map(({ id }) => holdingKey(id))],
  decide(read, { args, caller: { participant } }) {
    const stage = new Stage(read)
    const { holding } = disposable(stage, args.holding, participant)
    HOLDING_STATES.next(holding.state, 'split', `holding ${holding.id}`)
    const ids = args.parts.map(({ id }) => id)
    ids.forEach((id, i) => {
      if (ids.indexOf(id) !== i) refuse('DUPLICATE_HOLDING', { holding: id })
      if (read(holdingKey(id))) refuse('HOLDING_EXISTS', { holding: id })
    })
    const sizes = args.parts.map(({ fen }) => parseFen(fen))
    const { minimumSplitFen } = batchOf(read, holding.batch)
    sizes.forEach((size, index) => {
      if (size < parseFen(minimumSplitFen)) refuse('BELOW_MINIMUM', { index, fen: fenString(size), minimumSplitFen })
    })
    const pieces = cutOrRefuse({ from: parseFen(holding.from), to: parseFen(holding.to) }, sizes)
    const parts = pieces.map(({ from, to }, i) => ({ id: ids[i]!, from: fenString(from), to: fenString(to) }))
    const { id, owner, tier, issuer } = holding
    stage.emit(receivableSplit, { ...headerOf(holding), holding: id, owner, tier, parts }, parties(owner, issuer))
    return stage.events
  },
})

function cutOrRefuse(whole: Interval, sizes: readonly Fen[]): Interval[] {
  try {
    return cut(whole, sizes)
  } catch (error) {
    // Empty parts cannot come here: the schema asks for at least one fen.
    if (error instanceof IntervalError && error.code === 'PARTS_DO_NOT_SUM') return refuse(error.code, error.details)
    throw error
  }
}
