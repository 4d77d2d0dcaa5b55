import { fenString } from '#domain/money'
import type { MonthlyTotal } from '#domain/tape/replay'
import type { EventCursor, Ledger } from '#ledger-adapter/port'
import { PlanCash } from '#reports/plan/plan-cash'
import { PlanPeriods } from '#reports/plan/plan-periods'

const PAGE = 1000

/** The figures of the demonstration, read from committed events alone. */
export class Figures {
  readonly cash: PlanCash
  readonly periods: PlanPeriods
  private after: EventCursor | undefined

  constructor(
    private readonly ledger: Ledger,
    deal: string,
  ) {
    this.cash = new PlanCash(deal)
    this.periods = new PlanPeriods(deal)
  }

  /** Reads on to the ledger's end. */
  async readOn(): Promise<void> {
    for (;;) {
      const events = await this.ledger.events(this.after, { limit: PAGE })
      for (const event of events) {
        this.cash.take(event)
        this.periods.take(event)
      }
      this.after = events.at(-1)?.cursor ?? this.after
      if (events.length < PAGE) return
    }
  }

  /** As `--json` gives them. */
  get months(): Record<string, Record<keyof MonthlyTotal, string>> {
    return Object.fromEntries(this.periods.all.map(({ period, collected }) => [period, texts(collected)]))
  }

  get totals(): Record<keyof MonthlyTotal, string> {
    return texts(this.periods.totals)
  }
}

const texts = ({ principal, interest, lateFee, defaulted, recovery }: MonthlyTotal) => ({
  principal: fenString(principal),
  interest: fenString(interest),
  lateFee: fenString(lateFee),
  defaulted: fenString(defaulted),
  recovery: fenString(recovery),
})
