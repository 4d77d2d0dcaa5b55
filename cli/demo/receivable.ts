import { createHmac } from 'node:crypto'
import { batchObject, calendarKey } from '#contracts/calendar/state'
import { holdingKey } from '#contracts/receivable/state'
import { addDays, addMonths } from '#domain/date'
import { yuanFromFen } from '#domain/money'
import type { Stack } from '../stack/stack.ts'
import type { BusinessDays } from './business-days.ts'
import { CAST } from './consortium.ts'
import { readOne } from '#node/read-state'
import { untilFact } from './until-fact.ts'
import type { People, Who } from './people.ts'

const FACE = 100_000_000n
/** Together the face: the second supplier gets the middle one. */
const PARTS = [
  { id: 'ar-1.h2', fen: 60_000_000n },
  { id: 'ar-1.h3', fen: 30_000_000n },
  { id: 'ar-1.h4', fen: 10_000_000n },
]

/** A receivable of 1,000,000.00 yuan: issued by maker and checker, accepted, split in three, one part transferred. */
export async function passReceivable(parts: {
  people: People
  stack: Stack
  days: BusinessDays
  invoiceSecret: Uint8Array
  stopped: Promise<never>
  tell: (line: string) => void
}): Promise<void> {
  const { people, stack, days, invoiceSecret, stopped, tell } = parts
  const [maker, checker]: Who[] = [`${CAST.coreEnterprise}/maker`, `${CAST.coreEnterprise}/checker`]
  const [first, second]: Who[] = [`${CAST.firstSupplier}/maker`, `${CAST.secondSupplier}/maker`]
  const { date } = (await readOne(stack.ledger, calendarKey))!
  await people.does(maker!, 'ar.batch', 'receivable.openBatch', {
    batch: 'steel-1',
    minimumSplitFen: '1',
    maximumTiers: null,
    tenorCaps: [{ from: '2000-01-01', inPrincipleMonths: 6, atMostMonths: 12 }],
    closers: [],
  })
  await days.advance(date, [batchObject('steel-1')])
  // The commitment is keyed with the consortium's secret: seller, invoice code and number cannot be guessed from it.
  const commitment = createHmac('sha256', invoiceSecret).update('91370000MA3CPAR67|011002600111|00712345').digest('hex')
  await people.does(maker!, 'ar.issue', 'receivable.issue', {
    receivable: 'ar-1',
    batch: 'steel-1',
    supplier: CAST.firstSupplier,
    faceFen: FACE.toString(),
    maturity: addMonths(date, 5),
    longTenorReason: null,
    documents: null,
    invoices: [{ commitment, amountFen: FACE.toString(), assignedFen: FACE.toString() }],
  })
  await people.does(checker!, 'ar.approve', 'receivable.approve', { receivable: 'ar-1' })
  await people.does(first!, 'ar.accept', 'receivable.accept', { receivable: 'ar-1', holding: 'ar-1.h1' })
  tell(`receivable of ${yuanFromFen(FACE)} yuan issued by maker and checker, accepted`)

  const split = { holding: 'ar-1.h1', parts: PARTS.map(({ id, fen }) => ({ id, fen: fen.toString() })) }
  await people.does(first!, 'ar.split', 'receivable.split', split, '/v1/holdings/ar-1.h1/splits')
  await untilFact(stack.ledger, 'the split', () => readOne(stack.ledger, holdingKey(PARTS[2]!.id)), stopped)
  tell(`split in three: ${PARTS.map(({ fen }) => yuanFromFen(fen)).join(' + ')}`)

  const offer = { holding: 'ar-1.h3', recipient: CAST.secondSupplier, newHolding: 'ar-1.h5', until: addDays(date, 5) }
  await people.does(first!, 'ar.offer', 'receivable.proposeTransfer', offer)
  await people.does(second!, 'ar.take', 'receivable.acceptTransfer', { holding: 'ar-1.h3' })
  const taken = await readOne(stack.ledger, holdingKey('ar-1.h5'))
  tell(
    `${yuanFromFen(PARTS[1]!.fen)} transferred: ar-1.h5 is ${CAST.secondSupplier}'s, fen ${taken!.from} to ${taken!.to}`,
  )
}
