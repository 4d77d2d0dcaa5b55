import { exchangeKey } from '#node/exchange/key-file'
import { fileSigner } from '#node/exchange/manifest'
import type { HostedRecipient } from '#node/exchange/recipients'
import type { RecipientKey } from '#node/exchange/seal'
import type { Keyring } from '#node/keys/keyring'

/** An organisation whose keys a node holds: it works, signs and receives files for it. */
export interface HostedOrganisation {
  readonly keyring: Keyring
  /** To which others encrypt files for it; made when it is first needed, since opening it costs. */
  readonly exchangeKey: () => Promise<RecipientKey>
}

/** @param folder of its keys, which `passphrase` opens */
export function hostedOrganisation(keyring: Keyring, folder: string, passphrase: string): HostedOrganisation {
  let opened: Promise<RecipientKey> | undefined
  return {
    keyring,
    exchangeKey() {
      opened ??= exchangeKey(folder, keyring.participant, passphrase)
      opened.catch(() => (opened = undefined)) // whoever asks next tries again
      return opened
    },
  }
}

export const recipientOfHosted = ({ keyring, exchangeKey: key }: HostedOrganisation): HostedRecipient => ({
  signers: keyring.signers.map(fileSigner),
  publicKey: async () => (await key()).publicKey,
})
