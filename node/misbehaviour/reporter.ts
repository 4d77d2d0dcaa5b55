import { randomUUID } from 'node:crypto'
import { misbehaviourKey } from '#contracts/governance/state'
import { LEDGER_ERROR_CODES, LedgerError, type Ledger } from '#ledger-adapter/port'
import type { DoubleVote } from '#proof/cometbft/index'
import type { JsonObject } from '#proof/json'
import { buildCommand, type Signer } from '../keys/signer.ts'

const RETRY_MS = 2_000

export type Reporter = (doubleVote: DoubleVote, ledger: Ledger) => void

/**
 * Brings a validator's double vote to the ledger, signed by a service's key of an organisation that this node serves; a
 * person's key signs nothing unasked. Every node does so, and the ledger records it once. Without such a key it is only
 * said: the other organisations' nodes report it.
 */
export function misbehaviourReporter(
  keyrings: readonly { readonly signers: readonly Signer[] }[],
  say: (text: string) => void,
): Reporter {
  const isService = ({ functions }: Signer) => functions.some((name) => name.startsWith('service:'))
  const signer = keyrings.flatMap(({ signers }) => signers).find(isService)
  return (doubleVote, ledger) => {
    const what = `validator ${doubleVote.validator} voted twice at height ${doubleVote.height}`
    if (!signer) return say(`${what}; no organisation here has a service's key to report it with`)
    report(ledger, signer, doubleVote).then(
      (outcome) => say(`${what}: ${outcome}`),
      (error: unknown) => say(`${what}, which could not be reported: ${error instanceof Error ? error.message : 'unknown'}`), // prettier-ignore
    )
  }
}

/** @throws LedgerError when the ledger is closed or does not take the command at all */
async function report(ledger: Ledger, signer: Signer, doubleVote: DoubleVote): Promise<string> {
  for (;;) {
    const args = doubleVote as unknown as JsonObject
    const draft = { contract: 'governance', method: 'reportMisbehaviour', args, chainId: ledger.chainId }
    try {
      const { values } = await ledger.query([misbehaviourKey(doubleVote).path])
      if (values[0] !== undefined) return 'on the ledger'
      const command = buildCommand({ ...draft, commandId: randomUUID(), as: signer, issuedAt: Date.now() })
      const { outcome } = await ledger.submit(await signer.sign(command))
      if (outcome.accepted || outcome.refusal.code === 'ALREADY_REPORTED') return 'on the ledger'
      return `refused with ${outcome.refusal.code}`
    } catch (error) {
      // Sent again under another id: what is on the ledger already is refused.
      const isPassing = error instanceof LedgerError && LEDGER_ERROR_CODES[error.code] === 'transient'
      if (!isPassing || error.code === 'CLOSED') throw error
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
    }
  }
}
