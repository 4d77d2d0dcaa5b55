import { EmbeddedLedger } from '../embedded/embedded-ledger.ts'
import { LedgerError } from '../port.ts'
import type { Answer, Question } from './ledger-child.ts'
import { testLedgerOptions } from './fixture.ts'

// A ledger in a process that a test kills. It opens the ledger when told to, so that it may stand ready before, and
// answers commands sent as messages.
let ledger: EmbeddedLedger | undefined
const say = (answer: Answer) => process.send!(answer)

process.on('message', (question: Question) => {
  void answer(question)
})
process.on('disconnect', () => process.exit())
say({ kind: 'ready' })

async function answer(question: Question): Promise<void> {
  switch (question.kind) {
    case 'open': {
      const { databaseUrl, limits } = question
      ledger = await EmbeddedLedger.open({ ...testLedgerOptions(databaseUrl), limits })
      say({ kind: 'open', chainId: ledger.chainId })
      return
    }
    case 'submit': {
      const { id } = question
      try {
        say({ kind: 'executed', id, executed: await ledger!.submit(Buffer.from(question.bytes, 'base64')) })
      } catch (error) {
        if (!(error instanceof LedgerError)) throw error
        const { stage, code, outcomeKnown, details } = error
        say({ kind: 'failed', id, stage, code, outcomeKnown, details })
      }
      return
    }
  }
}
