import type { IsoDate } from '#domain/date'
import { dateKeys, requireCurrent } from '../calendar/business-date.ts'
import { batchObject } from '../calendar/state.ts'
import { participantTopic, type Stage, type Topic } from '../kernel/event.ts'
import type { Key, Read } from '../kernel/state.ts'
import { refuse } from './errors.ts'
import { transferExpired } from './events.ts'
import {
  batchKey,
  HOLDING_STATES,
  holdingKey,
  receivableKey,
  type Batch,
  type Holding,
  type Receivable,
} from './state.ts'

export const batchOf = (read: Read, batch: string): Batch =>
  read(batchKey(batch)) ?? refuse('BATCH_NOT_FOUND', { batch })

export const receivableOf = (read: Read, receivable: string): Receivable =>
  read(receivableKey(receivable)) ?? refuse('RECEIVABLE_NOT_FOUND', { receivable })

export const holdingOf = (read: Read, holding: string): Holding =>
  read(holdingKey(holding)) ?? refuse('HOLDING_NOT_FOUND', { holding })

/** The batch's date; refuses BEHIND when it lags the business date. */
export const currentDate = (read: Read, batch: string): IsoDate => requireCurrent(read, batchObject(batch))

export const batchKeys = (batch: string): readonly Key<unknown>[] => [batchKey(batch), ...dateKeys(batchObject(batch))]

export const parties = (...participants: readonly string[]): Topic[] => participants.map(participantTopic)

/** What an event says of a holding's receivable. */
export const headerOf = ({ receivable, batch, issuer, maturity }: Holding) => ({ receivable, batch, issuer, maturity })

/** A holding that its owner may dispose of today, freed first of a proposal whose last day has passed. */
export function disposable(stage: Stage, id: string, participant: string): { holding: Holding; today: IsoDate } {
  const holding = holdingOf(stage.read, id)
  if (holding.owner !== participant) refuse('NOT_THE_HOLDER', { holding: id })
  const today = currentDate(stage.read, holding.batch)
  if (today >= holding.maturity) refuse('MATURED', { holding: id, maturity: holding.maturity, today })
  const { proposal, owner, receivable } = holding
  if (proposal && today > proposal.until) {
    HOLDING_STATES.next(holding.state, 'expireTransfer', `holding ${id}`)
    stage.emit(transferExpired, { receivable, holding: id, owner, recipient: proposal.to }, parties(owner, proposal.to))
  }
  return { holding: holdingOf(stage.read, id), today }
}
