/**
 * A whole life: the dated events of the terms, the collections of the pools and the waterfalls, in the order of the
 * conventions (C14), through the same functions as one step. Ends by C13, at stated maturity, on a stop date or with a
 * call.
 */
import type { IsoDate } from '../date.ts'
import type { DealTerms } from '../deal/terms.ts'
import type { Value } from '../deal/formula/compile.ts'
import type { Fen } from '../money.ts'
import { ratio, type Rate } from '../rate.ts'
import { shownRate } from './accrual.ts'
import { applyDated, collect, endDeal, payDate, runList, type PoolRow } from './events.ts'
import { Live, type Program } from './live.ts'
import { WaterfallError, type Environment, type Movement, type TrancheRecord } from './live-types.ts'
import { openingState } from './opening.ts'
import type { DealEvent, StepResult } from './period.ts'
import { Uncollected, type CollectedRow, type CombineRows, type FlowInput } from './pool-rows.ts'
import { programOf } from './program.ts'
import { openingOf, takeResult } from './result.ts'
import { schedule, type Scheduled } from './schedule.ts'
import type { DealState } from './state.ts'

export interface PoolInput {
  readonly openingBalance: Fen
  readonly rows: readonly FlowInput[]
  /** Rate and balance in default at the start. */
  readonly weightedRate?: Rate
  readonly defaulted?: Fen
}

export interface RunOptions {
  /** Index fixings by name: [date, rate], ascending. */
  readonly indexCurves?: Readonly<Record<string, readonly (readonly [IsoDate, Rate])[]>>
  /** Rows that assets bought on a date for a balance will bring. Absent: a purchase step only spends the cash. */
  readonly buy?: (date: IsoDate, balance: Fen) => readonly FlowInput[]
  /** Rate of the assets on offer, for the yield that purchases must keep. */
  readonly offeredRate?: (date: IsoDate) => Rate
  /** Sums the rows of bought assets into the pool's. */
  readonly combine?: CombineRows
  readonly stop?: IsoDate
  /** Keep statements of accounts, ledgers, hedges (the conformance runs ask for them). */
  readonly statements?: boolean
  /** Called after the events of each report date. */
  readonly reportDates?: readonly IsoDate[]
  readonly onReport?: (live: Live) => void
  readonly keepStates?: boolean
}

export interface TrancheRow {
  readonly date: IsoDate
  readonly balance: Fen
  readonly interest: Fen
  readonly principal: Fen
  readonly rate: Rate
  readonly cash: Fen
  readonly dueInterest: Fen
  readonly dueOnDue: Fen
}

export type EndReason = 'exhausted' | 'stated-maturity' | 'stop-date' | 'called' | 'paid'
export interface RunResult {
  readonly periods: readonly StepResult[]
  readonly pools: readonly (readonly CollectedRow[])[]
  readonly tranches: readonly (readonly TrancheRow[])[]
  readonly movements: readonly Movement[]
  readonly inspections: readonly { readonly id: string; readonly date: IsoDate; readonly value: Value }[]
  readonly events: readonly DealEvent[]
  readonly end: { readonly date: IsoDate; readonly why: EndReason }
  readonly state: DealState
}

/**
 * Runs a deal to its end.
 * @param pools one per pool of the terms, rows in date order
 * @throws WaterfallError, TermsError as `step`
 */
export function run(terms: DealTerms, pools: readonly PoolInput[], options: RunOptions = {}): RunResult {
  return new Run(terms, pools, options).play()
}

class Run {
  private readonly program: Program
  private readonly live: Live
  private readonly left: Uncollected[]
  private readonly rows: CollectedRow[][]
  private readonly trancheRows: TrancheRow[][]
  private readonly inspections: { id: string; date: IsoDate; value: Value }[] = []
  private readonly periods: StepResult[] = []
  private readonly events: DealEvent[] = []
  private opening
  private seen: { principal: Fen; interest: Fen; drawn: Fen }[]
  private accruedTo: IsoDate
  private ended: { date: IsoDate; why: EndReason } | null = null

  constructor(
    terms: DealTerms,
    pools: readonly PoolInput[],
    private readonly options: RunOptions,
  ) {
    this.program = programOf(terms)
    if (pools.length !== this.program.pools.length)
      throw new WaterfallError('UNKNOWN_ACCOUNT', { pools: `${pools.length}`, terms: `${this.program.pools.length}` })
    const state = openingState(
      terms,
      pools.map(({ weightedRate, defaulted, openingBalance }) => ({
        balance: openingBalance,
        ...(weightedRate ? { weightedRate } : {}),
        ...(defaulted === undefined ? {} : { defaulted }),
      })),
    )
    this.live = new Live(this.program, state, this.environment())
    this.live.recordMovements = options.statements === true
    this.left = pools.map(({ rows }) => {
      const uncollected = new Uncollected(rows)
      uncollected.take(this.program.start)
      return uncollected
    })
    this.rows = pools.map(() => [])
    this.trancheRows = this.program.tranches.map(() => [])
    this.opening = openingOf(this.live)
    this.seen = this.program.tranches.map(() => ({ principal: 0n, interest: 0n, drawn: 0n }))
    this.accruedTo = (terms.dates.lastPay ?? this.program.closing) as IsoDate
  }

  private environment(): Environment {
    const { indexCurves = {}, buy, combine, offeredRate } = this.options
    return {
      indexAt: (name, date, lookup) => {
        const curve = Object.hasOwn(indexCurves, name) ? indexCurves[name]! : undefined
        if (!curve) throw new WaterfallError('UNKNOWN_INDEX', { index: name })
        let value = ratio(0n)
        for (const [at, rate] of curve) if (at < date || (lookup === 'inclusive' && at === date)) value = rate
        return value
      },
      ...(offeredRate && { offeredRate }),
      sold: () => this.left.forEach((rows) => rows.clear()),
      ...(buy && combine
        ? {
            buy: (date, cash, price) => {
              const balance = (cash * price.performing.denominator) / (price.performing.numerator || 1n)
              this.left[0]!.add(buy(date, balance), combine)
              return { spent: cash, balance }
            },
          }
        : {}),
    }
  }

  play(): RunResult {
    const { stop } = this.options
    const events = schedule(this.program, this.options.reportDates ?? [])
    this.live.state.facilities.forEach((_, index) => this.live.facilityRow(index, 'open', 0n))
    for (let i = 0; i < events.length && !this.ended; i += 1) {
      const event = events[i]!
      if (stop !== undefined && event.date >= stop) this.ended = { date: stop, why: 'stop-date' }
      else if (this.exhausted()) this.ended = { date: event.date, why: 'exhausted' }
      else {
        this.apply(event)
        if (events[i + 1]?.date !== event.date || this.ended) this.closeDay()
      }
    }
    // A stop that no event reaches is still the end, where it lies before stated maturity.
    if (!this.ended && stop !== undefined && stop < this.program.statedMaturity)
      this.ended = { date: stop, why: 'stop-date' }
    const end = this.ended ?? { date: this.program.statedMaturity, why: 'stated-maturity' as const }
    this.events.push(...this.live.events)
    return {
      periods: this.periods,
      pools: this.rows,
      tranches: this.trancheRows,
      movements: this.live.movements,
      inspections: this.inspections,
      events: this.events,
      end,
      state: this.live.state,
    }
  }

  /** C13. */
  private exhausted(): boolean {
    return (
      this.program.behaviour.endOfRun === 'when-empty' &&
      this.live.state.status !== 'revolving' &&
      !this.left.some(({ any }) => any) &&
      this.live.state.accounts.every(({ balance }) => balance === 0n)
    )
  }

  private apply(event: Scheduled): void {
    const { live } = this
    if ('dated' in event) return applyDated(live, event.dated)
    switch (event.kind) {
      case 'collect':
        return this.collect(event.date)
      case 'closing': {
        live.at(event.date)
        const from = live.state.status
        live.state.status = this.program.terms.afterClosing ?? 'amortising'
        runList(live, 'on-closing')
        return live.raise('closing', '', from, live.state.status)
      }
      case 'pay':
        return this.pay(event.date, event.accrualTo, event.last)
      case 'inspect': {
        live.at(event.date)
        const { id, formula } = this.program.inspections[event.index]!
        this.inspections.push({ id, date: event.date, value: formula.read(live) })
        return
      }
      case 'report':
        live.at(event.date)
        return this.options.onReport?.(live)
    }
  }

  private collect(date: IsoDate): void {
    const rows = this.left.map((left, index): PoolRow | null => {
      if (!left.any) return null
      const taken = left.take(date)
      const row = this.sum(date, taken, index)
      this.rows[index]!.push(row.collected)
      return row.input
    })
    collect(this.live, date, rows)
  }

  /** The rows of (previous, date] in one: flows added, balance and rate of the last (C8). */
  private sum(date: IsoDate, taken: readonly FlowInput[], index: number): { collected: CollectedRow; input: PoolRow } {
    const add = (get: (row: FlowInput) => Fen): Fen => taken.reduce((total, row) => total + get(row), 0n)
    const last = taken.at(-1)
    const state = this.live.state.pools[index]!
    const balance = last?.balance ?? state.balance
    const rateMicro = last?.rateMicro ?? this.rows[index]!.at(-1)?.rateMicro ?? microOf(state.weightedRate)
    const collected: CollectedRow = {
      date,
      balance,
      principal: add((row) => row.principal),
      interest: add((row) => row.interest),
      prepayment: add((row) => row.prepayment),
      default: add((row) => row.default),
      recovery: add((row) => row.recovery),
      loss: add((row) => row.loss),
      rateMicro,
    }
    const { principal, interest, prepayment, recovery } = collected
    const cash = {
      principal,
      interest,
      prepayment,
      recovery,
      penalty: add((row) => row.prepayPenalty),
      lateFee: add((row) => row.lateFee ?? 0n),
    }
    return {
      collected,
      input: {
        cash,
        closing: balance,
        defaulted: collected.default,
        loss: collected.loss,
        // Once nothing is outstanding the last rate stays.
        ...(balance > 0n ? { weightedRate: exactRate(last, balance, rateMicro) } : {}),
      },
    }
  }

  private pay(date: IsoDate, accrualTo: IsoDate, last: boolean): void {
    const { live, program } = this
    const byCalendar = program.behaviour.endOfRun === 'stated-or-paid'
    const final = byCalendar && (last || (live.state.status !== 'revolving' && !this.left.some(({ any }) => any)))
    const waterfall = payDate(live, date, final, { from: this.accruedTo, to: accrualTo })
    this.accruedTo = accrualTo
    if (live.called) this.ended = { date, why: 'called' }
    if (final) this.ended = { date, why: last ? 'stated-maturity' : 'paid' }
    if ((final || live.called) && byCalendar) endDeal(live)
    this.closeDay()
    this.events.push(...live.events)
    this.periods.push(takeResult(live, this.opening, { id: date, waterfall }, this.options.keepStates ?? false))
    this.opening = openingOf(live)
    this.seen = this.seen.map(() => ({ principal: 0n, interest: 0n, drawn: 0n }))
  }

  /** Statement rows of the tranches that something happened to on the day. */
  private closeDay(): void {
    this.live.tranches.forEach((record, index) => {
      if (!record.touched) return
      record.touched = false
      this.trancheRows[index]!.push(this.trancheRow(record, index))
    })
  }

  private trancheRow(record: TrancheRecord, index: number): TrancheRow {
    const state = this.live.state.tranches[index]!
    const seen = this.seen[index]!
    const interest = record.interest + record.residual - seen.interest
    const principal = record.principal - seen.principal
    const drawn = record.drawn - seen.drawn
    this.seen[index] = { interest: seen.interest + interest, principal: record.principal, drawn: record.drawn }
    return {
      date: this.live.date,
      balance: state.balance,
      interest,
      principal: principal - drawn,
      rate: shownRate(state),
      cash: interest + principal,
      dueInterest: state.coupons.reduce((sum, { due }) => sum + due, 0n),
      dueOnDue: state.coupons.reduce((sum, { dueOnDue }) => sum + dueOnDue, 0n),
    }
  }
}

/** Of several assets the exact quotient; a row without payment keeps the rate in force. */
const exactRate = (row: FlowInput | undefined, balance: Fen, rateMicro: bigint): Rate =>
  row?.rateWeights ? ratio(row.rateWeights.end, balance * 1_000_000n) : ratio(rateMicro, 1_000_000n)

const microOf = ({ numerator, denominator }: Rate): bigint => (numerator * 1_000_000n) / denominator
