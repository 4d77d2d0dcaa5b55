/** Balance sheets and cash reports of a run, per period (VOCABULARY.md, "What a run reports", reports). */
import type { IsoDate } from '../date.ts'
import type { Fen } from '../money.ts'
import { interestOwedAt } from '../waterfall/accrual.ts'
import type { Live } from '../waterfall/live.ts'
import type { Program } from '../waterfall/live.ts'
import type { Transfer } from '../waterfall/period.ts'
import { fenToJson } from './numbers.ts'
import type { ActionJson } from './schema/action.ts'
import type { DealJson } from './schema/deal.ts'

interface Flow {
  readonly action: string
  readonly target: string
  amount: Fen
}

/** Collects transfers between report dates and writes one report per period. */
export class ReportBook {
  readonly reports: unknown[] = []
  private from: IsoDate
  private readonly actions = new Map<string, string>()
  private taken = 0

  constructor(program: Program, deal: DealJson) {
    this.from = program.start
    Object.entries(deal.waterfall).forEach(([name, actions]) => this.index(actions ?? [], name))
    deal.collection.forEach(({ source }, index) => this.actions.set(`collection.${index + 1}`, source))
  }

  private index(actions: readonly ActionJson[], path: string): void {
    actions.forEach((action, i) => {
      const id = `${path}.${i + 1}`
      this.actions.set(id, action.action)
      if (action.action !== 'IfElse') return
      this.index(action.then, `${id}.then`)
      this.index(action.else, `${id}.else`)
    })
  }

  close(live: Live): void {
    const transfers = live.allTransfers
    const fresh = transfers.slice(this.taken)
    this.taken = transfers.length
    const to = live.date
    if (to <= this.from) return
    this.reports.push({ from: this.from, to, balanceSheet: balanceSheet(live), cashFlow: this.cashFlow(fresh) })
    this.from = to
  }

  private cashFlow(transfers: readonly Transfer[]) {
    const [inflow, outflow]: [Flow[], Flow[]] = [[], []]
    for (const { from, to, amount, stepId } of transfers) {
      if (from.kind === 'account' && to.kind === 'account') continue
      const action = this.actions.get(stepId) ?? (stepId.startsWith('interest:') ? 'AccountInterest' : 'SwapSettle')
      const incoming = to.kind === 'account'
      const target = to.id
      const list = incoming ? inflow : outflow
      const known = list.find((flow) => flow.action === action && flow.target === target)
      if (known) known.amount += amount
      else list.push({ action, target, amount })
    }
    const sum = (flows: readonly Flow[]): Fen => flows.reduce((total, { amount }) => total + amount, 0n)
    const table = (flows: readonly Flow[]) => ({
      columns: ['action', 'target', 'amount'],
      rows: flows
        .filter(({ amount }) => amount !== 0n)
        .map(({ action, target, amount }) => [action, target, fenToJson(amount)]),
    })
    return { inflow: table(inflow), outflow: table(outflow), net: fenToJson(sum(inflow) - sum(outflow)) }
  }
}

function balanceSheet(live: Live) {
  const { state, program } = live
  let net = 0n
  const accounts = Object.fromEntries(
    state.accounts.map(({ id, balance }, index) => {
      const accruedInterest = accountAccrued(live, index)
      net += balance + accruedInterest
      return [id, { balance: fenToJson(balance), accruedInterest: fenToJson(accruedInterest) }]
    }),
  )
  const pools = Object.fromEntries(
    state.pools.map((pool) => {
      net += pool.balance + pool.cumulativeDefault - pool.cumulativeRecovery
      return [
        pool.id,
        {
          performing: fenToJson(pool.balance),
          defaulted: fenToJson(pool.cumulativeDefault),
          recovery: fenToJson(-pool.cumulativeRecovery),
        },
      ]
    }),
  )
  const bonds = Object.fromEntries(
    program.tranches.map(({ id }, index) => {
      const due = interestOwedAt(live, index, live.date)
      net -= state.tranches[index]!.balance + due
      return [id, { balance: fenToJson(state.tranches[index]!.balance), dueInterest: fenToJson(due) }]
    }),
  )
  return { assets: { accounts, pools }, liabilities: { bonds }, netAsset: fenToJson(net) }
}

function accountAccrued(live: Live, index: number): Fen {
  const { interest } = live.program.accounts[index]!
  const { balance, since, weighted } = live.state.accounts[index]!
  if (!interest || since === null || since > live.date) return 0n
  return live.product(
    weighted + live.product(balance, live.program.fraction(interest.dayCount, since, live.date)),
    interest.rate,
  )
}
