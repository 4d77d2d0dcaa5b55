import { addDays, addMonths, isoDate, type IsoDate } from '#domain/date'
import { sumFen, type Fen } from '#domain/money'
import { tapePlanSizes, tapePlanTerms } from '#domain/deal/tape-plan'
import type { DealTerms } from '#domain/deal/terms'
import { hashJson } from '#proof/hash'
import type { Json, JsonObject } from '#proof/json'
import { SumTree, type SumLeaf } from '#proof/sum-tree'
import { rootRecordOf } from '../../asset-registry/root.ts'
import { accountOf, postedFen } from '../../cash/accounts.ts'
import { accountKey } from '../../cash/state.ts'
import { businessDate } from '../../calendar/business-date.ts'
import { dealObject, objectDateKey } from '../../calendar/state.ts'
import { periodDates } from '../../servicing/period.ts'
import { distributionKey, type Distribution } from '../../servicing/state.ts'
import { holderPaymentKey } from '../../securities/state.ts'
import type { World } from '../../kernel/testing/world.ts'
import { consortium } from '../../testing/consortium.ts'
import { accountIds } from '../account-ids.ts'

export const DEAL = 'plan-1'
export const CUT_OFF = isoDate('2010-12-31')
export const hash = (text: string): string => hashJson(text)

export const PARTIES: DealTerms['parties'] = {
  originator: ['originator'],
  servicer: ['originator'],
  'plan-manager': ['manager'],
  custodian: ['custodian'],
  'supervisory-bank': ['bank'],
  'rating-agency': ['rating'],
  'law-firm': ['lawyer'],
  exchange: ['exchange'],
  depository: ['depository'],
}

export const planTerms = (poolFen: Fen): DealTerms =>
  tapePlanTerms({
    poolFen,
    cutOff: CUT_OFF,
    closing: CUT_OFF,
    firstPayDate: isoDate('2011-02-10'),
    statedMaturity: isoDate('2014-12-31'),
    names: { dealId: DEAL, zh: '测试计划', en: 'Test plan' },
    parties: PARTIES,
  })

/** What a month brings: principal and defaults per asset are spread over the assets that are still open. */
export interface Month {
  readonly principal: Fen
  readonly interest: Fen
  readonly lateFee?: Fen
  readonly defaulted?: Fen
  readonly recovery?: Fen
  readonly final?: boolean
}

/** Two operators of one participant. */
const MANAGER = 'manager:maker'
const CHECKER = 'manager:checker'

/**
 * A plan in a world, with one method per chapter of its life; each tells the shortest story that leads there. Tests
 * begin at the chapter they are about, and read the state by `world.read`.
 */
export class PlanStory {
  readonly world: World
  readonly terms: DealTerms
  private readonly tree: SumTree
  private leaves: SumLeaf[]
  private version = 0
  private references = 0
  months = 0

  constructor(
    readonly poolFen: Fen = 10_000_000_000n,
    assets = 4,
    terms: DealTerms = planTerms(poolFen),
  ) {
    this.world = consortium()
    this.terms = terms
    const share = poolFen / BigInt(assets)
    this.leaves = Array.from({ length: assets }, (_, slot) => {
      const original = slot === 0 ? poolFen - share * BigInt(assets - 1) : share
      return { content: hash(`asset ${slot}`), originalFen: original, currentFen: original, defaultedFen: 0n }
    })
    this.tree = SumTree.of(this.leaves)
  }

  get termsHash(): string {
    return hashJson(this.terms as Json)
  }

  get proposal(): JsonObject {
    const investors = ['investor-a', 'investor-b']
    return { deal: DEAL, terms: this.terms as Json, termsHash: this.termsHash, investors } as JsonObject
  }

  reference(): string {
    this.references += 1
    return `line-${this.references}`
  }

  /** Rolls the ledger to a date and closes the plan's days up to it. */
  at(date: IsoDate): this {
    const { world } = this
    while (businessDate(world.read) < date) {
      world.does('operator:service', 'calendar.roll', { date: addDays(businessDate(world.read), 1) })
    }
    for (;;) {
      const { asOf } = world.read(objectDateKey(dealObject(DEAL)))!
      if (asOf >= date) return this
      const next = addDays(asOf, 31)
      world.does('operator:service', 'calendar.closeDay', { object: dealObject(DEAL), date: next < date ? next : date })
    }
  }

  proposed(): this {
    this.world.does(MANAGER, 'deal.propose', this.proposal)
    return this
  }

  termsConfirmed(): this {
    this.proposed()
    for (const who of [CHECKER, 'rating:checker']) {
      this.world.does(who, 'deal.confirmTerms', { deal: DEAL, termsHash: this.termsHash })
    }
    return this
  }

  rated(): this {
    this.termsConfirmed()
    const ratings = [
      { tranche: 'A', rating: 'AAA' },
      { tranche: 'B', rating: 'AA+' },
    ]
    for (const who of ['rating:checker', CHECKER]) this.world.does(who, 'deal.confirmRating', { deal: DEAL, ratings })
    return this
  }

  approved(): this {
    this.rated()
    this.world.does('exchange:checker', 'deal.decide', { deal: DEAL, decision: 'approve' })
    return this
  }

  /** Units of a tranche, as its sizes give them. */
  units(tranche: 'A' | 'B'): number {
    return Number(tapePlanSizes(this.poolFen)[tranche] / 10_000n)
  }

  subscribed(): this {
    this.approved()
    const a = this.units('A')
    const third = Math.floor(a / 3)
    this.world.does('investor-a:maker', 'securities.subscribe', { deal: DEAL, tranche: 'A', units: a - third })
    this.world.does('investor-b:maker', 'securities.subscribe', { deal: DEAL, tranche: 'A', units: third })
    this.world.does('investor-b:maker', 'securities.subscribe', { deal: DEAL, tranche: 'B', units: this.units('B') })
    return this
  }

  /** The custodian's statement line of a subscriber's payment; answers its reference. */
  pays(units: number): string {
    const reference = this.reference()
    this.world.does('custodian:service', 'cash.credit', {
      account: accountIds.issuance(DEAL),
      from: accountIds.subscribers(DEAL),
      amountFen: String(BigInt(units) * 10_000n),
      valueDate: businessDate(this.world.read),
      reference,
      deal: DEAL,
    })
    return reference
  }

  paid(): this {
    this.subscribed()
    const third = Math.floor(this.units('A') / 3)
    for (const [investor, tranche, units] of [
      ['investor-a', 'A', this.units('A') - third],
      ['investor-b', 'A', third],
      ['investor-b', 'B', this.units('B')],
    ] as const) {
      const reference = this.pays(units)
      this.world.does('custodian:service', 'securities.confirmPayment', { deal: DEAL, tranche, investor, reference })
    }
    return this
  }

  get root() {
    return rootRecordOf(this.tree.root())
  }

  batchArgs(asOf: string, previous: string | null, changed: number): JsonObject {
    const version = this.version + 1
    return {
      deal: DEAL,
      version,
      previous,
      root: { ...this.root },
      changed,
      contentHash: hash(`tape ${version}`),
      asOf,
    }
  }

  attested(asOf: string, previous: string | null, changed: number): this {
    this.world.does('originator:maker', 'asset-registry.proposeBatch', this.batchArgs(asOf, previous, changed))
    this.version += 1
    const { root, version } = this
    this.world.does('custodian:checker', 'asset-registry.attest', { deal: DEAL, version, root: { ...root } })
    return this
  }

  allotted(): this {
    this.paid().attested(CUT_OFF, null, this.leaves.length)
    this.world.does(CHECKER, 'deal.establish', { deal: DEAL })
    return this
  }

  established(): this {
    this.allotted().posts(`${DEAL}:price:1`, 'custodian')
    this.world.does('depository:checker', 'securities.register', { deal: DEAL })
    return this
  }

  posts(instruction: string, bank: string): this {
    const valueDate = businessDate(this.world.read)
    this.world.does(`${bank}:service`, 'cash.post', { instruction, reference: this.reference(), valueDate })
    return this
  }

  get dates() {
    return periodDates(this.terms, this.months)!
  }

  /** The tree after a month, and the custodian's attestation of it at the collection date. */
  batchOf({ principal, defaulted = 0n }: Month): this {
    const previous = this.root.hash
    const changes: { slot: number; leaf: SumLeaf }[] = []
    let [repaid, lost] = [principal, defaulted]
    this.leaves.forEach((leaf, slot) => {
      const pay = repaid < leaf.currentFen ? repaid : leaf.currentFen
      const lose = lost < leaf.currentFen - pay ? lost : leaf.currentFen - pay
      if (pay + lose === 0n) return
      repaid -= pay
      lost -= lose
      changes.push({
        slot,
        leaf: { ...leaf, currentFen: leaf.currentFen - pay - lose, defaultedFen: leaf.defaultedFen + lose },
      })
    })
    if (repaid + lost > 0n) throw new Error('the month takes more than the pool holds')
    this.tree.update(changes)
    for (const { slot, leaf } of changes) this.leaves[slot] = leaf
    return this.attested(this.dates.collectedTo, previous, changes.length)
  }

  reportArgs({ principal, interest, lateFee = 0n, defaulted = 0n, recovery = 0n, final = false }: Month): JsonObject {
    return {
      deal: DEAL,
      period: this.dates.period,
      revision: 1,
      collections: {
        principal: String(principal),
        interest: String(interest),
        lateFee: String(lateFee),
        recovery: String(recovery),
      },
      defaultedFen: String(defaulted),
      contentHash: hash(`report ${this.dates.period}`),
      final,
    }
  }

  /** The supervisory bank's line of what came in. */
  comesIn(amount: Fen): this {
    if (amount === 0n) return this
    this.world.does('bank:service', 'cash.credit', {
      account: accountIds.collection(DEAL),
      from: accountIds.obligors(DEAL),
      amountFen: String(amount),
      valueDate: businessDate(this.world.read),
      reference: this.reference(),
      deal: DEAL,
    })
    return this
  }

  collected(month: Month): this {
    this.at(this.dates.collectedTo)
    this.world.does('originator:maker', 'servicing.reportCollections', this.reportArgs(month))
    const { principal, interest, lateFee = 0n, recovery = 0n } = month
    return this.comesIn(principal + interest + lateFee + recovery)
  }

  transferred(month: Month): this {
    this.collected(month)
    const { period } = this.dates
    this.world.does('originator:maker', 'servicing.transferCollections', { deal: DEAL, period })
    return this.totalOf(month) > 0n ? this.posts(`${DEAL}:${period}:in:1`, 'bank') : this
  }

  totalOf = ({ principal, interest, lateFee = 0n, recovery = 0n }: Month): Fen =>
    sumFen([principal, interest, lateFee, recovery])

  confirmed(month: Month): this {
    this.transferred(month)
    const args = { deal: DEAL, period: this.dates.period, statementFen: String(this.totalOf(month)) }
    this.world.does('custodian:checker', 'servicing.confirmCollections', { ...args, statementHash: hash('statement') })
    return this.batchOf(month)
  }

  calculated(month: Month): this {
    this.confirmed(month)
    this.world.does('manager:service', 'servicing.calculate', { deal: DEAL, period: this.dates.period })
    return this
  }

  get distribution(): Distribution {
    return this.world.read(distributionKey(DEAL, this.dates.period))!
  }

  released(month: Month): this {
    this.calculated(month)
    const { resultHash } = this.distribution
    const args = { deal: DEAL, period: this.dates.period, resultHash }
    this.world.does('manager:payer', 'servicing.approveInstructions', args)
    return this
  }

  settled(month: Month): this {
    this.released(month).at(this.dates.payDate)
    const { period } = this.dates
    if (this.distribution.legs.length > 0) this.posts(`${DEAL}:${period}:out:1`, 'custodian')
    this.world.does('manager:service', 'servicing.settle', { deal: DEAL, period })
    return this
  }

  /** One whole month, down to the holders' accounts. */
  month(month: Month): this {
    this.settled(month)
    const { period } = this.dates
    for (const holder of ['investor-a', 'investor-b', 'originator']) {
      const payment = this.world.read(holderPaymentKey(DEAL, period, holder))
      if (payment) this.posts(payment.instruction, 'depository')
    }
    this.months += 1
    return this
  }

  balance(account: string): Fen {
    return this.world.read(accountKey(account)) ? postedFen(accountOf(this.world.read, account)) : 0n
  }

  nextMonthEnd = (): IsoDate => addMonths(this.dates.collectedTo, 1)
}
