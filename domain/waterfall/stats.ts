/** The figures that formulas may ask for, each documented; docs/DEAL-TERMS.md prints this table. */
import type { Argument, Compiled, Stat, Value } from '../deal/formula/compile.ts'
import { add, divide, isZero, multiply, ratio, toDecimals, ZERO, type Rate } from '../rate.ts'
import { SOURCES } from '../deal/words.ts'
import { partsOf, type IsoDate } from '../date.ts'
import type { Fen } from '../money.ts'
import type { Live } from './live.ts'
import type { Names } from './program-types.ts'
import type { PoolState } from './state.ts'

type Read = (live: Live) => Value
export const COLLECTED_NAMES: readonly string[] = [...SOURCES, 'loss', 'default', 'cash']
export const NOTCHES = 'AAA AA+ AA AA- A+ A A- BBB+ BBB BBB- BB+ BB BB- B+ B B- CCC CC C D'.split(' ')

const many = (of: string): Argument => ({ kind: 'name', of, many: true, optional: true })
const one = (of: string): Argument => ({ kind: 'name', of })
const money = (fen: Fen): Rate => ratio(fen)

const sumOver = <T>(items: readonly T[], indices: readonly number[], get: (item: T) => Fen): Rate => {
  let total = 0n
  for (const index of indices) total += get(items[index]!)
  return money(total)
}

const stat = (
  type: Stat<Live>['type'],
  args: readonly Argument[],
  zh: string,
  en: string,
  bind: (names: readonly string[], values: readonly Compiled<Live>[]) => Read,
): Stat<Live> => ({ type, args, zh, en, bind })

/**
 * @param names positions by name
 * @param series receives every figure that is averaged, with the key of its series in the state
 */
export function statTable(names: Names, series: Map<Compiled<Live>, string>): Readonly<Record<string, Stat<Live>>> {
  const pick = (kind: keyof Names, wanted: readonly string[]): readonly number[] => {
    if (wanted.length > 0) return [...new Set(wanted.flatMap((name) => names[kind].get(name) ?? []))]
    return [...new Set([...names[kind].values()].flat())]
  }
  const pools = (zh: string, en: string, get: (pool: PoolState) => Fen): Stat<Live> =>
    stat('money', [many('pool')], zh, en, (wanted) => {
      const indices = pick('pool', wanted)
      return ({ state }) => sumOver(state.pools, indices, get)
    })
  const tranches = (zh: string, en: string, get: (live: Live, index: number) => Fen): Stat<Live> =>
    stat('money', [many('tranche')], zh, en, (wanted) => {
      const indices = pick('tranche', wanted)
      return (live) => {
        let total = 0n
        for (const index of indices) total += get(live, index)
        return money(total)
      }
    })
  const account = (zh: string, en: string, get: (live: Live, index: number) => Fen): Stat<Live> =>
    stat('money', [one('account')], zh, en, (wanted) => {
      const index = pick('account', wanted)[0]!
      return (live) => money(get(live, index))
    })
  const over = (top: (pool: PoolState) => Fen, bottom: (pool: PoolState) => Fen) => (): Read => {
    return ({ state }) => {
      let [a, b] = [0n, 0n]
      for (const pool of state.pools) [a, b] = [a + top(pool), b + bottom(pool)]
      return b === 0n ? ZERO : ratio(a, b)
    }
  }

  return {
    poolBalance: pools(
      '最近归集日资产池未偿余额（首个归集日前为期初余额）',
      'Performing balance at the last collection date (the opening balance before the first)',
      (pool) => pool.balance,
    ),
    poolOpeningBalance: pools(
      '本期期初资产池余额',
      'Pool balance at the start of the latest period',
      (pool) => pool.opening,
    ),
    initialPoolBalance: pools('初始资产池余额', 'Pool balance at issue', (pool) => pool.initial),
    poolFactor: stat(
      'number',
      [],
      '资产池余额÷初始余额',
      'Pool balance ÷ pool balance at issue',
      over(
        (p) => p.balance,
        (p) => p.initial,
      ),
    ),
    poolDefaultedBalance: pools(
      '违约资产当前余额',
      'Current balance of the assets in default',
      (pool) => pool.defaultedBalance,
    ),
    poolWeightedRate: stat(
      'number',
      [],
      '按余额加权的资产利率',
      'Asset rates weighted by balance, at the last collection date',
      () => weightedRate,
    ),
    cumulativeDefault: pools('累计违约金额', 'Defaults since the start', (pool) => pool.cumulativeDefault),
    cumulativeRecovery: pools('累计回收金额', 'Recoveries since the start', (pool) => pool.cumulativeRecovery),
    cumulativeLoss: pools('累计损失', 'Losses booked since the start', (pool) => pool.cumulativeLoss),
    cumulativePurchased: pools(
      '累计循环购买本金',
      'Principal bought since the start',
      (pool) => pool.cumulativePurchased,
    ),
    cumulativeDefaultRate: stat(
      'number',
      [],
      '累计违约率（分母：初始余额）',
      'Defaults since the start ÷ pool balance at issue',
      over(
        (p) => p.cumulativeDefault,
        (p) => p.initial,
      ),
    ),
    cumulativeDefaultRateOfPurchased: stat(
      'number',
      [],
      '累计违约率（分母：初始余额+累计购买）',
      'Defaults since the start ÷ (pool balance at issue + purchased)',
      over(
        (p) => p.cumulativeDefault,
        (p) => p.initial + p.cumulativePurchased,
      ),
    ),
    collected: stat(
      'money',
      [{ kind: 'name', of: 'source', many: true }],
      '最近归集期间按来源的现金',
      'Cash of the latest collection period by source',
      (sources) => {
        return ({ state }) => {
          let total = 0n
          for (const pool of state.pools) for (const source of sources) total += own(pool.collected, source) ?? 0n
          return money(total)
        }
      },
    ),
    arrears: stat(
      'money',
      [{ kind: 'name', of: 'bucket', many: true }],
      '各逾期段余额',
      'Balance in arrears buckets, e.g. arrears("M2", "M3")',
      (buckets) => {
        return ({ state }) => {
          let total = 0n
          for (const pool of state.pools) for (const bucket of buckets) total += own(pool.arrears, bucket) ?? 0n
          return money(total)
        }
      },
    ),
    trancheBalance: tranches(
      '证券未偿本金',
      'Current balance of tranches or groups',
      ({ state }, i) => state.tranches[i]!.balance,
    ),
    trancheOriginalBalance: tranches(
      '证券发行金额',
      'Original balance of tranches or groups',
      ({ program }, i) => program.tranches[i]!.original,
    ),
    trancheFactor: stat(
      'number',
      [many('tranche')],
      '证券未偿本金÷发行金额',
      'Current ÷ original balance',
      (wanted) => {
        const indices = pick('tranche', wanted)
        return ({ state, program }) => {
          let [a, b] = [0n, 0n]
          for (const i of indices) [a, b] = [a + state.tranches[i]!.balance, b + program.tranches[i]!.original]
          return b === 0n ? ZERO : ratio(a, b)
        }
      },
    ),
    trancheCount: stat('number', [], '证券数量', 'Number of tranches, members of groups one by one', () => {
      return ({ state }) => ratio(BigInt(state.tranches.length))
    }),
    interestDue: tranches('到期未付利息', 'Interest due and unpaid, without interest on it', ({ state }, i) =>
      state.tranches[i]!.coupons.reduce((sum, coupon) => sum + coupon.due, 0n),
    ),
    feeDue: stat('money', [many('fee')], '到期未付费用', 'Fees due and unpaid', (wanted) => {
      const indices = pick('fee', wanted)
      return ({ state }) => sumOver(state.fees, indices, (fee) => fee.due)
    }),
    ledgerBalance: stat('money', [one('ledger')], '台账余额', 'Balance of a ledger', (wanted) => {
      const indices = pick('ledger', wanted)
      return ({ state }) => sumOver(state.ledgers, indices, (ledger) => ledger.balance)
    }),
    cash: stat('money', [many('account')], '账户现金', 'Cash of accounts now', (wanted) => {
      const indices = pick('account', wanted)
      return ({ state }) => sumOver(state.accounts, indices, ({ balance }) => balance)
    }),
    reserveTarget: account('账户目标余额', 'Required balance of an account', (live, i) => live.targetOf(i)),
    reserveGap: account('账户缺口', 'max(0, target − balance)', (live, i) =>
      positive(live.targetOf(i) - live.state.accounts[i]!.balance),
    ),
    reserveExcess: account('账户超额', 'max(0, balance − target)', (live, i) =>
      positive(live.state.accounts[i]!.balance - live.targetOf(i)),
    ),
    facilityAvailable: stat('money', [one('facility')], '流动性支持可用额度', 'Credit still available', (wanted) => {
      const indices = pick('facility', wanted)
      return ({ state }) => sumOver(state.facilities, indices, ({ available }) => available)
    }),
    facilityDrawn: stat('money', [one('facility')], '流动性支持已提款', 'Amount drawn', (wanted) => {
      const indices = pick('facility', wanted)
      return ({ state }) => sumOver(state.facilities, indices, ({ drawn }) => drawn)
    }),
    date: stat('date', [], '本次事件日期', 'Date of the event', () => (live) => live.date),
    closingDate: stat(
      'date',
      [],
      '设立日',
      'Closing date (else the cut-off)',
      () =>
        ({ program }) =>
          program.closing,
    ),
    statedMaturity: stat(
      'date',
      [],
      '法定到期日',
      'Stated maturity',
      () =>
        ({ program }) =>
          program.statedMaturity,
    ),
    dealYear: stat('number', [], '设立后第几年（从1起）', 'Year since closing, from 1', () => (live) => {
      return ratio(BigInt(yearOf(live.program.closing, live.date)))
    }),
    period: stat(
      'number',
      [],
      '第几期（从1起）',
      'Number of the period, from 1',
      () =>
        ({ state }) =>
          ratio(BigInt(state.periods + 1)),
    ),
    indexRate: stat(
      'number',
      [{ kind: 'name', of: 'index' }],
      '基准利率',
      'Index rate at the date',
      ([name]) =>
        (live) =>
          live.indexAt(name!, live.date, 'inclusive'),
    ),
    reported: stat(
      'money',
      [{ kind: 'name', of: 'reported' }],
      '服务报告所列金额',
      'Amount of the servicer report, in fen',
      ([name]) =>
        ({ state }) =>
          own(state.reported, name!) ?? ZERO,
    ),
    reportedRatio: stat(
      'number',
      [{ kind: 'name', of: 'reported' }],
      '服务报告所列比率',
      'Ratio of the servicer report',
      ([name]) =>
        ({ state }) =>
          own(state.reported, name!) ?? ZERO,
    ),
    rating: stat(
      'number',
      [{ kind: 'name', of: 'rated' }],
      '评级级差（AAA 为 1）',
      'Rating as a notch: AAA is 1, AA+ 2, …; unknown is 21',
      ([name]) =>
        ({ state }) =>
          notch(own(state.ratings, name!) ?? ''),
    ),
    notch: stat(
      'number',
      [{ kind: 'name', of: 'rating' }],
      '评级符号的级差',
      'The notch of a rating symbol',
      ([symbol]) => {
        const value = notch(symbol!)
        return () => value
      },
    ),
    average: stat(
      'same',
      [{ kind: 'any' }, { kind: 'number' }],
      '最近n期平均',
      'Average of the last n values, one per pay date, this one included',
      (_, [figure, count]) => {
        series.set(figure!, `average${series.size + 1}`)
        return (live) => average(live, figure!, Number((count!.read(live) as Rate).numerator))
      },
    ),
  }
}

/** Names come from documents: what an object inherits is none of them. */
const own = <T>(record: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(record, name) ? record[name] : undefined

const positive = (fen: Fen): Fen => (fen > 0n ? fen : 0n)
const notch = (symbol: string): Rate => {
  const index = NOTCHES.indexOf(symbol)
  return ratio(BigInt(index < 0 ? NOTCHES.length + 1 : index + 1))
}

/** Completed years since the start, plus one. */
function yearOf(start: IsoDate, date: IsoDate): number {
  const [a, b] = [partsOf(start), partsOf(date)]
  const before = b.month < a.month || (b.month === a.month && b.day < a.day)
  return b.year - a.year - (before ? 1 : 0) + 1
}

/** Weighted over the pools by balance; once nothing is outstanding, the last such rate. */
function weightedRate({ state, program }: Live): Rate {
  const { rateDecimals } = program.behaviour
  const rate = weightedBy(state.pools, ({ balance }) => balance) ?? weightedBy(state.pools, ({ opening }) => opening)
  if (rate === null) return state.pools[0]?.weightedRate ?? ZERO
  return rateDecimals === null ? rate : toDecimals(rate, rateDecimals, 'floor')
}

function weightedBy(pools: readonly PoolState[], weight: (pool: PoolState) => Fen): Rate | null {
  const total = pools.reduce((sum, pool) => sum + weight(pool), 0n)
  if (total === 0n) return null
  const parts = pools.map((pool) => multiply(pool.weightedRate, ratio(weight(pool))))
  return divide(parts.reduce(add, ZERO), ratio(total))
}

/** Earlier values come from the state's series, kept by the figure's place in the terms (Program.series). */
function average(live: Live, figure: Compiled<Live>, count: number): Rate {
  const now = figure.read(live) as Rate
  const key = live.program.series.get(figure) ?? ''
  const values = [...(live.state.series[key] ?? []), now].slice(-count)
  const total = values.reduce(add, ZERO)
  return isZero(total) ? ZERO : divide(total, ratio(BigInt(values.length)))
}
