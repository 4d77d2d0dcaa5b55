import { EmbeddedLedger } from '../embedded/embedded-ledger.ts'
import { CometbftLedger } from '../cometbft/cometbft-ledger.ts'
import { LedgerError, type Ledger } from '../port.ts'
import type { Answer, Question } from './ledger-child.ts'
import { testLedgerOptions } from './fixture.ts'

// A ledger in a process that a test kills. It opens the ledger when told to, so that it may stand ready before, and
// answers commands sent as messages.
let ledger: Ledger | undefined
const say = (answer: Answer) => process.send!(answer)

process.on('message', (question: Question) => {
  void answer(question)
})
process.on('disconnect', () => process.exit())
say({ kind: 'ready' })

async function answer(question: Question): Promise<void> {
  switch (question.kind) {
    case 'open': {
      const { databaseUrl, limits, consensus } = question
      const options = testLedgerOptions(databaseUrl, consensus && { governance: consensus.governance })
      ledger = consensus
        ? await CometbftLedger.open({
            ...options,
            listen: { port: consensus.abciPort },
            rpc: [consensus.rpcUrl],
            limits: { resendMs: 1_000, ...limits },
          })
        : await EmbeddedLedger.open({ ...options, limits })
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
