import { parseFen, sumFen } from '#domain/money'
import { commitment } from '../kernel/commitment.ts'
import { cashCredited, transfersInstructed } from './events.ts'

/** Of every method that instructs transfers: what it reserves, so a fen that several legs pass on counts once. */
export const RESERVED_CASH = commitment(transfersInstructed, {
  fields: ['/reserved/*/fen'],
  of: ({ reserved }) => sumFen(reserved.map(({ fen }) => parseFen(fen))),
  amount: { zh: '所指令划款占用的现金合计', en: 'the cash that the instructed transfers reserve' },
})

/** A bank that books a credit owes it to the account's owner. */
export const CREDITED = commitment(cashCredited, {
  fields: ['/amountFen'],
  of: ({ amountFen }) => parseFen(amountFen),
  amount: { zh: '入账金额 {amountFen:yuan} 元', en: 'the amount credited, {amountFen:yuan} yuan' },
})
