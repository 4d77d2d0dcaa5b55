import { randomBytes } from 'node:crypto'
import type { Action } from '#contracts/governance/actions'
import type { Committed } from '#client/client'
import { addDays, isoDate } from '#domain/date'
import type { Say } from '#engines/say'
import type { JsonObject } from '#proof/json'
import { CommandFailure } from '../failure.ts'

/** How long the institutions of this machine have to agree: they do so at once. */
const DAYS_TO_AGREE = 7
/** Of a proposal's id, before the digits that make it one of its own. */
const MAX_SUBJECT = 48

/** Signs and sends one command of governance for an institution; answers the events. @throws ApiError when refused */
export type Perform = (
  institution: string,
  by: 'maker' | 'checker',
  method: string,
  args: JsonObject,
) => Promise<Pick<Committed, 'events'>>

/** Who decides, on which day, and how each of them signs. */
export interface Institutions {
  readonly institutions: readonly string[]
  /** The ledger's business date. */
  readonly today: string
  readonly perform: Perform
  readonly say: Say
}

export interface Proposition {
  readonly action: Action
  /** What the proposal's id begins with, e.g. `validator-ORG`; cut where it is too long. */
  readonly subject: string
  /** The action in the words of a line that is printed. */
  readonly words: string
  /** Kept on the ledger. */
  readonly reason: string
  /** Not before this height; null: from the block after the last approval. */
  readonly fromHeight?: number | null
  /** Who asks, where it is not the first institution: a participant for itself. */
  readonly proposer?: string
}

/**
 * Has governance decide an action: whoever asks proposes, and one institution after another approves until enough have.
 * It is for a network whose institutions' keys lie on this machine; elsewhere each signs for itself.
 * @returns who approved
 * @throws CommandFailure when there is no institution, or all have approved that are there and it is not decided
 */
export async function decide(
  { action, subject, words, reason, fromHeight = null, ...asked }: Proposition,
  { institutions, today, perform, say }: Institutions,
): Promise<string[]> {
  const [first] = institutions
  if (first === undefined) throw new CommandFailure('no institution decides on this ledger')
  const { proposer = first } = asked
  const proposal = `${subject.slice(0, MAX_SUBJECT)}-${randomBytes(4).toString('hex')}`
  const content = { proposal, action: action as Action & JsonObject, fromHeight }
  await perform(proposer, 'maker', 'propose', { ...content, expiresOn: addDays(isoDate(today), DAYS_TO_AGREE), reason })
  say(`${proposer} proposes ${proposal}: ${words}`)
  const approved: string[] = []
  for (const institution of institutions) {
    const { events } = await perform(institution, 'checker', 'approve', content)
    approved.push(institution)
    const isDecided = events.some(({ event }) => event === 'Enacted')
    say(`${institution} approves${isDecided ? ': decided' : ''}`)
    if (isDecided) return approved
  }
  throw new CommandFailure(`${approved.join(', ')} approved ${proposal}, which is not enough`)
}
