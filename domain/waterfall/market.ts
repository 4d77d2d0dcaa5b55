/** Revolving purchases and the sale of the pool. */
import { add, compare, divide, multiply, parseRate, ratio, reduce, toFen, ZERO, type Rate } from '../rate.ts'
import { minFen, mulDiv, sumFen, type Fen } from '../money.ts'
import type { Live } from './live.ts'
import { WaterfallError, type StepMark } from './live-types.ts'

interface Price {
  readonly performing: Rate
  readonly defaulted: Rate
}

/** Cash of the account (up to the limit) buys assets at the price; in a contract it is handed over for a purchase. */
export function purchase(live: Live, mark: StepMark, account: number, limit: Fen | null, price: Price): void {
  const availableBefore = live.state.accounts[account]!.balance
  const { until, minimumYield } = live.program.terms.purchase ?? {}
  // After the last day of purchases the cash stays where it is.
  if (until !== undefined && live.date > until) return
  const wanted = limit === null ? availableBefore : minFen(availableBefore, limit > 0n ? limit : 0n)
  const yields = minimumYield === undefined || wanted === 0n ? null : yieldAfter(live, wanted, price)
  const refused = yields !== null && compare(yields, parseRate(minimumYield!)) < 0
  const cash = refused ? 0n : wanted
  const bought =
    cash === 0n
      ? { spent: 0n, balance: 0n }
      : (live.env.buy?.(live.date, cash, price) ?? {
          spent: cash,
          balance: toFen(divide(ratio(cash), price.performing), 'floor'),
        })
  const payee = { kind: 'pool', id: 'purchase' } as const
  const inputs = { price: price.performing, balance: bought.balance, ...(yields && { yield: yields }) }
  live.payOut(mark, account, { payee, due: wanted, inputs }, bought.spent, 'purchase')
  live.state.pools[0]!.cumulativePurchased += bought.balance
  live.moved(account, -bought.spent)
  if (bought.spent > 0n) live.raise('revolving-purchase', mark.clause)
}

/**
 * Weighted rate of the pool as it would be after the purchase (DOMAIN.md §2: the pool is tested after the purchase).
 * @throws WaterfallError `UNKNOWN_YIELD` when nobody says what the assets on offer bear
 */
function yieldAfter(live: Live, cash: Fen, price: Price): Rate {
  if (!live.env.offeredRate)
    throw new WaterfallError('UNKNOWN_YIELD', { needed: 'the rate of the assets on offer, for purchase.minimumYield' })
  const bought = divide(ratio(cash), price.performing)
  const held = live.state.pools.map(({ weightedRate, balance }) => multiply(weightedRate, ratio(balance)))
  const all = ratio(sumFen(live.state.pools.map(({ balance }) => balance)))
  const interest = add(held.reduce(add, ZERO), multiply(bought, live.env.offeredRate(live.date)))
  return reduce(divide(interest, add(all, bought)))
}

/** floor(performing × price) + floor((cumulative default − recovery − loss) × price of defaulted) is deposited. */
export function sellPool(live: Live, mark: StepMark, account: number, price: Price): void {
  let proceeds = 0n
  for (const pool of live.state.pools) {
    const open = pool.cumulativeDefault - pool.cumulativeRecovery - pool.cumulativeLoss
    proceeds += mulDiv(pool.balance, price.performing.numerator, price.performing.denominator, 'floor')
    proceeds += mulDiv(open, price.defaulted.numerator, price.defaulted.denominator, 'floor')
    pool.balance = 0n
    pool.defaultedBalance = 0n
  }
  live.env.sold?.(live.date)
  live.deposit(account, proceeds, { kind: 'pool', id: 'sale' }, 'purchase', mark.id)
  live.book(mark, live.program.accounts[account]!.payee, proceeds, proceeds, {
    price: price.performing,
  })
}
