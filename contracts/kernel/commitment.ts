import type { Static, TSchema } from 'typebox'
import { fenString, parseFen, sumFen, type Fen } from '#domain/money'
import type { EventRecord, EventType } from './event.ts'
import type { Caller, Commitment, Sentence } from './method.ts'
import { refuseCall } from './refusal.ts'

/** @param of the amount that one event of the type commits; there may be several, of which the sum counts */
export function commitment<const S extends TSchema>(
  type: EventType<S>,
  { fields, of, amount }: { fields: readonly string[]; of: (data: Static<S>) => Fen; amount: Sentence },
): Commitment {
  const { contract, event } = type
  return {
    amount,
    event: `${contract}.${event}`,
    fields,
    fenOf: (events) =>
      sumFen(
        events
          .filter((one) => one.contract === contract && one.event === event)
          .map(({ data }) => of(data as Static<S>)),
      ),
  }
}

/**
 * Asked once the method itself has accepted: who may not see an amount does not learn from a refusal how large it is.
 * Refuses OVER_KEY_LIMIT with the event and fields of the amount, the amount and the limit.
 */
export function requireWithinLimit(
  { event, fields, fenOf }: Commitment,
  events: readonly EventRecord[],
  limitFen: NonNullable<Caller['limitFen']>,
): void {
  const fen = fenOf(events)
  if (fen <= parseFen(limitFen)) return
  refuseCall('OVER_KEY_LIMIT', { event, fields: [...fields], amountFen: fenString(fen), limitFen })
}
