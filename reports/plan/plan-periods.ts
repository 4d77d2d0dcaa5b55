import { parseFen, sumFen, type Fen } from '#domain/money'
import { NO_FLOWS, sumTotals, type MonthlyTotal } from '#domain/tape/replay'
import type { Fact } from './fact.ts'

export interface TrancheRow {
  readonly tranche: string
  readonly interestFen: Fen
  readonly principalFen: Fen
  readonly residualFen: Fen
  readonly closingFen: Fen
  /** Balance before the plan's first payment. */
  readonly originalFen: Fen
}

/** One period as it was reported, calculated and settled. */
export interface PeriodRow {
  readonly period: string
  readonly payDate: string
  readonly collected: MonthlyTotal
  /** Bought back by the originator, at the clean-up. */
  readonly repurchaseFen: Fen
  readonly feesFen: Fen
  readonly tranches: readonly TrancheRow[]
}

interface ServicingData {
  readonly deal: string
  readonly period: string
  readonly payDate: string
  readonly collections: Readonly<Partial<Record<string, string>>>
  readonly defaultedFen: string
  readonly fees: readonly { readonly paidFen: string }[]
  readonly tranches: readonly {
    readonly tranche: string
    readonly openingFen: string
    readonly interestFen: string
    readonly principalFen: string
    readonly residualFen: string
    readonly closingFen: string
  }[]
}

/** The periods of one plan, built from the committed facts of its servicing in their order. */
export class PlanPeriods {
  private readonly rows = new Map<string, PeriodRow>()
  private readonly originals = new Map<string, Fen>()

  constructor(private readonly deal: string) {}

  take({ contract, event, data }: Fact): void {
    if (contract !== 'servicing' || data['deal'] !== this.deal) return
    const facts = data as unknown as ServicingData
    const row = this.rows.get(facts.period)
    if (event === 'CollectionsReported') this.rows.set(facts.period, reported(facts))
    if (event === 'DistributionCalculated' && row) {
      const feesFen = sumFen(facts.fees.map(({ paidFen }) => parseFen(paidFen)))
      this.rows.set(facts.period, { ...row, feesFen })
    }
    if (event === 'PeriodSettled' && row) this.rows.set(facts.period, { ...row, tranches: this.settled(facts) })
  }

  /** Undefined when nothing was reported for it. */
  row(period: string): PeriodRow | undefined {
    return this.rows.get(period)
  }

  get all(): readonly PeriodRow[] {
    return [...this.rows.values()]
  }

  get totals(): MonthlyTotal {
    return sumTotals(this.all.map(({ collected }) => collected))
  }

  get cleanUpFen(): Fen {
    return sumFen(this.all.map(({ repurchaseFen }) => repurchaseFen))
  }

  private settled({ tranches }: ServicingData): TrancheRow[] {
    return tranches.map(({ tranche, openingFen, interestFen, principalFen, residualFen, closingFen }) => {
      const originalFen = this.originals.get(tranche) ?? parseFen(openingFen)
      this.originals.set(tranche, originalFen)
      return {
        tranche,
        interestFen: parseFen(interestFen),
        principalFen: parseFen(principalFen),
        residualFen: parseFen(residualFen),
        closingFen: parseFen(closingFen),
        originalFen,
      }
    })
  }
}

function reported({ period, payDate, collections, defaultedFen }: ServicingData): PeriodRow {
  const fen = (source: string): Fen => parseFen(collections[source] ?? '0')
  return {
    period,
    payDate,
    collected: {
      ...NO_FLOWS,
      principal: fen('principal'),
      interest: fen('interest'),
      lateFee: fen('lateFee'),
      defaulted: parseFen(defaultedFen),
      recovery: fen('recovery'),
    },
    repurchaseFen: fen('repurchase'),
    feesFen: 0n,
    tranches: [],
  }
}
