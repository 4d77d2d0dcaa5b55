import { instructionKey, type Instruction } from '#contracts/cash/state'
import { isoDate } from '#domain/date'
import { fenString, parseFen } from '#domain/money'
import type { Ledger } from '#ledger-adapter/port'
import type { BankGateway, StatementLine } from '#node/bank/port'
import { readOne } from '#node/read-state'
import type { BankActivities, BankLine } from './period-types.ts'

/** A bank's or custodian's dealings with its own core system. */
export function createBankActivities({ ledger, bank }: { ledger: Ledger; bank: BankGateway }): BankActivities {
  return {
    async incoming(request) {
      return (await bank.incoming(request)).map(bankLine)
    },
    async arrived(request) {
      const line = await bank.arrived(request)
      return line ? bankLine(line) : null
    },
    async pay({ instruction, valueDate }) {
      const standing = await readOne<Instruction>(ledger, instructionKey(instruction))
      if (!standing) throw new Error(`no instruction ${instruction} on the ledger`)
      const legs = standing.legs.map((leg) => ({ ...leg, amountFen: parseFen(leg.amountFen) }))
      return bankLine(await bank.pay({ instruction, valueDate: isoDate(valueDate), legs }))
    },
  }
}

const bankLine = ({ reference, valueDate, amountFen }: StatementLine): BankLine => ({
  reference,
  valueDate,
  amountFen: fenString(amountFen),
})
