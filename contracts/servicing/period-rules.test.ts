import { describe, expect, it } from 'vitest'
import { encodeState } from '#domain/waterfall/step'
import type { World } from '../kernel/testing/world.ts'
import { CHAPTERS, last, MONTH, voided } from '../deal/testing/chapters.ts'
import { DEAL, hash, PlanStory } from '../deal/testing/plan.ts'
import { accountIds } from '../deal/account-ids.ts'
import { trancheKey } from '../securities/state.ts'
import { engineOf } from './distribute.ts'
import { distributionKey, periodKey, servicingKey } from './state.ts'

const PERIOD = '2011-01'
const ofPeriod = { deal: DEAL, period: PERIOD }
const established = (): PlanStory => new PlanStory().established()
const balancesOf = (world: World) =>
  ['A', 'B', 'sub'].map((tranche) => world.read(trancheKey(DEAL, tranche))!.balanceFen)

describe('reporting', () => {
  const report = CHAPTERS['servicing.reportCollections']!
  it('takes the periods in their order, each once it has ended, one at a time', () => {
    const story = established()
    const { world } = story
    expect(world.refused(report.who, 'servicing.reportCollections', report.args(story))).toEqual({
      code: 'PERIOD_NOT_ENDED',
      details: { collectedTo: '2011-01-31', businessDate: '2010-12-31' },
    })
    story.at(story.dates.collectedTo)
    const february = { ...report.args(story), period: '2011-02' }
    expect(world.refused(report.who, 'servicing.reportCollections', february)).toEqual({
      code: 'WRONG_PERIOD',
      details: { want: '2011-01', got: '2011-02' },
    })
    world.does(report.who, 'servicing.reportCollections', report.args(story))
    expect(world.refused(report.who, 'servicing.reportCollections', february)).toMatchObject({ code: 'PERIOD_OPEN' })
  })
  it('is restated by number, not below what was transferred', () => {
    const story = established().transferred(MONTH)
    const args = report.args(story)
    expect(story.world.refused(report.who, 'servicing.reportCollections', args)).toEqual({
      code: 'WRONG_REVISION',
      details: { want: 2, got: 1 },
    })
    const less = { ...args, revision: 2, collections: { principal: '1' } }
    expect(story.world.refused(report.who, 'servicing.reportCollections', less)).toEqual({
      code: 'LESS_THAN_TRANSFERRED',
      details: { totalFen: '1', transferredFen: String(story.totalOf(MONTH)) },
    })
  })
  it('is not restated while the bank has not answered the transfer', () => {
    const story = established().collected(MONTH)
    story.world.does('originator:maker', 'servicing.transferCollections', ofPeriod)
    const args = { ...report.args(story), revision: 2 }
    expect(story.world.refused(report.who, 'servicing.reportCollections', args).code).toBe('TRANSFER_PENDING')
    expect(story.world.refused('originator:maker', 'servicing.transferCollections', ofPeriod).code).toBe(
      'TRANSFER_PENDING',
    )
  })
  it('has no period beyond stated maturity', () => {
    const story = new PlanStory().established()
    story.at(story.dates.collectedTo)
    // The calendar is the terms': 47 months up to 2014-12-31, excluded.
    const all = Array.from({ length: 60 }, (_, n) => ((story.months = n), story.dates as unknown)).filter(Boolean)
    expect(all).toHaveLength(47)
  })
})

describe('what came in', () => {
  it('must be what the supervisory bank’s lines credited', () => {
    const story = established().collected(MONTH).comesIn(1n)
    expect(story.world.refused('originator:maker', 'servicing.transferCollections', ofPeriod)).toEqual({
      code: 'COLLECTION_DIFFERS_FROM_BANK',
      details: {
        reportedFen: String(story.totalOf(MONTH)),
        laterFen: '0',
        bankFen: String(story.totalOf(MONTH) + 1n),
      },
    })
    const args = { ...story.reportArgs(MONTH), revision: 2, laterFen: '1' }
    story.world.does('originator:maker', 'servicing.reportCollections', args)
    story.world.does('originator:maker', 'servicing.transferCollections', ofPeriod)
    expect(story.balance(accountIds.collection(DEAL))).toBe(story.totalOf(MONTH) + 1n)
    story.posts(`${DEAL}:${PERIOD}:in:1`, 'bank')
    expect(story.balance(accountIds.collection(DEAL))).toBe(1n)
  })
  it('is transferred in part when a restatement finds more', () => {
    const story = established().transferred(MONTH).comesIn(5n)
    const more = { ...story.reportArgs({ ...MONTH, interest: MONTH.interest + 5n }), revision: 2 }
    story.world.does('originator:maker', 'servicing.reportCollections', more)
    story.world.does('originator:maker', 'servicing.transferCollections', ofPeriod)
    expect(story.world.read(periodKey(DEAL, PERIOD))!.transfer).toEqual({
      instruction: `${DEAL}:${PERIOD}:in:2`,
      amountFen: '5',
    })
  })
  it('is confirmed by the custodian only after it is booked, and only to the fen', () => {
    const story = established().collected(MONTH)
    const { who, args } = CHAPTERS['servicing.confirmCollections']!
    story.world.does('originator:maker', 'servicing.transferCollections', ofPeriod)
    expect(story.world.refused(who, 'servicing.confirmCollections', args(story)).code).toBe('TRANSFER_NOT_POSTED')
    story.posts(`${DEAL}:${PERIOD}:in:1`, 'bank')
    const off = { ...args(story), statementFen: '1' }
    expect(story.world.refused(who, 'servicing.confirmCollections', off)).toEqual({
      code: 'STATEMENT_DIFFERS',
      details: { reportedFen: String(story.totalOf(MONTH)), statementFen: '1' },
    })
  })
})

describe('the pool', () => {
  const calculate = (story: PlanStory) => story.world.refused('manager:service', 'servicing.calculate', ofPeriod)
  const confirmedWithout = (story: PlanStory, reported = MONTH): PlanStory => {
    story.transferred(reported)
    const { who } = CHAPTERS['servicing.confirmCollections']!
    const statementFen = String(story.totalOf(reported))
    story.world.does(who, 'servicing.confirmCollections', { ...ofPeriod, statementFen, statementHash: hash('s') })
    return story
  }
  it('must be attested at the collection date', () => {
    expect(calculate(confirmedWithout(established()))).toEqual({
      code: 'BATCH_NOT_EFFECTIVE',
      details: { deal: DEAL, asOf: '2011-01-31' },
    })
  })
  it('must agree with the report on what defaulted and on what was repaid', () => {
    expect(calculate(confirmedWithout(established()).batchOf({ ...MONTH, defaulted: 1n }))).toEqual({
      code: 'DEFAULTED_DIFFERS',
      details: { reportedFen: '440000', batchFen: '1' },
    })
    expect(calculate(confirmedWithout(established()).batchOf({ ...MONTH, principal: 1n }))).toEqual({
      code: 'POOL_DOES_NOT_RECONCILE',
      details: {
        openingFen: '10000000000',
        purchasedFen: '0',
        principalFen: '1000000000',
        defaultedFen: '440000',
        closingFen: '9999559999',
      },
    })
  })
  it('must be all but gone before the last distribution', () => {
    const story = new PlanStory().established().confirmed({ ...MONTH, final: true })
    expect(calculate(story)).toEqual({
      code: 'POOL_NOT_ENDED',
      details: { closingFen: '8999560000', mostFen: '1000000000' },
    })
  })
  it('meets cash that the engine does not know of with a refusal, until it is sent back', () => {
    const story = established()
    story.world.does('custodian:service', 'cash.credit', {
      account: accountIds.plan(DEAL, 'plan'),
      from: accountIds.subscribers(DEAL),
      amountFen: '7',
      valueDate: '2010-12-31',
      reference: 'gift',
      deal: DEAL,
    })
    expect(calculate(confirmedWithout(story).batchOf(MONTH))).toEqual({
      code: 'CALCULATION_FAILED',
      details: { code: 'CASH_DIFFERS', period: PERIOD, account: 'plan', state: '0', ledger: '7' },
    })
    const [back] = story.world.does('manager:payer', 'deal.returnCredit', { deal: DEAL, reference: 'gift' })
    story.posts(String(back!.data.instruction), 'custodian')
    story.world.does('manager:service', 'servicing.calculate', ofPeriod)
  })
})

describe('a distribution', () => {
  it('is one per plan and period: a second calculation of a settled period is refused', () => {
    const story = established().settled(MONTH)
    expect(story.world.refused('manager:service', 'servicing.calculate', ofPeriod).code).toBe('WRONG_STATE')
  })
  it('is released by another operator, for exactly the result that was calculated', () => {
    const story = established().calculated(MONTH)
    const { resultHash } = story.distribution
    story.world.enrol('manager:both', {
      operator: 'manager:service',
      roles: ['plan-manager'],
      functions: ['payer', 'service:servicing'],
    })
    const args = { ...ofPeriod, resultHash }
    expect(story.world.refused('manager:both', 'servicing.approveInstructions', args)).toEqual({
      code: 'SAME_OPERATOR',
      details: { operator: 'manager:service' },
    })
    const other = { ...ofPeriod, resultHash: hash('another') }
    expect(story.world.refused('manager:payer', 'servicing.approveInstructions', other)).toEqual({
      code: 'RESULT_DIFFERS',
      details: { calculated: resultHash, approved: hash('another') },
    })
  })
  it('moves no balance before it is booked, and none at all when it is refused or voided', () => {
    const story = established().calculated(MONTH)
    const { world } = story
    const before = balancesOf(world)
    const engine = encodeState(engineOf(world.read, DEAL, story.terms))
    const first = story.distribution
    world.does('manager:payer', 'servicing.refuseInstructions', { ...ofPeriod, reason: 'look again' })
    world.does('manager:service', 'servicing.calculate', ofPeriod)
    expect(story.distribution).toEqual({ ...first, attempt: 2 })
    world.does('manager:payer', 'servicing.approveInstructions', { ...ofPeriod, resultHash: first.resultHash })
    expect(world.refused('manager:service', 'servicing.settle', ofPeriod).code).toBe('INSTRUCTION_NOT_POSTED')
    expect(world.refused('manager:service', 'servicing.reopen', ofPeriod).code).toBe('INSTRUCTION_NOT_VOIDED')
    voided(story, `${DEAL}:${PERIOD}:out:2`, 'custodian')
    expect(world.refused('manager:service', 'servicing.settle', ofPeriod).code).toBe('INSTRUCTION_NOT_POSTED')
    world.does('manager:service', 'servicing.reopen', ofPeriod)
    expect(balancesOf(world)).toEqual(before)
    expect(encodeState(engineOf(world.read, DEAL, story.terms))).toEqual(engine)
    expect(story.balance(accountIds.plan(DEAL, 'plan'))).toBe(story.totalOf(MONTH))

    world.does('manager:service', 'servicing.calculate', ofPeriod)
    world.does('manager:payer', 'servicing.approveInstructions', { ...ofPeriod, resultHash: first.resultHash })
    story.posts(`${DEAL}:${PERIOD}:out:3`, 'custodian')
    expect(balancesOf(world)).toEqual(before)
    world.does('manager:service', 'servicing.settle', ofPeriod)
    expect(balancesOf(world)).toEqual(first.tranches.map(({ closingFen }) => closingFen))
    expect(world.read(distributionKey(DEAL, PERIOD))!.next).toBeNull()
    expect(world.read(servicingKey(DEAL))).toEqual({ settled: 1, last: PERIOD, open: null, poolVersion: 2 })
  })
  it('of a month without any cash settles without an instruction', () => {
    const story = established().settled({ principal: 0n, interest: 0n })
    expect(story.world.read(periodKey(DEAL, PERIOD))).toMatchObject({
      state: 'settled',
      transfer: null,
      instruction: null,
    })
  })
  it('of the last period writes down what can never be paid, and ends the plan', () => {
    const story = new PlanStory().established()
    story.month({ principal: 5_000_000_000n, interest: 0n, defaulted: 5_000_000_000n, final: true })
    const [a, b, sub] = ['A', 'B', 'sub'].map((tranche) => story.world.read(trancheKey(DEAL, tranche))!)
    expect([a, b, sub].map((tranche) => tranche!.balanceFen)).toEqual(['0', '0', '0'])
    expect(b!.writtenDownFen).toBe(b!.originalFen)
    expect(sub!.writtenDownFen).toBe(sub!.originalFen)
    expect(BigInt(a!.writtenDownFen)).toBe(
      8_000_000_000n - BigInt(story.world.read(distributionKey(DEAL, PERIOD))!.tranches[0]!.principalFen),
    )
    story.world.does('manager:checker', 'deal.close', { deal: DEAL })
  })
  it('after the last: no further period, and the plan cannot be closed before holders are paid', () => {
    const story = established()
    story.settled(last(story))
    expect(story.world.refused('manager:checker', 'deal.close', { deal: DEAL }).code).toBe('CASH_LEFT')
  })
})
