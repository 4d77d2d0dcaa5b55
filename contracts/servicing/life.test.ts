import { describe, expect, it } from 'vitest'
import { mulDiv, parseFen, sumFen } from '#domain/money'
import { accountIds } from '../deal/account-ids.ts'
import { dealKey } from '../deal/state.ts'
import { accountsOf, byOwner, overdrawn, total } from '../deal/testing/ledger-of.ts'
import { DEAL, PlanStory, type Month } from '../deal/testing/plan.ts'
import { trancheKey } from '../securities/state.ts'
import { distributionKey } from './state.ts'

/** Three months: a good one, one of defaults, and the last, after which 143 fen are open for ever. */
const MONTHS: readonly Month[] = [
  { principal: 4_000_000_000n, interest: 90_000_000n, lateFee: 7_515n },
  { principal: 3_500_000_000n, interest: 50_000_000n, defaulted: 100_000_000n },
  { principal: 2_000_000_000n, interest: 20_000_000n, defaulted: 399_999_857n, recovery: 12_345_678n, final: true },
]

describe('the life of a plan of 100,000,000.00 yuan in three periods', () => {
  const story = new PlanStory().established()
  const { world } = story
  const figures = MONTHS.map((month) => {
    const { period } = story.dates
    story.month(month)
    return world.read(distributionKey(DEAL, period))!
  })
  const tranche = (n: number, id: string) => figures[n]!.tranches.find(({ tranche: name }) => name === id)!

  it('pays interest on the whole balance for the days of each period, half-up, once', () => {
    // 2010-12-31 to 2011-02-10: 41 days; to 2011-03-10: 28 days; to 2011-04-10: 31 days.
    const days = [41n, 28n, 31n]
    figures.forEach((_, n) => {
      for (const [id, rate] of [
        ['A', 510n],
        ['B', 730n],
      ] as const) {
        const { openingFen, interestFen } = tranche(n, id)
        expect(interestFen, `${id} in period ${n + 1}`).toBe(
          mulDiv(parseFen(openingFen), rate * days[n]!, 3_650_000n, 'half-up').toString(),
        )
      }
    })
  })
  it('repays A, then B, then the rest to sub; what is lost is written down on sub', () => {
    expect(tranche(0, 'B').principalFen).toBe('0')
    expect(tranche(1, 'A').closingFen).not.toBe('0')
    expect(tranche(2, 'A').closingFen).toBe('0')
    expect(tranche(2, 'B').closingFen).toBe('0')
    const sub = world.read(trancheKey(DEAL, 'sub'))!
    expect(parseFen(tranche(2, 'sub').principalFen) + parseFen(sub.writtenDownFen)).toBe(parseFen(sub.originalFen))
    expect(parseFen(sub.writtenDownFen)).toBeGreaterThan(0n)
  })
  it('opens each period where the one before closed', () => {
    for (const n of [1, 2]) {
      for (const id of ['A', 'B', 'sub']) expect(tranche(n, id).openingFen).toBe(tranche(n - 1, id).closingFen)
    }
  })
  it('loses and makes no fen: what came in is what each party holds', () => {
    const accounts = accountsOf(world)
    expect(total(accounts)).toBe(0n)
    expect(overdrawn(accounts)).toEqual([])
    const paidIn = -story.balance(accountIds.obligors(DEAL))
    expect(paidIn).toBe(sumFen(MONTHS.map((month) => story.totalOf(month))))
    expect(sumFen(Object.values(byOwner(accounts, ['fee', 'holder'])))).toBe(paidIn)
    expect(byOwner(accounts, ['collection', 'plan', 'tranche'])).toEqual({ manager: 0n, depository: 0n })
    // Subscribers' money went to the originator whole.
    expect(story.balance(accountIds.price(DEAL))).toBe(-story.balance(accountIds.subscribers(DEAL)))
  })
  it('pays holders exactly what their tranches were paid', () => {
    const paidTo = (...ids: string[]) =>
      sumFen(
        figures
          .flatMap(({ tranches }) => tranches)
          .filter(({ tranche: id }) => ids.includes(id))
          .flatMap(({ interestFen, principalFen, residualFen }) => [interestFen, principalFen, residualFen])
          .map(parseFen),
      )
    expect(story.balance(accountIds.holder(DEAL, 'originator'))).toBe(paidTo('sub'))
    expect(
      story.balance(accountIds.holder(DEAL, 'investor-a')) + story.balance(accountIds.holder(DEAL, 'investor-b')),
    ).toBe(paidTo('A', 'B'))
  })
  it('ends, and is closed with nothing left', () => {
    expect(world.read(dealKey(DEAL))).toMatchObject({ state: 'servicing', status: 'ended' })
    world.does('manager:checker', 'deal.close', { deal: DEAL })
    expect(world.read(dealKey(DEAL))!.state).toBe('closed')
    expect(world.refused('manager:checker', 'deal.close', { deal: DEAL }).code).toBe('WRONG_STATE')
  })
  it('replays: the same events make the same state', () => {
    const again = new PlanStory().world
    again.state.clear()
    again.given(...world.events)
    expect([...again.state].sort()).toEqual([...world.state].sort())
  })
  it('keeps every value of the state small', () => {
    const sizes = [...world.state].map(([path, text]) => [path, text.length] as const)
    const big = sizes.filter(([path, size]) => size > 6_000 && !path.startsWith('deal/terms'))
    expect(big).toEqual([])
  })
})
