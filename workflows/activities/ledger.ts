import type { KeyFunction } from '#contracts/kernel/method'
import { LEDGER_ERROR_CODES, LedgerError, type Executed, type Ledger, type LedgerErrorCode } from '#ledger-adapter/port'
import { NotMyCommand } from '#node/keys/signer'
import type { Command } from '#proof/command'
import { participantOf } from '../task-queue.ts'
import type { CommandDraft, LedgerActivities, Outcome, Submission } from './types.ts'

/** The organisation's own keys, found by what they may be used for. */
export interface Keyring {
  readonly participant: string
  signerFor(scope: KeyFunction): { readonly keyId: string; sign(command: Command): Promise<Uint8Array> }
}

/** Ledger activities of one organisation: they sign with its keys and with no other's. */
export function createLedgerActivities({ ledger, keyring }: { ledger: Ledger; keyring: Keyring }): LedgerActivities {
  return {
    async perform(draft: CommandDraft) {
      const { as, taskQueue, ...fields } = draft
      const participant = participantOf(taskQueue)
      const signer = keyring.signerFor(as)
      const { chainId } = ledger
      // A workflow that was started again finds what its predecessor did; its own clock would make other bytes.
      const recorded = await ledger.outcome({ participant, commandId: fields.commandId })
      if (recorded) return { kind: 'executed', outcome: outcomeOf(recorded), before: true }
      const command: Command = { ...fields, chainId, participant, keyId: signer.keyId }
      try {
        return await submission(ledger, await signer.sign(command))
      } catch (error) {
        if (!(error instanceof NotMyCommand)) throw error
        const details = { asked: participant, own: keyring.participant }
        return { kind: 'inadmissible', code: 'NOT_MY_COMMAND', details }
      }
    },
    submitSigned: (signedBase64) => submission(ledger, Buffer.from(signedBase64, 'base64')),
    async readState(keys) {
      const { values } = await ledger.query(keys)
      return values.map((value) => value ?? null)
    },
  }
}

async function submission(ledger: Ledger, bytes: Uint8Array): Promise<Submission> {
  try {
    return { kind: 'executed', outcome: outcomeOf(await ledger.submit(bytes)) }
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error
    const { code, details } = error
    if (code === 'EXPIRED' && error.outcomeKnown) return { kind: 'expired' }
    return error.outcomeKnown && !mayBeAdmittedLater(code)
      ? { kind: 'inadmissible', code, details }
      : { kind: 'unknown', code }
  }
}

/** Nothing was recorded, yet the same bytes may be admitted a moment later. */
const mayBeAdmittedLater = (code: LedgerErrorCode): boolean =>
  LEDGER_ERROR_CODES[code] === 'transient' || code === 'NOT_YET_VALID'

function outcomeOf({ commandId, position, outcome }: Executed): Outcome {
  const at = `${position.height}.${position.index}`
  return outcome.accepted ? { commandId, position: at } : { commandId, position: at, refusal: outcome.refusal }
}
