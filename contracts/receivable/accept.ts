import { wholeOf } from '#domain/intervals'
import { fenString, parseFen } from '#domain/money'
import { method } from '../kernel/method.ts'
import { Fields, Id } from '../kernel/schema.ts'
import { refuse } from './errors.ts'
import { receivableAccepted } from './events.ts'
import { currentDate, parties, receivableOf } from './lookup.ts'
import { holdingKey, RECEIVABLE_STATES, receivableKey } from './state.ts'

/** The supplier accepts (签收): from now on it holds the whole, the interval [1, N]. */
export const accept = method({
  contract: 'receivable',
  method: 'accept',
  sentence: {
    zh: '签收应收账款 {receivable}，持有编号 {holding}',
    en: 'Accept receivable {receivable} as holding {holding}',
  },
  args: Fields({ receivable: Id, holding: Id }),
  by: { roles: ['supplier'], functions: ['maker'] },
  reads: ({ receivable, holding }) => [receivableKey(receivable), holdingKey(holding)],
  decide(read, { args: { receivable, holding }, caller: { participant } }) {
    const approved = receivableOf(read, receivable)
    const { batch, issuer, supplier, maturity } = approved
    if (supplier !== participant) refuse('NOT_THE_SUPPLIER', { receivable })
    const today = currentDate(read, batch)
    RECEIVABLE_STATES.next(approved.state, 'accept', `receivable ${receivable}`)
    if (today >= maturity) refuse('MATURED', { receivable, maturity, today })
    if (read(holdingKey(holding))) refuse('HOLDING_EXISTS', { holding })
    const { from, to } = wholeOf(parseFen(approved.faceFen))
    return [
      receivableAccepted.of(
        { receivable, batch, issuer, maturity, holding, owner: supplier, from: fenString(from), to: fenString(to) },
        parties(issuer, supplier),
      ),
    ]
  },
})
