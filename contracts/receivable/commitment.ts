import { sizeOf } from '#domain/intervals'
import { parseFen, type Fen } from '#domain/money'
import { commitment } from '../kernel/commitment.ts'
import { receivableApproved, receivableDrafted, transferAccepted, transferProposed } from './events.ts'

const face = { fields: ['/faceFen'], of: ({ faceFen }: { faceFen: string }): Fen => parseFen(faceFen) }
const interval = {
  fields: ['/from', '/to'],
  of: ({ from, to }: { from: string; to: string }): Fen => sizeOf({ from: parseFen(from), to: parseFen(to) }),
}

/** What the methods of receivables commit; a split, a supplier's acceptance and whatever frees or ends commit nothing new. */
export const DRAFTED_FACE = commitment(receivableDrafted, {
  ...face,
  amount: { zh: '应收账款金额 {faceFen:yuan} 元', en: 'the face of the receivable, {faceFen:yuan} yuan' },
})
export const APPROVED_FACE = commitment(receivableApproved, {
  ...face,
  amount: { zh: '所复核应收账款的金额', en: 'the face of the receivable that is approved' },
})
export const OFFERED = commitment(transferProposed, {
  ...interval,
  amount: { zh: '拟转让持有的金额', en: 'the amount of the holding that is offered' },
})
export const TAKEN_OVER = commitment(transferAccepted, {
  ...interval,
  amount: { zh: '受让持有的金额', en: 'the amount of the holding that is taken over' },
})
