import { describe, expect, it } from 'vitest'
import { hashJson } from '#proof/hash'
import type { Json, JsonObject } from '#proof/json'
import type { DealTerms } from '#domain/deal/terms'
import { accountOf } from '../cash/accounts.ts'
import { isoDate } from '#domain/date'
import { accountIds } from './account-ids.ts'
import { dealKey } from './state.ts'
import { MONTH, ready } from './testing/chapters.ts'
import { DEAL, hash, planTerms, PlanStory } from './testing/plan.ts'

const proposalOf = (terms: Json): JsonObject =>
  ({ deal: DEAL, terms, termsHash: hashJson(terms), investors: ['investor-a'] }) as JsonObject
/** Terms that count per unit; nothing takes the residue out again. */
const perUnit = (terms: DealTerms, decimals: number): DealTerms => ({
  ...terms,
  accounts: [...terms.accounts, { id: 'residue', kind: 'residue', name: { zh: '尾差', en: 'residue' } }],
  conventions: { profile: 'cn-plan', holders: { method: 'per-unit', decimals, residueAccount: 'residue' } },
})

const proposing = (change: (terms: DealTerms) => object) =>
  new PlanStory().world.refused('manager:maker', 'deal.propose', proposalOf(change(planTerms(10n ** 10n)) as Json))

describe('a proposal', () => {
  it('carries terms that hash to what was signed, once', () => {
    const story = new PlanStory()
    const args = { ...story.proposal, termsHash: hash('other') }
    expect(story.world.refused('manager:maker', 'deal.propose', args)).toEqual({
      code: 'TERMS_DIFFER',
      details: { document: story.termsHash, signed: hash('other') },
    })
    story.proposed()
    expect(story.world.refused('manager:maker', 'deal.propose', story.proposal).code).toBe('DEAL_EXISTS')
  })
  it('names every party it needs, all of them members with their role, no investor twice', () => {
    const without = (role: string) => (terms: DealTerms) => ({
      ...terms,
      parties: Object.fromEntries(Object.entries(terms.parties).filter(([name]) => name !== role)),
    })
    expect(proposing(without('depository'))).toEqual({ code: 'PARTY_MISSING', details: { role: 'depository' } })
    const nobody = (terms: DealTerms) => ({ ...terms, parties: { ...terms.parties, custodian: ['bank'] } })
    expect(proposing(nobody)).toEqual({ code: 'NOT_A_MEMBER', details: { participant: 'bank', role: 'custodian' } })
    const story = new PlanStory()
    for (const [investors, code] of [
      [['investor-a', 'investor-a'], 'INVESTOR_TWICE'],
      [['core'], 'NOT_A_MEMBER'],
    ] as const) {
      const args = { ...story.proposal, investors: [...investors] }
      expect(story.world.refused('manager:maker', 'deal.propose', args).code).toBe(code)
    }
  })
  it.each<[string, (terms: DealTerms) => object, string]>([
    ['another plan’s document', (t) => ({ ...t, dealId: 'x' }), '/dealId'],
    ['an unknown name', (t) => ({ ...t, triggers: [{ ...t.triggers[0]!, test: { ...t.triggers[0]!.test, numerator: 'nonsense' } }] }), '/triggers/0/test/numerator'],
    ['an account that opens with money', (t) => ({ ...t, accounts: [{ id: 'plan', kind: 'plan', opening: '5' }] }), '/accounts/0/opening'],
    ['two collection accounts', (t) => ({ ...t, accounts: [...t.accounts, { id: 'c2', kind: 'collection' }] }), '/accounts'],
    ['cash routed to the collection account', (t) => ({ ...t, collection: [{ ...t.collection[0]!, to: [{ account: 'plan', share: '0.5' }, { account: 'collection', share: '0.5' }] }] }), '/collection/0/to'],
    ['cash that is not routed whole', (t) => ({ ...t, collection: [{ ...t.collection[0]!, to: [{ account: 'plan', share: '0.9' }] }] }), '/collection/0/to'],
    ['a source without a rule', (t) => ({ ...t, collection: [{ ...t.collection[0]!, sources: ['principal'] }] }), '/collection'],
    ['a tranche of broken units', (t) => ({ ...t, tranches: t.tranches.map((x) => ({ ...x, original: '10001', unitFen: '10000' })) }), '/tranches/0/original'],
    ['nothing to sell', (t) => ({ ...t, tranches: t.tranches.map(({ unitFen: _, ...x }) => x) }), '/tranches'],
    ['a fee for nobody', (t) => ({ ...t, fees: [{ ...t.fees[0]!, payee: 'ghost' }, ...t.fees.slice(1)] }), '/fees/0/payee'],
    ['a long id', (t) => ({ ...t, accounts: [...t.accounts, { id: 'x'.repeat(25), kind: 'other' }] }), '/accounts/2/id'],
    ['per-unit amounts with a residue account of another kind', (t) => ({ ...t, conventions: { profile: 'cn-plan', holders: { method: 'per-unit', decimals: 2, residueAccount: 'plan' } } }), '/conventions/holders/residueAccount'],
    ['parts of a fen a unit', (t) => perUnit(t, 3), '/conventions/holders/decimals'],
    ['a residue account that nothing empties', (t) => perUnit(t, 2), '/waterfalls/clean-up'],
    ['revolving purchases', (t) => ({ ...t, purchase: { clause: '7', text: { zh: '', en: '' }, price: '1' } }), '/purchase'],
    ['a step that draws on a tranche', (t) => ({ ...t, waterfalls: { ...t.waterfalls, amortising: [{ id: 'draw', clause: '1', text: { zh: '', en: '' }, action: 'fund', tranche: 'A', to: 'plan', amount: '5' }, ...t.waterfalls.amortising!] } }), '/waterfalls/amortising/0/action'],
  ])('refuses terms with %s, naming the place', (_, change, path) => {
    expect(proposing(change)).toMatchObject({ code: 'TERMS_INVALID', details: { path } })
  }) // prettier-ignore
  it('refuses a document that is not terms at all by its field', () => {
    expect(proposing(() => ({ schema: 'x' }))).toMatchObject({ code: 'BAD_ARGS' })
  })
  it('is bounded in size', () => {
    const note = { clause: '1', text: { zh: '', en: 'x'.repeat(2000) } }
    const big = (terms: DealTerms) => ({ ...terms, notes: Array.from({ length: 100 }, () => note) })
    expect(proposing(big)).toMatchObject({ code: 'TERMS_TOO_LARGE', details: { most: 131_072 } })
  })
})

describe('confirmations', () => {
  it('need two operators of the plan manager', () => {
    const { world, termsHash } = new PlanStory().proposed()
    world.enrol('manager:one', { operator: 'manager:maker', roles: ['plan-manager'], functions: ['maker', 'checker'] })
    for (const [method, args] of [
      ['deal.confirmTerms', { deal: DEAL, termsHash }],
      ['deal.withdraw', { deal: DEAL, reason: 'x' }],
    ] as const) {
      expect(world.refused('manager:one', method, args)).toMatchObject({ code: 'SAME_OPERATOR' })
    }
    const other = ready().world
    other.enrol('manager:one', { operator: 'manager:maker', roles: ['plan-manager'], functions: ['checker'] })
    expect(other.refused('manager:one', 'deal.establish', { deal: DEAL }).code).toBe('SAME_OPERATOR')
  })
  it('are of the same terms', () => {
    const { world } = new PlanStory().proposed()
    const args = { deal: DEAL, termsHash: hash('other') }
    expect(world.refused('rating:checker', 'deal.confirmTerms', args).code).toBe('TERMS_DIFFER')
  })
  it('are of the same ratings, of every tranche but the subordinated, once each', () => {
    const { world } = new PlanStory().termsConfirmed()
    const rate = (...ratings: [string, string][]) => ({
      deal: DEAL,
      ratings: ratings.map(([tranche, rating]) => ({ tranche, rating })),
    })
    const refused = (...ratings: [string, string][]) =>
      world.refused('manager:checker', 'deal.confirmRating', rate(...ratings))
    expect(refused(['A', 'AAA'])).toEqual({ code: 'RATING_MISSING', details: { tranche: 'B' } })
    expect(refused(['A', 'AAA'], ['A', 'AAA'], ['B', 'AA'])).toMatchObject({ code: 'RATING_TWICE' })
    expect(refused(['A', 'AAA'], ['B', 'AA'], ['Z', 'A'])).toMatchObject({ code: 'RATING_UNKNOWN_TRANCHE' })
    world.does('rating:checker', 'deal.confirmRating', rate(['B', 'AA'], ['A', 'AAA']))
    expect(refused(['A', 'AAA'], ['B', 'AA+'])).toEqual({
      code: 'RATINGS_DIFFER',
      details: { first: ['A AAA', 'B AA'], second: ['A AAA', 'B AA+'] },
    })
    world.does('manager:checker', 'deal.confirmRating', rate(['A', 'AAA'], ['B', 'AA']))
  })
  it('the opinion is lodged once, before the decision', () => {
    const story = new PlanStory().proposed()
    const args = { deal: DEAL, contentHash: hash('opinion') }
    story.world.does('lawyer:maker', 'deal.lodgeOpinion', args)
    expect(story.world.refused('lawyer:maker', 'deal.lodgeOpinion', args).code).toBe('OPINION_LODGED')
    expect(new PlanStory().approved().world.refused('lawyer:maker', 'deal.lodgeOpinion', args).code).toBe('WRONG_STATE')
  })
})

describe('the exchange', () => {
  it('rejects with a reason only', () => {
    const { world } = new PlanStory().rated()
    const args = { deal: DEAL, decision: 'reject' }
    expect(world.refused('exchange:checker', 'deal.decide', args)).toMatchObject({ code: 'REASON_MISSING' })
  })
  it('approves for twelve months, or as it says, and the approval lapses', () => {
    const story = new PlanStory().approved()
    expect(story.world.read(dealKey(DEAL))!.validUntil).toBe('2011-12-31')
    const short = new PlanStory().rated()
    short.world.does('exchange:checker', 'deal.decide', { deal: DEAL, decision: 'approve', validMonths: 1 })
    const units = { deal: DEAL, tranche: 'A', units: 1 }
    short.at(isoDate('2011-01-31')).world.does('investor-a:maker', 'securities.subscribe', units)
    short.at(isoDate('2011-02-01'))
    expect(short.world.refused('investor-b:maker', 'securities.subscribe', units)).toEqual({
      code: 'APPROVAL_LAPSED',
      details: { deal: DEAL, validUntil: '2011-01-31', businessDate: '2011-02-01' },
    })
    expect(short.world.refused('manager:checker', 'deal.establish', { deal: DEAL }).code).toBe('APPROVAL_LAPSED')
  })
  it('opens the plan’s accounts by approving, with nothing on them', () => {
    const { world } = new PlanStory().approved()
    for (const [id, owner, bank] of [
      [accountIds.collection(DEAL), 'manager', 'bank'],
      [accountIds.plan(DEAL, 'plan'), 'manager', 'custodian'],
      [accountIds.fee(DEAL, 'servicer'), 'originator', 'custodian'],
      [accountIds.fee(DEAL, 'audit'), 'manager', 'custodian'],
      [accountIds.tranche(DEAL, 'A'), 'depository', 'depository'],
    ] as const) {
      expect(accountOf(world.read, id)).toMatchObject({ owner, bank, deal: DEAL, postedFen: '0' })
    }
  })
})

describe('establishment', () => {
  const establish = (story: PlanStory) => story.world.refused('manager:checker', 'deal.establish', { deal: DEAL })
  it('needs the attested batch and every tranche paid to the fen', () => {
    expect(establish(new PlanStory().paid()).code).toBe('POOL_NOT_EFFECTIVE')
    expect(establish(new PlanStory().subscribed().attested('2010-12-31', null, 4))).toEqual({
      code: 'TRANCHE_NOT_PAID',
      details: { tranche: 'A', missingFen: '8000000000' },
    })
  })
  it('needs exactly the proceeds on the subscription account', () => {
    const story = ready()
    story.pays(1)
    expect(establish(story)).toEqual({
      code: 'PROCEEDS_DIFFER',
      details: { subscribedFen: '9200000000', heldFen: '9200010000' },
    })
  })
  it('pays the proceeds to the originator and leaves the accounts at nothing', () => {
    const story = new PlanStory().allotted()
    expect(story.world.refused('depository:checker', 'securities.register', { deal: DEAL })).toEqual({
      code: 'PRICE_NOT_PAID',
      details: { instruction: `${DEAL}:price:1`, state: 'pending' },
    })
    expect(story.world.refused('manager:checker', 'deal.repeatPrice', { deal: DEAL }).code).toBe('PRICE_NOT_VOIDED')
    story.posts(`${DEAL}:price:1`, 'custodian')
    story.world.does('depository:checker', 'securities.register', { deal: DEAL })
    expect(story.balance(accountIds.price(DEAL))).toBe(9_200_000_000n)
    expect(story.balance(accountIds.subscribers(DEAL))).toBe(-9_200_000_000n)
    expect(story.balance(accountIds.issuance(DEAL))).toBe(0n)
  })
  it('pays the price again after the custodian voided it, once', () => {
    const story = new PlanStory().allotted()
    story.world.does('custodian:service', 'cash.void', { instruction: `${DEAL}:price:1`, reason: 'wrong account' })
    story.world.does('manager:payer', 'deal.repeatPrice', { deal: DEAL })
    expect(story.world.refused('manager:payer', 'deal.repeatPrice', { deal: DEAL }).code).toBe('PRICE_NOT_VOIDED')
    story.posts(`${DEAL}:price:2`, 'custodian')
    story.world.does('depository:checker', 'securities.register', { deal: DEAL })
    expect(story.balance(accountIds.price(DEAL))).toBe(9_200_000_000n)
  })
})

describe('closing', () => {
  it('waits for the last distribution', () => {
    const { world } = new PlanStory().established()
    expect(world.refused('manager:checker', 'deal.close', { deal: DEAL })).toEqual({
      code: 'PLAN_NOT_ENDED',
      details: { status: 'amortising' },
    })
  })
})

describe('a credit that belongs to no one here', () => {
  const give = (reference: string) => ({ deal: DEAL, reference })
  const refused = (story: PlanStory, reference: string) =>
    story.world.refused('manager:payer', 'deal.returnCredit', give(reference)).code
  it('goes back once, and again after the custodian voided it', () => {
    const story = ready()
    const reference = story.pays(1)
    expect(refused(story, 'line-99')).toBe('CREDIT_NOT_FOUND')
    const [first] = story.world.does('manager:payer', 'deal.returnCredit', give(reference))
    expect(refused(story, reference)).toBe('CREDIT_USED')
    const instruction = String(first!.data.instruction)
    story.world.does('custodian:service', 'cash.void', { instruction, reason: 'sent back' })
    const [second] = story.world.does('manager:payer', 'deal.returnCredit', give(reference))
    story.posts(String(second!.data.instruction), 'custodian')
    expect(refused(story, reference)).toBe('CREDIT_USED')
    story.world.does('manager:checker', 'deal.establish', { deal: DEAL })
  })
  it('is never what pays a live subscription, unless the approval has lapsed', () => {
    const story = ready()
    expect(refused(story, 'line-1')).toBe('CREDIT_USED')
    story.at(isoDate('2011-12-31'))
    expect(refused(story, 'line-1')).toBe('CREDIT_USED')
    story.at(isoDate('2012-01-01'))
    for (const reference of ['line-1', 'line-2', 'line-3']) {
      const [first] = story.world.does('manager:payer', 'deal.returnCredit', give(reference))
      story.posts(String(first!.data.instruction), 'custodian')
    }
    expect(story.balance(accountIds.issuance(DEAL))).toBe(0n)
    expect(story.balance(accountIds.subscribers(DEAL))).toBe(0n)
  })
  it('cannot be the collections of the plan', () => {
    const story = new PlanStory().established().collected(MONTH)
    expect(refused(story, 'line-5')).toBe('CREDIT_NOT_FOUND')
  })
})
