/** Accounts and statements asked for on their own. */
import { Type } from 'typebox'
import { yearFraction } from '../../day-count.ts'
import { mulDiv, type Fen } from '../../money.ts'
import { balanceAsOf, spells, weightedBalance } from '../../waterfall/statement.ts'
import { defineCompute } from '../compute.ts'
import { accountsTerms } from '../deal-json.ts'
import { fenFromJson, fenToJson, rateFromJson } from '../numbers.ts'
import { closed, DateText, DayCountWord, items, Money, RateNumber, TableSchema } from '../schema/common.ts'
import { AccountSchema } from '../schema/deal.ts'
import { bareTerms, liveOf, statement } from './bare-deal.ts'

const txns = { txns: TableSchema }

const balancesAsOf = defineCompute(
  'balanceAsOf',
  items(Type.Object({ ...txns, at: Type.Array(DateText) }, closed)),
  (input) => ({
    values: input.items.map((item) => item.at.map((date) => fenToJson(balanceAsOf(statement(item.txns), date)))),
  }),
)

const weightedBalances = defineCompute(
  'weightedBalance',
  items(Type.Object({ dates: Type.Array(DateText), ...txns }, closed)),
  (input) => ({
    values: input.items.map(({ dates, txns: table }) =>
      dates.slice(1).map((to, index) => fenToJson(weightedBalance(statement(table), dates[index]!, to))),
    ),
  }),
)

const accountInterests = defineCompute(
  'accountInterest',
  Type.Object(
    {
      dayCount: DayCountWord,
      items: Type.Array(
        Type.Object({ balance: Money, rate: RateNumber, lastAccrue: DateText, to: DateText, ...txns }, closed),
      ),
    },
    closed,
  ),
  ({ dayCount, items: list }) => ({
    values: list.map(({ balance, rate, lastAccrue, to, txns: table }) => {
      const times = (amount: Fen, by: { numerator: bigint; denominator: bigint }): Fen =>
        mulDiv(amount, by.numerator, by.denominator, 'floor')
      const [held, annual] = [fenFromJson(balance), rateFromJson(rate)]
      const rows = statement(table)
      // Without transactions the rate is applied first, with them last; both floors are as the vectors define.
      const interest =
        rows.length === 0
          ? times(times(held, annual), yearFraction(dayCount, lastAccrue, to))
          : times(
              spells(rows, lastAccrue, to).reduce(
                (sum, spell) => sum + times(spell.balance, yearFraction(dayCount, spell.from, spell.to)),
                0n,
              ),
              annual,
            )
      return fenToJson(held + interest)
    }),
  }),
)

const reserveTargets = defineCompute(
  'reserveTarget',
  Type.Object({ accounts: Type.Record(Type.String(), AccountSchema), poolBalance: Money }, closed),
  ({ accounts, poolBalance }) => {
    const live = liveOf(
      bareTerms({ accounts: accountsTerms(accounts), pool: { initial: fenFromJson(poolBalance).toString() } }),
    )
    const each = (get: (index: number) => Fen) =>
      Object.fromEntries(Object.keys(accounts).map((id, index) => [id, fenToJson(get(index))]))
    const gap = (index: number): Fen => {
      const missing = live.targetOf(index) - live.state.accounts[index]!.balance
      return missing > 0n ? missing : 0n
    }
    return { target: each((index) => live.targetOf(index)), gap: each(gap) }
  },
)

export const ACCOUNT_PART_COMPUTES = [balancesAsOf, weightedBalances, accountInterests, reserveTargets]
