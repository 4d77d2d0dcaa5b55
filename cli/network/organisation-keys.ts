import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { keyFileOf, type Keyring } from '#node/keys/keyring'
import type { Signer } from '#node/keys/signer'
import { writeSecretOnce } from '#node/keys/write-once'
import { keyIdOf, type Member } from '../demo/consortium.ts'
import { keyringIn, memberKeyring } from '../stack/keys.ts'
import { keysFolder, organisationFolder, passphraseFile } from './manifest.ts'

/**
 * An organisation's folder of encrypted keys, one for each operator, and their passphrase beside it: this is one machine.
 * What is there stays, so that a run that was cut short goes on.
 * @param given opens them; a new random one unless there is one
 */
export async function organisationKeys(home: string, member: Member, given?: string): Promise<Keyring> {
  return memberKeyring(keysFolder(home, member.id), member, await passphraseOf(home, member.id, given))
}

async function passphraseOf(home: string, organisation: string, given?: string): Promise<string> {
  const file = passphraseFile(home, organisation)
  await mkdir(organisationFolder(home, organisation), { recursive: true, mode: 0o700 })
  await writeSecretOnce(file, `${given ?? randomBytes(24).toString('base64url')}\n`)
  return (await readFile(file, 'utf8')).trim()
}

/**
 * The keys of an organisation to which operators are being added. A new one waits in a folder beside the others until the
 * ledger knows it: whoever looks for a key of the organisation meanwhile would be refused with it.
 */
export class KeysToAdd {
  private constructor(
    private readonly home: string,
    private readonly organisation: string,
    private known: readonly Signer[],
    private waiting: readonly Signer[],
  ) {}

  /** Those that are here; nothing is made yet. */
  static async of(home: string, organisation: string): Promise<KeysToAdd> {
    const passphrase = await readFile(passphraseFile(home, organisation), 'utf8').catch(nothingYet)
    const here = async (folder: string): Promise<readonly Signer[]> =>
      passphrase === undefined ? [] : (await keyringIn(folder, organisation, passphrase.trim())).signers
    const [known, waiting] = [keysFolder(home, organisation), waitingFolder(home, organisation)]
    return new KeysToAdd(home, organisation, await here(known), await here(waiting))
  }

  get areNone(): boolean {
    return this.known.length + this.waiting.length === 0
  }

  /** Undefined where it is not here. */
  publicKeyOf(operator: string): string | undefined {
    return this.find(operator)?.publicKey
  }

  private find(operator: string): Signer | undefined {
    return [...this.known, ...this.waiting].find(({ keyId }) => keyId === keyIdOf(operator))
  }

  /** Makes those that are not here yet. @returns for each operator the key that is here */
  async make(member: Member): Promise<ReadonlyMap<string, Signer>> {
    const lacking = member.operators.filter(({ id }) => !this.find(id))
    if (lacking.length > 0) {
      const folder = waitingFolder(this.home, member.id)
      const passphrase = await passphraseOf(this.home, member.id)
      this.waiting = (await memberKeyring(folder, { ...member, operators: lacking }, passphrase)).signers
    }
    return new Map(member.operators.map(({ id }) => [id, this.find(id)!]))
  }

  /** Gives those that the ledger knows their place among the others. */
  async take(ledgerKnows: (key: Signer) => boolean): Promise<void> {
    const taken = this.waiting.filter(ledgerKnows)
    if (taken.length === 0) return
    const folder = keysFolder(this.home, this.organisation)
    await mkdir(folder, { recursive: true, mode: 0o700 })
    for (const { keyId } of taken)
      await rename(keyFileOf(waitingFolder(this.home, this.organisation), keyId), keyFileOf(folder, keyId))
    this.known = [...this.known, ...taken]
    this.waiting = this.waiting.filter((key) => !taken.includes(key))
  }
}

/** Where the key of an operator waits whom the ledger does not know yet. */
export const waitingFolder = (home: string, organisation: string): string =>
  join(organisationFolder(home, organisation), 'keys.new')

function nothingYet(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
}
