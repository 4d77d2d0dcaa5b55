import { join } from 'node:path'
import type { ClientSigner } from '#client/client'
import { describe } from '#contracts/describe'
import { registry } from '#contracts/registry'
import { newSeed, signingKey, type SigningKey } from '#ledger-adapter/application/operator-key'
import { KeyFileError } from '#node/keys/key-file'
import { createKey, Keyring, openKeyring } from '#node/keys/keyring'
import { shownFirst, type Ask } from '#node/keys/person'
import { readFile, writeFile, rename, mkdir } from 'node:fs/promises'
import { keyIdOf, type Member } from '../demo/consortium.ts'

/** One folder of encrypted keys for each member, as `memberKeyring` makes it. */
export async function memberKeyrings(
  folder: string,
  members: readonly Member[],
  passphrase: string,
): Promise<Map<string, Keyring>> {
  const keyrings = await Promise.all(
    members.map((member) => memberKeyring(join(folder, member.id), member, passphrase)),
  )
  return new Map(keyrings.map((keyring) => [keyring.participant, keyring]))
}

/**
 * A folder of encrypted keys, one for each of a member's operators. Keys that are missing (the first time, or after a
 * crash while they were made) are made; those that are there stay.
 */
export async function memberKeyring(folder: string, member: Member, passphrase: string): Promise<Keyring> {
  const before = await keyringIn(folder, member.id, passphrase)
  const missing = member.operators.filter(({ id }) => !before.signers.some(({ keyId }) => keyId === keyIdOf(id)))
  for (const { id, functions } of missing) {
    await createKey(folder, { participant: member.id, operator: id, keyId: keyIdOf(id), functions }, passphrase)
  }
  return missing.length === 0 ? before : openKeyring(folder, member.id, passphrase)
}

/** The keys that are in a folder, which may be none. @throws KeyFileError as `openKeyring` does */
export async function keyringIn(folder: string, participant: string, passphrase: string): Promise<Keyring> {
  try {
    return await openKeyring(folder, participant, passphrase)
  } catch (error) {
    if (error instanceof KeyFileError && error.code === 'NOT_FOUND') return new Keyring(participant, [])
    throw error
  }
}

/** The key that signs block headers, kept in a file of its own beside the members' folders. */
export async function ledgerOperatorKey(folder: string): Promise<SigningKey> {
  const path = join(folder, 'ledger-operator.seed')
  try {
    return signingKey(new Uint8Array(Buffer.from(await readFile(path, 'utf8'), 'hex')))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  const seed = newSeed()
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await writeFile(`${path}.new`, Buffer.from(seed).toString('hex'), { mode: 0o600, flush: true })
  await rename(`${path}.new`, path)
  return signingKey(seed)
}

/**
 * An operator's key as the client SDK asks for it: for signing in and for signing commands. A person's key shows each
 * command before it signs it, as the contracts of this program describe it.
 */
export function clientSigner(keyring: Keyring, operator: string, ask: Ask): ClientSigner {
  const signer = shownFirst(keyring.signer(keyIdOf(operator)), describe(registry), ask)
  const { participant, keyId } = signer
  return {
    participant,
    keyId,
    sign: (message) => signer.signMessage(message),
    signCommand: (command) => signer.sign(command),
  }
}
