import { parseFen, type Fen } from '#domain/money'
import { dealTopic, participantTopic, type Stage, type Topic } from '../kernel/event.ts'
import type { Read } from '../kernel/state.ts'
import { participantKey } from '../membership/state.ts'
import { refuse } from './errors.ts'
import { accountOpened } from './events.ts'
import { accountKey, type Account, type AccountKind } from './state.ts'

export interface NewAccount {
  readonly id: string
  readonly kind: AccountKind
  readonly owner: string
  /** The participant whose signed statement posts this account. */
  readonly bank: string
  readonly deal?: string
}

/** Opens an account with nothing on it. Refuses ACCOUNT_EXISTS, PARTICIPANT_NOT_FOUND (owner or bank). */
export function openAccount(stage: Stage, { id, kind, owner, bank, deal }: NewAccount): void {
  if (stage.read(accountKey(id))) refuse('ACCOUNT_EXISTS', { account: id })
  for (const participant of [owner, bank]) {
    if (!stage.read(participantKey(participant))) refuse('PARTICIPANT_NOT_FOUND', { participant })
  }
  const topics = [participantTopic(owner), participantTopic(bank), ...(deal === undefined ? [] : [dealTopic(deal)])]
  stage.emit(accountOpened, { account: id, kind, owner, bank, deal: deal ?? null }, topics)
}

/** Refuses ACCOUNT_NOT_FOUND. */
export const accountOf = (read: Read, id: string): Account =>
  read(accountKey(id)) ?? refuse('ACCOUNT_NOT_FOUND', { account: id })

/** What is booked, in fen. Negative only on an external account. */
export const postedFen = (account: Account): Fen => parseFen(account.postedFen)

/** What new instructions may still use: booked less reserved, in fen. */
export const availableFen = (account: Account): Fen => parseFen(account.postedFen) - parseFen(account.reservedFen)

export const ownersTopics = (accounts: Iterable<Account>): Topic[] =>
  [...accounts].flatMap(({ owner, bank }) => [participantTopic(owner), participantTopic(bank)])
