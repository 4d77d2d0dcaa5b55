import { createHmac } from 'node:crypto'
import { Type, type Static, type TSchema } from 'typebox'
import { Value } from 'typebox/value'
import { FEN_PATTERN, fenString, parseFen, type Fen } from '#domain/money'
import { ISO_DATE_PATTERN, type IsoDate } from '#domain/date'
import { balanceAt, NO_FLOWS, type LoanFlows, type MonthlyTotal } from '#domain/tape/replay'
import { canonicalJson } from '#proof/canonical'
import { HASH_PATTERN, hashJson } from '#proof/hash'
import type { Json } from '#proof/json'

/**
 * The two files a servicer hands to the custodian, as JSON lines: the pool at its cut-off (terms of each asset, its slot,
 * salt and balance), and what happened to its assets in one period. Nothing in them is known only later.
 */
const FenText = Type.String({ pattern: FEN_PATTERN })
const Strict = { additionalProperties: false } as const

const Asset = Type.Object(
  {
    slot: Type.Integer({ minimum: 0 }),
    /** 256 bits; with it deleted the commitment says nothing about the asset. */
    salt: Type.String({ pattern: HASH_PATTERN }),
    id: Type.String({ minLength: 1, maxLength: 100 }),
    originalFen: FenText,
    currentFen: FenText,
    termMonths: Type.Integer({ minimum: 1 }),
    rateAnnual: Type.String(),
    instalmentFen: FenText,
    grade: Type.String(),
    state: Type.String(),
    issueDate: Type.String({ pattern: ISO_DATE_PATTERN }),
  },
  Strict,
)
export type PoolAsset = Static<typeof Asset>

/** [slot, principal, interest, late fee, defaulted, recovered, repurchased] */
const Movement = Type.Tuple([Type.Integer({ minimum: 0 }), FenText, FenText, FenText, FenText, FenText, FenText])
export type AssetMovement = Static<typeof Movement>

const FileHeader = Type.Object(
  {
    file: Type.Union([Type.Literal('sluice/pool/1'), Type.Literal('sluice/pool-period/1')]),
    deal: Type.String(),
    asOf: Type.String({ pattern: ISO_DATE_PATTERN }),
    rows: Type.Integer({ minimum: 0 }),
  },
  Strict,
)
type FileHeader = Static<typeof FileHeader>

export class PoolFileError extends Error {
  override readonly name = 'PoolFileError'
  readonly code = 'BAD_POOL_FILE'
  constructor(
    readonly line: number,
    readonly problem: string,
  ) {
    super(`BAD_POOL_FILE line ${line}: ${problem}`)
  }
}

export const encodePool = (deal: string, asOf: IsoDate, assets: readonly PoolAsset[]): Uint8Array =>
  encode({ file: 'sluice/pool/1', deal, asOf, rows: assets.length }, assets)

export const encodeMovements = (deal: string, asOf: IsoDate, movements: readonly AssetMovement[]): Uint8Array =>
  encode({ file: 'sluice/pool-period/1', deal, asOf, rows: movements.length }, movements)

const encode = (header: FileHeader, rows: readonly Json[]): Uint8Array =>
  Buffer.from([header, ...rows].map((line) => `${canonicalJson(line)}\n`).join(''))

/** @throws PoolFileError naming the line */
export const decodePool = (content: Uint8Array, deal: string) => decode(content, 'sluice/pool/1', deal, Asset)

/** @throws PoolFileError naming the line */
export const decodeMovements = (content: Uint8Array, deal: string) =>
  decode(content, 'sluice/pool-period/1', deal, Movement)

function decode<S extends TSchema>(content: Uint8Array, file: FileHeader['file'], deal: string, row: S) {
  const lines = Buffer.from(content).toString('utf8').split('\n')
  if (lines.pop() !== '') throw new PoolFileError(lines.length + 1, 'the last line is cut off')
  const header = parseLine(lines[0] ?? '', 1, FileHeader)
  if (header.file !== file) throw new PoolFileError(1, `${file} expected, not ${header.file}`)
  if (header.deal !== deal) throw new PoolFileError(1, `a file of ${header.deal}, not of ${deal}`)
  if (header.rows !== lines.length - 1) {
    throw new PoolFileError(1, `${header.rows} rows announced, ${lines.length - 1} found`)
  }
  return { asOf: header.asOf as IsoDate, rows: lines.slice(1).map((line, i) => parseLine(line, i + 2, row)) }
}

function parseLine<S extends TSchema>(text: string, line: number, schema: S): Static<S> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new PoolFileError(line, 'not JSON')
  }
  if (Value.Check(schema, value)) return value
  const [first] = Value.Errors(schema, value)
  throw new PoolFileError(line, `${first?.instancePath ?? ''} ${first?.message ?? 'does not fit'}`.trim())
}

/** The commitment that stands in an asset's slot: its terms with its salt, without what changes. */
export const assetCommitment = ({ currentFen: _changes, ...terms }: PoolAsset): string => hashJson(terms)

/**
 * The pool at its cut-off as the servicer's system knows it: loans in the order given take slots 0, 1, 2 …
 * @param saltSecret salts are its HMAC over the loan's id, so that the same book makes the same file again
 */
export function poolAssets(loans: readonly LoanFlows[], cutOff: IsoDate, saltSecret: Uint8Array): PoolAsset[] {
  return loans.map((flows, slot) => {
    const { loan } = flows
    return {
      slot,
      salt: createHmac('sha256', saltSecret).update(loan.id).digest('hex'),
      id: loan.id,
      originalFen: fenString(loan.fundedFen),
      currentFen: fenString(balanceAt(flows, cutOff)),
      termMonths: loan.termMonths,
      rateAnnual: `${loan.rateAnnual.numerator}/${loan.rateAnnual.denominator}`,
      instalmentFen: fenString(loan.instalmentFen),
      grade: loan.grade,
      state: loan.state,
      issueDate: loan.issueDate,
    }
  })
}

/**
 * What happened to each loan after one date and up to another; loans to which nothing happened are left out.
 * @param cleanUp the originator buys what is still open at the end, at its balance (清仓回购)
 */
export function movementsBetween(
  loans: readonly LoanFlows[],
  after: IsoDate,
  upTo: IsoDate,
  cleanUp: boolean,
): AssetMovement[] {
  const inside = (date: IsoDate): boolean => date > after && date <= upTo
  const movements: AssetMovement[] = []
  loans.forEach((flows, slot) => {
    let [principal, interest, lateFee, defaulted, recovered]: [Fen, Fen, Fen, Fen, Fen] = [0n, 0n, 0n, 0n, 0n]
    for (const payment of flows.payments) {
      if (!inside(payment.date)) continue
      principal += payment.principal
      interest += payment.interest
      lateFee += payment.lateFee
    }
    if (flows.default && inside(flows.default.date)) defaulted = flows.default.balance
    if (flows.recovery && inside(flows.recovery.date)) recovered = flows.recovery.amount
    const repurchased = cleanUp ? balanceAt(flows, upTo) : 0n
    const amounts = [principal, interest, lateFee, defaulted, recovered, repurchased]
    if (amounts.some((amount) => amount > 0n)) {
      movements.push([slot, ...amounts.map(fenString)] as unknown as AssetMovement)
    }
  })
  return movements
}

export interface MovementFen extends MonthlyTotal {
  readonly repurchase: Fen
}

export const movementFen = ([slot, ...texts]: AssetMovement): MovementFen & { slot: number } => {
  const [principal = 0n, interest = 0n, lateFee = 0n, defaulted = 0n, recovery = 0n, repurchase = 0n] =
    texts.map(parseFen)
  return { slot, principal, interest, lateFee, defaulted, recovery, repurchase }
}

export const NOTHING_MOVED: MovementFen = { ...NO_FLOWS, repurchase: 0n }

export const addMovement = (a: MovementFen, b: MovementFen): MovementFen => ({
  principal: a.principal + b.principal,
  interest: a.interest + b.interest,
  lateFee: a.lateFee + b.lateFee,
  defaulted: a.defaulted + b.defaulted,
  recovery: a.recovery + b.recovery,
  repurchase: a.repurchase + b.repurchase,
})

/** Whether any loan still brings something after a date; a pool that is empty may still recover. */
export const bringsMoreAfter = (loans: readonly LoanFlows[], date: IsoDate): boolean =>
  loans.some(
    (flows) =>
      (flows.recovery && flows.recovery.date > date) ||
      (flows.default && flows.default.date > date) ||
      flows.payments.some(
        (payment) => payment.date > date && payment.principal + payment.interest + payment.lateFee > 0n,
      ),
  )
