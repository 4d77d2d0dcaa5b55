import { isIsoDate, type IsoDate } from '#domain/date'
import { fenString, maxFen, parseFen, sumFen, type Fen } from '#domain/money'
import { businessDate } from '../calendar/business-date.ts'
import { dealTopic, type Stage } from '../kernel/event.ts'
import type { Read } from '../kernel/state.ts'
import { accountOf, availableFen, ownersTopics } from './accounts.ts'
import { refuse } from './errors.ts'
import {
  cashCredited,
  creditLine,
  postingLine,
  transfersInstructed,
  transfersPosted,
  transfersVoided,
  type CreditLine,
} from './events.ts'
import { INSTRUCTION_STATES, instructionKey, referenceKey, type Account, type Instruction, type Leg } from './state.ts'

/** One instruction moves at most so many transfers. */
export const MAX_LEGS = 500

export interface NewTransfer extends Omit<Leg, 'amountFen'> {
  readonly amountFen: Fen
}

export interface NewInstruction {
  readonly id: string
  readonly deal?: string
  /** Pending together, posted together; a leg may spend what an earlier leg of the same instruction brings. */
  readonly linked: readonly NewTransfer[]
  /** Who executes and posts it: by default the bank of the first payer. */
  readonly bank?: string
  /** `deal`: all who follow the deal are told; `parties`: only owners and banks of the accounts (payments to holders). */
  readonly audience?: 'deal' | 'parties'
}

/**
 * Reserves the cash of linked transfers until the bank posts or voids them. Reserved at a payer is what it lacks at the
 * worst moment when the legs run in the order given, so a leg funded by an earlier one needs nothing beforehand.
 * Refuses INSTRUCTION_EXISTS, NO_LEGS, TOO_MANY_LEGS, AMOUNT_NOT_POSITIVE, SAME_ACCOUNT, DUPLICATE_TRANSFER,
 * ACCOUNT_NOT_FOUND, WRONG_DEAL, INSUFFICIENT_FUNDS (account, availableFen, neededFen).
 */
export function instruct(stage: Stage, { id, deal, linked, bank, audience = 'deal' }: NewInstruction): void {
  if (stage.read(instructionKey(id))) refuse('INSTRUCTION_EXISTS', { instruction: id })
  const accounts = checkLegs(stage.read, id, linked, deal)
  const reserved = reservations(linked, accounts)
  const reservedAt = new Map(reserved.map(({ account, fen }) => [account, parseFen(fen)]))
  const topics = [...ownersTopics(accounts.values())]
  if (deal !== undefined && audience === 'deal') topics.push(dealTopic(deal))
  stage.emit(
    transfersInstructed,
    {
      instruction: id,
      deal: deal ?? null,
      bank: bank ?? accounts.get(linked[0]!.from)!.bank,
      date: businessDate(stage.read),
      legs: linked.map((leg) => ({ ...legWords(leg), amountFen: fenString(leg.amountFen) })),
      reserved: [...reserved],
      topics: [...new Set(topics)].sort(),
      balances: [...accounts.values()]
        .filter(({ id: account }) => reservedAt.has(account))
        .map((account) => balanceAfter(account, 0n, reservedAt.get(account.id)!)),
    },
    topics,
  )
}

const legWords = ({ transferId, step, from, to }: NewTransfer) => ({ transferId, step, from, to })

function checkLegs(read: Read, id: string, linked: readonly NewTransfer[], deal?: string): Map<string, Account> {
  if (linked.length === 0) refuse('NO_LEGS', { instruction: id })
  if (linked.length > MAX_LEGS) refuse('TOO_MANY_LEGS', { instruction: id, most: MAX_LEGS, got: linked.length })
  const accounts = new Map<string, Account>()
  const transfers = new Set<string>()
  for (const { transferId, from, to, amountFen } of linked) {
    if (amountFen <= 0n) refuse('AMOUNT_NOT_POSITIVE', { transfer: transferId, amountFen: fenString(amountFen) })
    if (from === to) refuse('SAME_ACCOUNT', { transfer: transferId, account: from })
    if (transfers.has(transferId)) refuse('DUPLICATE_TRANSFER', { transfer: transferId })
    transfers.add(transferId)
    for (const account of [from, to]) if (!accounts.has(account)) accounts.set(account, accountOf(read, account))
    const payer = accounts.get(from)!
    // Whose cash a deal may move: its own accounts, and accounts that belong to no deal. It may pay into any.
    if (payer.deal !== null && payer.deal !== (deal ?? null)) {
      refuse('WRONG_DEAL', { account: from, deal: payer.deal, instruction: id })
    }
  }
  return accounts
}

/** What each payer lacks at the worst moment, in the order of the accounts' first payment. External accounts lack nothing. */
function reservations(linked: readonly NewTransfer[], accounts: ReadonlyMap<string, Account>): Instruction['reserved'] {
  const net = new Map<string, Fen>()
  const lacking = new Map<string, Fen>()
  for (const { step, from, to, amountFen } of linked) {
    const after = (net.get(from) ?? 0n) - amountFen
    net.set(from, after)
    net.set(to, (net.get(to) ?? 0n) + amountFen)
    const payer = accounts.get(from)!
    if (payer.kind === 'external') continue
    const needed = maxFen(lacking.get(from) ?? 0n, -after)
    if (needed > availableFen(payer)) {
      const available = fenString(availableFen(payer))
      refuse('INSUFFICIENT_FUNDS', { account: from, step, availableFen: available, neededFen: fenString(needed) })
    }
    lacking.set(from, needed)
  }
  return [...lacking].filter(([, fen]) => fen > 0n).map(([account, fen]) => ({ account, fen: fenString(fen) }))
}

function balanceAfter(account: Account, posted: Fen, reserved: Fen) {
  const after = { posted: parseFen(account.postedFen) + posted, reserved: parseFen(account.reservedFen) + reserved }
  // The rules above make this impossible; a ledger that would do it stops here instead.
  if (account.kind !== 'external' && (after.reserved < 0n || after.posted < after.reserved)) {
    throw new Error(`account ${account.id} would be overdrawn`)
  }
  return { account: account.id, postedFen: fenString(after.posted), reservedFen: fenString(after.reserved) }
}

/** Refuses INSTRUCTION_NOT_FOUND. */
export const instructionOf = (read: Read, id: string): Instruction =>
  read(instructionKey(id)) ?? refuse('INSTRUCTION_NOT_FOUND', { instruction: id })

/** True once the bank has posted it. Refuses INSTRUCTION_NOT_FOUND. */
export const isPosted = (read: Read, id: string): boolean => instructionOf(read, id).state === 'posted'

export interface Posting {
  readonly instruction: string
  /** Who posts; it must be the instruction's bank. */
  readonly bank: string
  /** The bank's statement line: unique per bank. */
  readonly reference: string
  readonly valueDate: string
}

/**
 * Books all legs of an instruction by the bank's statement line. Refuses ALREADY_POSTED (same reference, same line),
 * REFERENCE_CONFLICT, INSTRUCTION_NOT_FOUND, WRONG_BANK, WRONG_STATE, NOT_A_DATE, VALUE_DATE_AHEAD.
 */
export function post(stage: Stage, { instruction: id, bank, reference, valueDate }: Posting): void {
  unusedReference(stage.read, bank, reference, postingLine({ instruction: id, valueDate }))
  const instruction = instructionOf(stage.read, id)
  if (instruction.bank !== bank) refuse('WRONG_BANK', { instruction: id, participant: bank })
  INSTRUCTION_STATES.next(instruction.state, 'post', `instruction ${id}`)
  checkValueDate(stage.read, valueDate)
  const net = new Map<string, Fen>()
  for (const { from, to, amountFen } of instruction.legs) {
    net.set(from, (net.get(from) ?? 0n) - parseFen(amountFen))
    net.set(to, (net.get(to) ?? 0n) + parseFen(amountFen))
  }
  if (sumFen(net.values()) !== 0n) throw new Error(`instruction ${id} would make or lose money`)
  const released = new Map(instruction.reserved.map(({ account, fen }) => [account, parseFen(fen)]))
  const balances = [...net].map(([account, fen]) =>
    balanceAfter(accountOf(stage.read, account), fen, -(released.get(account) ?? 0n)),
  )
  const { deal, legs, topics } = instruction
  stage.emit(transfersPosted, { instruction: id, deal, bank, reference, valueDate, legs: [...legs], balances }, topics)
}

/**
 * Returns what an instruction reserved; its transfers never happen.
 * Refuses INSTRUCTION_NOT_FOUND, WRONG_STATE (posted or voided already).
 */
export function voidInstruction(
  stage: Stage,
  { instruction: id, reason }: { instruction: string; reason: string },
): void {
  const instruction = instructionOf(stage.read, id)
  INSTRUCTION_STATES.next(instruction.state, 'void', `instruction ${id}`)
  const balances = instruction.reserved.map(({ account, fen }) =>
    balanceAfter(accountOf(stage.read, account), 0n, -parseFen(fen)),
  )
  const { deal, bank, topics } = instruction
  stage.emit(transfersVoided, { instruction: id, deal, bank, reason, balances }, topics)
}

export interface Credit extends Omit<CreditLine, 'amountFen'> {
  readonly amountFen: Fen
  readonly bank: string
  readonly reference: string
}

/**
 * Books money that came in from outside, by the bank's statement line. Refuses ALREADY_POSTED, REFERENCE_CONFLICT,
 * ACCOUNT_NOT_FOUND, WRONG_BANK, NOT_EXTERNAL (the source), NOT_INTERNAL (the target), WRONG_DEAL, AMOUNT_NOT_POSITIVE,
 * NOT_A_DATE, VALUE_DATE_AHEAD.
 */
export function credit(stage: Stage, { bank, reference, ...given }: Credit): void {
  const line = { ...given, amountFen: fenString(given.amountFen) }
  unusedReference(stage.read, bank, reference, creditLine(line))
  const [account, from] = [accountOf(stage.read, line.account), accountOf(stage.read, line.from)]
  for (const { id, bank: keeper } of [account, from]) {
    if (keeper !== bank) refuse('WRONG_BANK', { account: id, participant: bank })
  }
  if (from.kind !== 'external') refuse('NOT_EXTERNAL', { account: from.id, kind: from.kind })
  if (account.kind === 'external') refuse('NOT_INTERNAL', { account: account.id })
  if (account.deal !== line.deal) refuse('WRONG_DEAL', { account: account.id, deal: account.deal, given: line.deal })
  if (given.amountFen <= 0n) refuse('AMOUNT_NOT_POSITIVE', { account: account.id, amountFen: line.amountFen })
  checkValueDate(stage.read, line.valueDate)
  const balances = [balanceAfter(account, given.amountFen, 0n), balanceAfter(from, -given.amountFen, 0n)]
  const topics = ownersTopics([account, from])
  if (line.deal !== null) topics.push(dealTopic(line.deal))
  stage.emit(cashCredited, { ...line, bank, reference, balances }, topics)
}

function unusedReference(read: Read, bank: string, reference: string, line: string): void {
  const before = read(referenceKey(bank, reference))
  if (before === undefined) return
  refuse(before.line === line ? 'ALREADY_POSTED' : 'REFERENCE_CONFLICT', { reference })
}

function checkValueDate(read: Read, valueDate: string): asserts valueDate is IsoDate {
  if (!isIsoDate(valueDate)) refuse('NOT_A_DATE', { field: '/valueDate', date: valueDate })
  const today = businessDate(read)
  if (valueDate > today) refuse('VALUE_DATE_AHEAD', { valueDate, businessDate: today })
}
