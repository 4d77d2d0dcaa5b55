import { fenString, parseFen, yuanFromFen, type Fen } from '#domain/money'
import { NO_FLOWS, sumTotals, type MonthlyTotal } from '#domain/tape/replay'
import type { CommittedEvent, EventCursor, Ledger } from '#ledger-adapter/port'
import { PlanCash } from './plan-cash.ts'

/** What the events of one plan say of one period. */
interface PeriodFigures {
  payDate: string
  collected: MonthlyTotal
  repurchase: Fen
  feesFen: Fen
  tranches: readonly Tranche[]
}

interface Tranche {
  readonly tranche: string
  readonly openingFen: string
  readonly interestFen: string
  readonly principalFen: string
  readonly residualFen: string
  readonly closingFen: string
}

/** The figures of the demonstration, read from committed events alone. */
export class Figures {
  readonly cash: PlanCash
  private readonly periods = new Map<string, PeriodFigures>()
  private readonly originals = new Map<string, Fen>()
  private after: EventCursor | undefined

  constructor(
    private readonly ledger: Ledger,
    private readonly deal: string,
  ) {
    this.cash = new PlanCash(deal)
  }

  /** Reads on to the ledger's end. */
  async readOn(): Promise<void> {
    const limit = 1000
    for (;;) {
      const events = await this.ledger.events(this.after, { limit })
      for (const event of events) this.take(event)
      this.after = events.at(-1)?.cursor ?? this.after
      if (events.length < limit) return
    }
  }

  months(): Record<string, Record<keyof MonthlyTotal, string>> {
    return Object.fromEntries([...this.periods].map(([period, { collected }]) => [period, texts(collected)]))
  }

  totals(): Record<keyof MonthlyTotal, string> {
    return texts(sumTotals([...this.periods.values()].map(({ collected }) => collected)))
  }

  get cleanUp(): Fen {
    return [...this.periods.values()].reduce((sum, { repurchase }) => sum + repurchase, 0n)
  }

  /** A line of the table; amounts in yuan. */
  row(period: string): string {
    const figures = this.periods.get(period)
    if (!figures) throw new Error(`nothing was reported for ${period}`)
    const of = (id: string) => figures.tranches.find(({ tranche }) => tranche === id)
    const [A, B, sub] = [of('A'), of('B'), of('sub')]
    const yuan = (fen: string | Fen | undefined): string =>
      yuanFromFen(typeof fen === 'bigint' ? fen : parseFen(fen ?? '0'))
    const { principal, interest, lateFee, recovery } = figures.collected
    const subFen = sub ? parseFen(sub.interestFen) + parseFen(sub.principalFen) + parseFen(sub.residualFen) : 0n
    const cells = [
      figures.payDate,
      yuan(principal + figures.repurchase),
      yuan(interest + lateFee),
      yuan(recovery),
      yuan(figures.feesFen),
      yuan(A?.interestFen),
      yuan(A?.principalFen),
      yuan(B?.interestFen),
      yuan(B?.principalFen),
      yuan(subFen),
      [A, B, sub].map((tranche) => this.factor(tranche)).join(' '),
    ]
    return cells.map((cell, i) => cell.padStart(WIDTHS[i]!)).join(' ')
  }

  private factor(tranche: Tranche | undefined): string {
    if (!tranche) return '-'
    const original = this.originals.get(tranche.tranche) ?? 0n
    if (original === 0n) return '-'
    return (Number((parseFen(tranche.closingFen) * 10_000n) / original) / 10_000).toFixed(4)
  }

  private take(event: CommittedEvent): void {
    this.cash.take(event)
    if (event.contract !== 'servicing' || event.data.deal !== this.deal) return
    const data = event.data as unknown as {
      period: string
      payDate: string
      collections: Partial<Record<string, string>>
      defaultedFen: string
      fees: readonly { paidFen: string }[]
      tranches: readonly Tranche[]
    }
    if (event.event === 'CollectionsReported') {
      const fen = (source: string): Fen => parseFen(data.collections[source] ?? '0')
      this.periods.set(data.period, {
        payDate: data.payDate,
        collected: {
          principal: fen('principal'),
          interest: fen('interest'),
          lateFee: fen('lateFee'),
          defaulted: parseFen(data.defaultedFen),
          recovery: fen('recovery'),
        },
        repurchase: fen('repurchase'),
        feesFen: 0n,
        tranches: [],
      })
    }
    const figures = this.periods.get(data.period)
    if (event.event === 'DistributionCalculated' && figures) {
      figures.feesFen = data.fees.reduce((sum, { paidFen }) => sum + parseFen(paidFen), 0n)
    }
    if (event.event === 'PeriodSettled' && figures) {
      figures.tranches = data.tranches
      for (const { tranche, openingFen } of data.tranches) {
        if (!this.originals.has(tranche)) this.originals.set(tranche, parseFen(openingFen))
      }
    }
  }
}

const WIDTHS = [10, 13, 13, 11, 11, 11, 13, 11, 13, 13, 20]
const TITLES = [
  'paid', 'principal', 'interest+late', 'recoveries', 'fees', 'A interest', 'A principal', 'B interest', 'B principal',
  'sub', 'factors A B sub',
] // prettier-ignore

export const tableHead = (): string => TITLES.map((title, i) => title.padStart(WIDTHS[i]!)).join(' ')

const texts = (total: MonthlyTotal): Record<keyof MonthlyTotal, string> => {
  const { principal, interest, lateFee, defaulted, recovery } = { ...NO_FLOWS, ...total }
  return {
    principal: fenString(principal),
    interest: fenString(interest),
    lateFee: fenString(lateFee),
    defaulted: fenString(defaulted),
    recovery: fenString(recovery),
  }
}
