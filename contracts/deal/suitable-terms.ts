import type { DealTerms, Step } from '#domain/deal/terms'
import { add, compare, ONE, ZERO, parseRate } from '#domain/rate'
import { SOURCES } from '#domain/deal/words'
import { parseTerms, TermsError } from '#domain/deal/validate'
import { parseFen, sumFen } from '#domain/money'
import { rolesAt } from '../membership/roles.ts'
import { participantKey } from '../membership/state.ts'
import type { Role } from '../kernel/method.ts'
import type { Read } from '../kernel/state.ts'
import { feePayeeOf } from './accounts.ts'
import { refuseDeal } from './errors.ts'
import { MAX_ACCOUNTS, MAX_FEES, MAX_TRANCHES } from './fields.ts'
import { REQUIRED_PARTIES, type Parties } from './state.ts'

const SHORT_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,23}$/
const DEAL_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/
/** Participants stand in account ids behind the plan's id; together they must stay below 100 characters. */
const PARTICIPANT_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$/

const invalid = (path: string, problem: string): never => refuseDeal('TERMS_INVALID', { path, problem })

/**
 * Refuses TERMS_INVALID (path into the document, problem) when the terms cannot run at all, or ask for something that
 * this version of the contracts does not settle in cash.
 */
export function requireRunnable(deal: string, terms: DealTerms): void {
  if (!DEAL_ID.test(deal)) invalid('/dealId', 'a plan id has at most 32 letters, digits, dots, dashes or underscores')
  if (terms.dealId !== deal) invalid('/dealId', `the document is of ${terms.dealId}, the command of ${deal}`)
  try {
    parseTerms(terms)
  } catch (error) {
    if (error instanceof TermsError) invalid(error.path || '/', error.reason)
    throw error
  }
  requireShortIds('accounts', terms.accounts, MAX_ACCOUNTS)
  requireShortIds('tranches', terms.tranches, MAX_TRANCHES)
  requireShortIds('fees', terms.fees, MAX_FEES)
  requireSettled(terms)
  requireRoutes(terms)
  requireTranches(terms)
}

/** Every fen collected is routed by exactly one rule, whole. */
function requireRoutes({ collection }: DealTerms): void {
  for (const source of SOURCES) {
    const rules = collection.filter(({ sources }) => sources.includes(source)).length
    if (rules !== 1) invalid('/collection', `${source} is routed by ${rules} rules, not by one`)
  }
  collection.forEach(({ to }, index) => {
    const whole = to.reduce((sum, { share }) => add(sum, parseRate(share)), ZERO)
    if (compare(whole, ONE) !== 0) invalid(`/collection/${index}/to`, 'shares add up to one')
  })
}

function requireShortIds(name: string, list: readonly { readonly id: string }[], most: number): void {
  if (list.length > most) invalid(`/${name}`, `at most ${most}`)
  list.forEach(({ id }, index) => {
    if (!SHORT_ID.test(id)) invalid(`/${name}/${index}/id`, 'at most 24 letters, digits, dots, dashes or underscores')
  })
}

/** What these contracts do not move cash for is refused when the plan is proposed, never when holders wait to be paid. */
function requireSettled(terms: DealTerms): void {
  for (const name of ['facilities', 'swaps', 'caps'] as const) {
    if (terms[name]?.length)
      invalid(`/${name}`, 'payments to and from outside providers are not settled by this version')
  }
  if (terms.dates.lastCollection ?? terms.dates.lastPay) invalid('/dates', 'a plan on the ledger starts at its closing')
  if (terms.dates.businessDays) invalid('/dates/businessDays', 'dates are given as they are: state adjusted dates')
  if (terms.pool.pools) invalid('/pool/pools', 'one pool, one asset tree')
  requireHolders(terms)
  requireActions(terms)
  for (const name of ['purchase', 'eligibility', 'concentration'] as const) {
    if (terms[name]) invalid(`/${name}`, 'revolving purchases are not settled by this version')
  }
  if (terms.waterfalls['on-closing']?.length)
    invalid('/waterfalls/on-closing', 'the plan is closed by its establishment')
  const collecting = new Set(terms.accounts.filter(({ kind }) => kind === 'collection').map(({ id }) => id))
  if (collecting.size > 1) invalid('/accounts', 'one collection account')
  if (collecting.size === terms.accounts.length) invalid('/accounts', 'a plan account is needed')
  terms.accounts.forEach(({ opening, interest }, index) => {
    if (opening !== undefined && opening !== '0') invalid(`/accounts/${index}/opening`, 'accounts open with nothing')
    if (interest) invalid(`/accounts/${index}/interest`, 'interest on accounts is not settled by this version')
  })
  terms.collection.forEach(({ to }, index) => {
    if (to.some(({ account }) => collecting.has(account))) {
      invalid(
        `/collection/${index}/to`,
        'the collection account is emptied on the transfer day: name where cash goes then',
      )
    }
  })
}

/**
 * Amounts per unit: an amount of whole fen a unit is shared exactly among holders of whole units. What is cut off stays in
 * the residue account, so the last waterfall must take it from there: a plan with cash cannot be closed.
 */
function requireHolders({ conventions: { holders }, waterfalls }: DealTerms): void {
  if (holders?.method !== 'per-unit') return
  const { decimals, residueAccount } = holders
  if (decimals > 2)
    invalid('/conventions/holders/decimals', `${decimals}: a holder is paid whole fen, at most 2 decimals`)
  const emptied = (waterfalls['clean-up'] ?? []).some(
    (step) =>
      (step.action === 'transfer' || step.action === 'pay-residual') &&
      step.from === residueAccount &&
      step.limit === undefined &&
      step.when === undefined,
  )
  if (!emptied)
    invalid('/waterfalls/clean-up', `nothing empties the residue account ${residueAccount} when the plan ends`)
}

/** Steps that bring or take cash which these contracts have no account for. */
const UNSETTLED: ReadonlySet<Step['action']> = new Set([
  'purchase',
  'sell-pool',
  'fund',
  'facility-accrue',
  'facility-draw',
  'facility-repay',
  'facility-pay-interest',
  'swap-settle',
  'cap-collect',
] as const)

function requireActions({ waterfalls }: DealTerms): void {
  const visit = (steps: readonly Step[], path: string): void =>
    steps.forEach((step, index) => {
      if (UNSETTLED.has(step.action))
        invalid(`${path}/${index}/action`, `${step.action} is not settled by this version`)
      if (step.action !== 'if') return
      visit(step.then, `${path}/${index}/then`)
      visit(step.else, `${path}/${index}/else`)
    })
  for (const [name, steps] of Object.entries(waterfalls)) visit(steps ?? [], `/waterfalls/${name}`)
}

function requireTranches({ tranches, pool }: DealTerms): void {
  if (!tranches.some(({ unitFen }) => unitFen !== undefined))
    invalid('/tranches', 'at least one tranche is sold in units')
  tranches.forEach(({ original, balance }, index) => {
    if (balance !== undefined && balance !== original)
      invalid(`/tranches/${index}/balance`, 'a new tranche stands at its original')
  })
  const total = sumFen(tranches.map(({ original }) => parseFen(original)))
  if (total <= 0n || parseFen(pool.initial) <= 0n) invalid('/pool/initial', 'a positive amount')
}

/**
 * The parties of the terms, all of them members with the role the plan gives them; investors too.
 * Refuses PARTY_MISSING, NOT_A_MEMBER, INVESTOR_TWICE, TERMS_INVALID (a fee paid to nobody known).
 */
export function requireMembers(
  read: Read,
  { terms, investors, height }: { terms: DealTerms; investors: readonly string[]; height: number },
): Parties {
  const parties: Record<string, readonly string[]> = {}
  for (const [role, ids] of Object.entries(terms.parties)) if (ids) parties[role] = ids as readonly string[]
  for (const role of REQUIRED_PARTIES) {
    if (!parties[role]?.length) refuseDeal('PARTY_MISSING', { role })
  }
  for (const [role, ids] of Object.entries(parties)) for (const id of ids) requireMember(read, id, role as Role, height)
  const seen = new Set<string>()
  for (const investor of investors) {
    if (seen.has(investor)) refuseDeal('INVESTOR_TWICE', { investor })
    seen.add(investor)
    requireMember(read, investor, 'investor', height)
  }
  terms.fees.forEach(({ payee }, index) => {
    if (!read(participantKey(feePayeeOf(parties, payee)))) {
      invalid(`/fees/${index}/payee`, `neither a role of the parties nor a member: ${payee}`)
    }
  })
  return parties
}

function requireMember(read: Read, participant: string, role: Role, height: number): void {
  if (!PARTICIPANT_ID.test(participant)) refuseDeal('NOT_A_MEMBER', { participant, role })
  const member = read(participantKey(participant))
  if (!member || !rolesAt(member, height).includes(role)) refuseDeal('NOT_A_MEMBER', { participant, role })
}
