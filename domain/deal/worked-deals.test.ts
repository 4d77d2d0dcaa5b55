// The worked deals of testdata/deals: the documents are what the makers say, they are accepted, and their lives are those
// of the goldens. UPDATE_GOLDEN="the reason" rewrites documents and goldens.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { isoDate } from '../date.ts'
import { toJson } from '../waterfall/codec.ts'
import { run, type RunResult } from '../waterfall/run.ts'
import { simulate } from '../waterfall/simulate.ts'
import { openingState, step } from '../waterfall/step.ts'
import { dealA, dealB } from './example-deals.ts'
import { parseAssumptions, parsePool } from './pool-file.ts'
import { tapePlanTerms } from './tape-plan.ts'
import type { DealTerms } from './terms.ts'
import { parseTerms } from './validate.ts'

const folder = join(import.meta.dirname, '../../testdata/deals')
const reason = process.env['UPDATE_GOLDEN']
const read = (name: string): unknown => JSON.parse(readFileSync(join(folder, name), 'utf8'))
const write = (name: string, value: unknown): void =>
  writeFileSync(join(folder, name), `${JSON.stringify(value, null, 2)}\n`)

const tape = (): DealTerms =>
  tapePlanTerms({
    poolFen: 6_912_035_362n,
    cutOff: isoDate('2010-12-31'),
    firstPayDate: isoDate('2011-02-10'),
    statedMaturity: isoDate('2017-12-31'),
    names: { dealId: 'tape', zh: '真实资产包', en: 'The plan on the real tape' },
  })

const summary = (result: RunResult) =>
  toJson({
    end: result.end,
    events: result.events.map(({ date, event, from, to }) => `${date} ${event} ${from} ${to}`),
    periods: result.periods.map(({ payDate, cash, fees, tranches }) => ({
      payDate,
      in: cash.in,
      fees: fees.reduce((sum, { paid }) => sum + paid, 0n),
      tranches: tranches.map(({ id, interestPaid, principalPaid, residualPaid, closing }) => ({
        id,
        interest: interestPaid,
        principal: principalPaid,
        residual: residualPaid,
        closing,
      })),
    })),
  })

const play = (name: string, terms: DealTerms): RunResult => {
  const pool = parsePool(read(`${name}.pool.json`))
  if (pool.kind === 'flows') return run(terms, [pool.pool])
  const assume = existsSync(join(folder, `${name}.assume.json`)) ? parseAssumptions(read(`${name}.assume.json`)) : {}
  return simulate(terms, [pool.pool], assume)
}

describe.each([
  ['deal-a', dealA],
  ['deal-b', dealB],
  ['tape', tape],
] as const)('worked deal %s', (name, make) => {
  if (reason) write(`${name}.json`, make())
  const terms = parseTerms(read(`${name}.json`))
  const result = play(name, terms)
  if (reason) write(`${name}.golden.json`, { reason, result: summary(result) })

  it('is the document that its maker writes', () => {
    expect(terms).toEqual(JSON.parse(JSON.stringify(make())))
  })
  it('lives as its golden', () => {
    expect(summary(result)).toEqual((read(`${name}.golden.json`) as { result: unknown }).result)
  })
  it('pays out what came in, to the fen', () => {
    const total = (get: (period: RunResult['periods'][number]) => bigint): bigint =>
      result.periods.reduce((sum, period) => sum + get(period), 0n)
    const stays = result.state.accounts.reduce((sum, { balance }) => sum + balance, 0n)
    expect(total(({ cash }) => cash.in)).toBe(total(({ cash }) => cash.out) + stays)
    expect(stays).toBe(0n)
  })
})

describe('figures of DOMAIN.md', () => {
  const first = (terms: DealTerms) => {
    const pool = BigInt(terms.pool.initial)
    return step(terms, openingState(terms), {
      periodId: '2026-10',
      accrualFrom: isoDate('2026-07-01'),
      accrualTo: isoDate('2026-10-01'),
      payDate: isoDate('2026-10-01'),
      collections: { principal: pool / 5n, interest: pool / 40n },
      pool: { opening: pool, closing: pool - pool / 5n, defaulted: 0n },
    }).tranches.map(({ interestPaid }) => interestPaid)
  }
  it('deal A: 92 days are 14,461,643.84 on A and 3,588,000.00 on B', () => {
    expect(first(dealA())).toEqual([1_446_164_384n, 358_800_000n, 0n])
  })
  it('deal B: 92 days are 12,522,082.19 on A and 5,812,068.49 on B', () => {
    expect(first(dealB())).toEqual([1_252_208_219n, 581_206_849n, 0n])
  })
  it('the tape’s flows are those of its README', () => {
    const pool = parsePool(read('tape.pool.json'))
    if (pool.kind !== 'flows') throw new Error('flows expected')
    const sum = (key: 'principal' | 'interest' | 'lateFee' | 'default' | 'recovery'): bigint =>
      pool.pool.rows.reduce((total, row) => total + (row[key] ?? 0n), 0n)
    expect(['principal', 'interest', 'lateFee', 'default', 'recovery'].map((key) => sum(key as 'principal'))).toEqual([
      6_213_443_048n,
      1_350_857_068n,
      964_818n,
      698_592_171n,
      59_478_855n,
    ])
  })
})
