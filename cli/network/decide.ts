import type { Action } from '#contracts/governance/actions'
import { ApiError, type Committed } from '#client/client'
import { addDays, isoDate } from '#domain/date'
import type { Say } from '#engines/say'
import { canonicalJson } from '#proof/canonical'
import { sha256TextHex } from '#proof/hash'
import type { JsonObject } from '#proof/json'
import { CommandFailure } from '../failure.ts'
import { words } from './words/index.ts'

/** How long the institutions of this machine have to agree: they do so at once. */
const DAYS_TO_AGREE = 7
/** Of a proposal's id, before the digits that are of its content. */
const MAX_SUBJECT = 48
const DIGITS = 8

/** Signs and sends one command of governance for an institution; answers the events. @throws ApiError when refused */
export type Perform = (
  institution: string,
  by: 'maker' | 'checker',
  method: string,
  args: JsonObject,
) => Promise<Pick<Committed, 'events'>>

/** A proposal as the ledger records it. */
export interface KnownProposal {
  readonly id: string
  readonly state: string
  readonly action: Action
  readonly fromHeight: number | null
  readonly expiresOn: string
  readonly approvals: readonly { readonly institution: string }[]
}

/** Who decides, on which day, and how each of them signs. */
export interface Institutions {
  readonly institutions: readonly string[]
  /** The ledger's business date. */
  readonly today: string
  readonly perform: Perform
  /** All that there are, as of the last block. */
  readonly proposals: () => Promise<readonly KnownProposal[]>
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
 * Cut short anywhere and asked again, also before it is known what became of a command, it goes on with the proposal that
 * is open: the ledger knows it by its content, and its id is of its content. Where it is so already, nothing is decided.
 * It is for a network whose institutions' keys lie on this machine; elsewhere each signs for itself.
 * @returns who approved, those before included; none where it is so already
 * @throws CommandFailure when there is no institution, or all have approved that are there and it is not decided
 */
export async function decide(proposition: Proposition, among: Institutions): Promise<string[]> {
  if (among.institutions.length === 0) throw new CommandFailure(words('noInstitution'))
  try {
    return await approvedBy(await opened(proposition, among), proposition, among)
  } catch (error) {
    if (refusalCode(error) !== 'NOTHING_CHANGES') throw error
    among.say(words('soAlready', { what: proposition.words }))
    return []
  }
}

/** The proposal of this content that is open, of a run before or made now. */
async function opened(
  { action, subject, words: what, reason, fromHeight = null, ...asked }: Proposition,
  { institutions, today, perform, proposals, say }: Institutions,
): Promise<{ readonly proposal: string; readonly approved: readonly string[] }> {
  const wanted = contentOf({ action, fromHeight })
  const known = await proposals()
  const open = known.find((one) => one.state === 'open' && one.expiresOn >= today && contentOf(one) === wanted)
  if (open) {
    const approved = open.approvals.map(({ institution }) => institution)
    const { id } = open
    say(approved.length > 0 ? words('goesOnApproved', { id, approved: approved.join(', '), what }) : words('goesOn', { id, what })) // prettier-ignore
    return { proposal: open.id, approved }
  }
  const { proposer = institutions[0]! } = asked
  const proposal = idFor(`${subject.slice(0, MAX_SUBJECT)}-${sha256TextHex(wanted).slice(0, DIGITS)}`, known)
  const content = { proposal, action: action as Action & JsonObject, fromHeight }
  const expiresOn = addDays(isoDate(today), DAYS_TO_AGREE)
  try {
    await perform(proposer, 'maker', 'propose', { ...content, expiresOn, reason })
    say(words('proposes', { proposer, proposal, what }))
  } catch (error) {
    // What a run before had sent has come to be committed since the ledger was asked.
    if (refusalCode(error) !== 'PROPOSAL_EXISTS') throw error
  }
  return { proposal, approved: [] }
}

/** An id that nobody has had: the same for every run that asks for the same, until that is closed. */
function idFor(stem: string, known: readonly KnownProposal[]): string {
  const taken = new Set(known.map(({ id }) => id))
  let id = stem
  for (let n = 2; taken.has(id); n += 1) id = `${stem}-${n}`
  return id
}

const contentOf = ({ action, fromHeight }: Pick<KnownProposal, 'action' | 'fromHeight'>): string =>
  canonicalJson({ action: action as Action & JsonObject, fromHeight })

async function approvedBy(
  { proposal, approved: before }: { proposal: string; approved: readonly string[] },
  { action, fromHeight = null }: Proposition,
  { institutions, perform, proposals, say }: Institutions,
): Promise<string[]> {
  const content = { proposal, action: action as Action & JsonObject, fromHeight }
  const approved: string[] = []
  // Who approved before is asked last: the approval may count no more, and then is given again.
  const last = institutions.filter((one) => before.includes(one))
  for (const institution of [...institutions.filter((one) => !before.includes(one)), ...last]) {
    try {
      const { events } = await perform(institution, 'checker', 'approve', content)
      approved.push(institution)
      const isDecided = events.some(({ event }) => event === 'Enacted')
      say(words(isDecided ? 'approvesDecided' : 'approves', { institution }))
      if (isDecided) return [...before.filter((one) => !approved.includes(one)), ...approved]
    } catch (error) {
      const code = refusalCode(error)
      if (code === 'ALREADY_APPROVED') approved.push(institution)
      else if (code === 'WRONG_STATE' && (await isEnacted(proposal, proposals))) {
        say(words('isDecided', { proposal }))
        return [...new Set([...before, ...approved])]
      } else throw error
    }
  }
  throw new CommandFailure(words('notEnough', { approved: approved.join(', '), proposal }))
}

/** An approval that a run before had sent was the last that was needed. */
const isEnacted = async (proposal: string, proposals: Institutions['proposals']): Promise<boolean> =>
  (await proposals()).some(({ id, state }) => id === proposal && state === 'enacted')

/** Of a refusal, also below the words that say whose it was. */
export function refusalCode(error: unknown): string | undefined {
  const refusal = error instanceof CommandFailure ? error.cause : error
  return refusal instanceof ApiError ? refusal.code : undefined
}
