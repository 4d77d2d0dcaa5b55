/**
 * Pool and assumption files of the analysts' commands. A pool is a list of assets in the words of
 * testdata/vectors/VOCABULARY.md (amounts in yuan), or its flows (amounts in fen as text).
 */
import { Type, type Static } from 'typebox'
import { assetFromJson, assumptionFromJson, curveSetFromJson } from '../conformance/asset-json.ts'
import { AssetSchema, AssumptionSchema } from '../conformance/schema/asset.ts'
import { CurveSetSchema, DateText } from '../conformance/schema/common.ts'
import { inputProblems } from '../conformance/strict.ts'
import type { IsoDate } from '../date.ts'
import { parseFen } from '../money.ts'
import { compare, ONE, parseRate, toDecimals } from '../rate.ts'
import { FenText, RateText, strict, optional } from './schema/primitives.ts'
import type { FlowInput } from '../waterfall/pool-rows.ts'
import type { PoolInput } from '../waterfall/run.ts'
import type { AssetPool, Scenario } from '../waterfall/simulate.ts'

const FlowSchema = strict({
  date: DateText,
  balance: FenText,
  principal: FenText,
  interest: FenText,
  prepayment: optional(FenText),
  default: optional(FenText),
  recovery: optional(FenText),
  loss: optional(FenText),
  lateFee: optional(FenText),
  rate: optional(RateText),
})
type FlowJson = Static<typeof FlowSchema>
const PoolSchema = Type.Union([
  strict({ asOf: DateText, assets: Type.Array(AssetSchema, { minItems: 1 }) }),
  strict({ opening: FenText, flows: Type.Array(FlowSchema, { minItems: 1 }) }),
])
const AssumeSchema = strict({
  assumption: optional(AssumptionSchema),
  indexCurves: optional(CurveSetSchema),
  /** Assets on offer at every purchase of a revolving pool. */
  offered: optional(Type.Array(AssetSchema)),
})

export class FileError extends Error {
  override readonly name = 'FileError'
  readonly code = 'BAD_FILE'
  constructor(
    readonly path: string,
    readonly reason: string,
  ) {
    super(`BAD_FILE at ${path === '' ? '/' : path}: ${reason}`)
  }
}

function checked<S extends Parameters<typeof inputProblems>[0]>(schema: S, json: unknown): Static<S> {
  const [problem] = inputProblems(schema, json)
  if (problem) throw new FileError(problem.pointer, problem.message)
  return json as Static<S>
}

export type PoolFile =
  { readonly kind: 'assets'; readonly pool: AssetPool } | { readonly kind: 'flows'; readonly pool: PoolInput }

/** @throws FileError with the pointer of the first thing that does not fit */
export function parsePool(json: unknown): PoolFile {
  const file = checked(PoolSchema, json)
  if ('assets' in file) file.assets.forEach((asset, index) => checkAsset(asset, `/assets/${index}`))
  else checkFlows(file)
  if ('assets' in file) return { kind: 'assets', pool: { asOf: file.asOf, assets: file.assets.map(assetFromJson) } }
  return { kind: 'flows', pool: { openingBalance: parseFen(file.opening), rows: file.flows.map(flowOf) } }
}

/** Beyond this a double no longer holds every cent. */
const MOST_YUAN = 9e13

/** What the schema of one value cannot see: cents, terms against one another. */
function checkAsset(asset: Readonly<Record<string, unknown>>, path: string): void {
  for (const key of ['originBalance', 'currentBalance', 'faceValue', 'advance', 'residualBalance', 'rentalPerDay']) {
    const yuan = asset[key]
    if (typeof yuan !== 'number') continue
    if (yuan > MOST_YUAN) throw new FileError(`${path}/${key}`, `${yuan}, expected at most ${MOST_YUAN} yuan`)
    if (Math.abs(yuan * 100 - Math.round(yuan * 100)) > 1e-4)
      throw new FileError(`${path}/${key}`, `${yuan}, expected yuan with at most two decimals`)
  }
  const { originTerm, remainingTerm } = asset
  if (typeof originTerm === 'number' && typeof remainingTerm === 'number' && remainingTerm > originTerm)
    throw new FileError(`${path}/remainingTerm`, `${remainingTerm}, expected at most the ${originTerm} of originTerm`)
}

function checkFlows({ opening, flows }: { readonly opening: string; readonly flows: readonly FlowJson[] }): void {
  const amount = (text: string | undefined, path: string): void => {
    if (text?.startsWith('-')) throw new FileError(path, `${text}, expected at least 0`)
  }
  amount(opening, '/opening')
  flows.forEach(({ date, rate, ...amounts }, index) => {
    const previous = flows[index - 1]?.date
    if (previous !== undefined && date <= previous)
      throw new FileError(`/flows/${index}/date`, `${date} does not come after ${previous}`)
    for (const [key, text] of Object.entries(amounts)) amount(text, `/flows/${index}/${key}`)
    if (rate !== undefined && (rate.startsWith('-') || compare(parseRate(rate), ONE) > 0))
      throw new FileError(`/flows/${index}/rate`, `${rate}, expected a fraction from 0 to 1 (0.05 is 5 %)`)
  })
}

function flowOf(flow: FlowJson): FlowInput {
  const fen = (text: string | undefined): bigint => parseFen(text ?? '0')
  const rate = toDecimals(parseRate(flow.rate ?? '0'), 6, 'floor')
  return {
    date: flow.date as IsoDate,
    balance: fen(flow.balance),
    principal: fen(flow.principal),
    interest: fen(flow.interest),
    prepayment: fen(flow.prepayment),
    default: fen(flow.default),
    recovery: fen(flow.recovery),
    loss: fen(flow.loss),
    lateFee: fen(flow.lateFee),
    prepayPenalty: 0n,
    rateMicro: rate.numerator,
  }
}

/** @throws FileError */
export function parseAssumptions(json: unknown): Scenario {
  const file = checked(AssumeSchema, json)
  const { recovery } = file.assumption ?? {}
  const when = Object.keys(recovery ?? {}).filter((name) => name !== 'rate')
  if (recovery && when.length !== 1)
    throw new FileError(
      '/assumption/recovery',
      `has ${when.join(', ') || 'no time'}; exactly one of lag, timing, byDays is expected`,
    )
  for (const [name, points] of Object.entries(file.indexCurves ?? {}))
    points.forEach(([date], index) => {
      const previous = points[index - 1]?.[0]
      if (previous !== undefined && date <= previous)
        throw new FileError(`/indexCurves/${name}/${index}`, `${date} does not come after ${previous}`)
    })
  ;(file.offered ?? []).forEach((asset, index) => checkAsset(asset, `/offered/${index}`))
  return {
    ...(file.assumption && { assumption: assumptionFromJson(file.assumption) }),
    ...(file.indexCurves && { indexCurves: curveSetFromJson(file.indexCurves) }),
    ...(file.offered && { offered: file.offered.map(assetFromJson) }),
  }
}
