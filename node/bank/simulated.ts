import { hashJson } from '#proof/hash'
import { sumFen } from '#domain/money'
import type { BankGateway, StatementLine } from './port.ts'

/**
 * A bank that does not exist: obligors pay what the caller's book says they paid, and every payment succeeds. Its
 * references are functions of what was asked, so it repeats itself after a restart as a real bank's statement would.
 */
export function simulatedBank(options: {
  bank: string
  /** What arrived from outside, e.g. the replay of a tape. */
  arrivals: (account: string, period: string) => Promise<readonly Omit<StatementLine, 'reference'>[]>
}): BankGateway {
  const reference = (...parts: string[]): string => `${options.bank}:${hashJson(parts).slice(0, 24)}`
  return {
    async incoming({ account, period }) {
      const lines = await options.arrivals(account, period)
      return lines.map((line, index) => ({ ...line, reference: reference('in', account, period, String(index)) }))
    },
    async pay({ instruction, valueDate, legs }) {
      const amountFen = sumFen(legs.map((leg) => leg.amountFen))
      return { reference: reference('out', instruction), valueDate, amountFen }
    },
  }
}
