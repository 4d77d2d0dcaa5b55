import { Type } from 'typebox'
import { isIsoDate, type IsoDate } from '#domain/date'
import { parseFen } from '#domain/money'
import { tenorProblem } from '#domain/tenor'
import { method } from '../kernel/method.ts'
import type { Read } from '../kernel/state.ts'
import { DateString, Fields, HashString, Id, OrNull, PositiveFen, Text } from '../kernel/schema.ts'
import { rolesAt } from '../membership/roles.ts'
import { participantKey } from '../membership/state.ts'
import { DRAFTED_FACE } from './commitment.ts'
import { refuse } from './errors.ts'
import { InvoiceFields, receivableDrafted } from './events.ts'
import { assign } from './invoices.ts'
import { batchKeys, batchOf, currentDate, parties } from './lookup.ts'
import { invoiceKey, receivableKey, type Batch } from './state.ts'

/** The core enterprise's maker draws up a receivable; a checker of the same enterprise approves it. */
export const issue = method({
  contract: 'receivable',
  method: 'issue',
  sentence: {
    zh: '拟向 {supplier} 开立应收账款 {receivable}，金额 {faceFen:yuan} 元，到期日 {maturity}',
    en: 'Draw up receivable {receivable} of {faceFen:yuan} yuan to {supplier}, due {maturity}',
  },
  args: Fields({
    receivable: Id,
    batch: Id,
    supplier: Id,
    faceFen: PositiveFen,
    maturity: DateString,
    longTenorReason: OrNull(Text),
    documents: OrNull(HashString),
    invoices: Type.Array(InvoiceFields, { minItems: 1, maxItems: 100 }),
  }),
  by: { roles: ['core-enterprise'], functions: ['maker'] },
  commits: DRAFTED_FACE,
  reads: ({ receivable, batch, supplier, invoices }) => [
    receivableKey(receivable),
    participantKey(supplier),
    ...batchKeys(batch),
    ...invoices.map(({ commitment }) => invoiceKey(commitment)),
  ],
  decide(read, { args, caller }, { height }) {
    const { receivable, supplier, maturity } = args
    const batch = batchOf(read, args.batch)
    const issuer = caller.participant
    if (batch.issuer !== issuer) refuse('NOT_THE_ISSUER', { batch: batch.id })
    const issued = currentDate(read, batch.id)
    if (read(receivableKey(receivable))) refuse('RECEIVABLE_EXISTS', { receivable })
    checkRecipient(read, { id: supplier, giver: issuer, roles: ['supplier'], height })
    checkTenor(batch, issued, maturity, args.longTenorReason !== null)
    const invoiceBalances = assign(read, args.invoices, parseFen(args.faceFen))
    return [receivableDrafted.of({ ...args, issuer, issued, maker: caller.operator, invoiceBalances }, parties(issuer))]
  },
})

/** Refuses PARTICIPANT_NOT_FOUND and, for one without the role or dealing with itself, WRONG_RECIPIENT. */
export function checkRecipient(
  read: Read,
  {
    id,
    giver,
    roles,
    height,
  }: { id: string; giver: string; roles: readonly ('supplier' | 'factor')[]; height: number },
): void {
  const participant = read(participantKey(id)) ?? refuse('PARTICIPANT_NOT_FOUND', { participant: id })
  if (id === giver || !roles.some((role) => rolesAt(participant, height).includes(role))) {
    refuse('WRONG_RECIPIENT', { participant: id, needs: [...roles] })
  }
}

function checkTenor(batch: Batch, issued: IsoDate, maturity: string, hasReason: boolean): void {
  if (!isIsoDate(maturity)) return refuse('NOT_A_DATE', { field: '/maturity', date: maturity })
  const problem = tenorProblem(batch.tenorCaps, { issued, maturity, hasReason })
  if (problem) refuse(`TENOR_${problem}`, { batch: batch.id, issued, maturity })
}
