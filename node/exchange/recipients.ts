import type { JsonObject } from '#proof/json'
import { ExchangeError } from './errors.ts'
import { isSigned, signed, type KeyLookup, type Signed, type Signer } from './manifest.ts'

/** Which X25519 key files for a participant are encrypted to, in its own words: signed by a key that membership knows. */
export interface RecipientStatement extends JsonObject {
  readonly format: 'sluice/exchange-key/1'
  readonly participant: string
  /** X25519, base64url (seal.ts). */
  readonly publicKey: string
}

export interface Recipient {
  readonly participant: string
  readonly publicKey: string
}

/** A participant that a node serves: its signing keys, and the key to which others encrypt. */
export interface HostedRecipient {
  readonly signers: readonly Signer[]
  /** Asked for when a statement is first wanted: opening a key costs. */
  readonly publicKey: () => Promise<string>
}

/** What a node says about where to encrypt files for those it serves. */
export class RecipientBook {
  constructor(
    private readonly hosted: ReadonlyMap<string, HostedRecipient>,
    private readonly keyOf: KeyLookup,
  ) {}

  /** Signed anew each time, by a key that is valid now. @throws ExchangeError NOT_FOUND */
  async statement(participant: string): Promise<Signed<RecipientStatement>> {
    const found = this.hosted.get(participant)
    for (const signer of found?.signers ?? []) {
      if ((await this.keyOf(participant, signer.keyId)) === undefined) continue
      const publicKey = await found!.publicKey()
      return signed({ format: 'sluice/exchange-key/1', participant, publicKey }, signer)
    }
    throw new ExchangeError('NOT_FOUND', { participant })
  }
}

/** @throws ExchangeError BAD_KEY when the statement is not this participant's own */
export async function recipientOf(
  statement: Signed<RecipientStatement>,
  participant: string,
  keyOf: KeyLookup,
): Promise<Recipient> {
  const { format, participant: named, publicKey } = statement.body
  if (format !== 'sluice/exchange-key/1' || named !== participant || typeof publicKey !== 'string')
    throw new ExchangeError('BAD_KEY', { participant, problem: 'a statement of another form or participant' })
  if (!(await isSigned(statement, participant, keyOf)))
    throw new ExchangeError('BAD_KEY', { participant, problem: 'not signed by a key of the participant' })
  return { participant, publicKey }
}
