import { expect, it } from 'vitest'
import { isoDate } from '#domain/date'
import { sumFen } from '#domain/money'
import { tapePlanTerms } from '#domain/deal/tape-plan'
import { monthlyTotals, NO_FLOWS, poolAt, poolBalance, replayLoan } from '#domain/tape/replay'
import { readTape } from '#node/tape/read-tape'
import { accountIds } from '../deal/account-ids.ts'
import { accountsOf, byOwner, overdrawn, total } from '../deal/testing/ledger-of.ts'
import { CUT_OFF, DEAL, PARTIES, PlanStory } from '../deal/testing/plan.ts'
import { trancheKey } from '../securities/state.ts'

/** The example of testdata/tape/README.md, through every contract call of its life. */
it('a plan on the real tape, loans of July to December 2010, is served to its end', async () => {
  const issued = ({ issueDate }: { issueDate: string }) => issueDate >= '2010-07-01' && issueDate <= CUT_OFF
  const loans = await readTape('testdata/tape/lc-2007-2010.csv.gz', { keep: issued })
  const pool = poolAt(loans.map(replayLoan), CUT_OFF)
  const poolFen = poolBalance(pool, CUT_OFF)
  const months = monthlyTotals(pool, CUT_OFF)
  const lastMonth = [...months.keys()].at(-1)!
  const terms = tapePlanTerms({
    poolFen,
    cutOff: CUT_OFF,
    firstPayDate: isoDate('2011-02-10'),
    statedMaturity: isoDate('2018-12-31'),
    names: { dealId: DEAL, zh: '真实资产包', en: 'Real tape' },
    parties: PARTIES,
  })
  const story = new PlanStory(poolFen, 1, terms).established()
  for (let ended = false; !ended;) {
    const { period } = story.dates
    ended = period === lastMonth
    story.month({ ...(months.get(period) ?? NO_FLOWS), final: ended })
  }
  const accounts = accountsOf(story.world)
  // principal + interest + late fees + recoveries of the README's example
  expect(-story.balance(accountIds.obligors(DEAL))).toBe(6_213_443_048n + 1_350_857_068n + 964_818n + 59_478_855n)
  expect(sumFen(Object.values(byOwner(accounts, ['fee', 'holder'])))).toBe(-story.balance(accountIds.obligors(DEAL)))
  expect(total(accounts)).toBe(0n)
  expect(overdrawn(accounts)).toEqual([])
  for (const tranche of ['A', 'B']) {
    expect(story.world.read(trancheKey(DEAL, tranche))).toMatchObject({ state: 'redeemed', writtenDownFen: '0' })
  }
  story.world.does('manager:checker', 'deal.close', { deal: DEAL })
}, 60_000)
