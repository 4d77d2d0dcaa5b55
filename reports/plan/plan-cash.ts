import { fenString, parseFen, sumFen, type Fen } from '#domain/money'
import type { Fact } from './fact.ts'

/** Accounts whose money belongs to the plan; all others are the outside, as the plan sees it. */
const PLAN_KINDS: readonly string[] = ['collection', 'plan', 'tranche', 'residue']

interface Movement {
  readonly from: string
  readonly to: string
  readonly amountFen: string
}

/**
 * What entered and what left a plan's accounts, read from the events of `cash` alone: from the plan's establishment on,
 * by the owner of the account that received it.
 */
export class PlanCash {
  private readonly accounts = new Map<string, { kind: string; owner: string; deal: string | null }>()
  private readonly out = new Map<string, Fen>()
  private incoming = 0n
  private established = false

  constructor(private readonly deal: string) {}

  take({ contract, event, data }: Fact): void {
    if (contract === 'deal' && event === 'Established' && data.deal === this.deal) this.established = true
    if (contract !== 'cash') return
    if (event === 'AccountOpened') {
      const { account, kind, owner, deal } = data as {
        account: string
        kind: string
        owner: string
        deal: string | null
      }
      this.accounts.set(account, { kind, owner, deal })
    }
    if (event === 'CashCredited') {
      const { from, account, amountFen } = data as { from: string; account: string; amountFen: string }
      this.move({ from, to: account, amountFen })
    }
    if (event === 'TransfersPosted') for (const leg of data.legs as unknown as Movement[]) this.move(leg)
  }

  get paidIn(): Fen {
    return this.incoming
  }

  get paidOut(): Record<string, string> {
    return Object.fromEntries(
      [...this.out].sort(([a], [b]) => (a < b ? -1 : 1)).map(([who, fen]) => [who, fenString(fen)]),
    )
  }

  get paidOutFen(): Fen {
    return sumFen(this.out.values())
  }

  private move({ from, to, amountFen }: Movement): void {
    if (!this.established || this.isPlans(from) === this.isPlans(to)) return
    if (this.isPlans(to)) this.incoming += parseFen(amountFen)
    else {
      const receiver = this.accounts.get(to)?.owner ?? to
      this.out.set(receiver, (this.out.get(receiver) ?? 0n) + parseFen(amountFen))
    }
  }

  private isPlans(account: string): boolean {
    const known = this.accounts.get(account)
    return known !== undefined && known.deal === this.deal && PLAN_KINDS.includes(known.kind)
  }
}
