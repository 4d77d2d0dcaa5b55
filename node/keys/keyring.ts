import { mkdir, readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { KeyFunction } from '#contracts/kernel/method'
import { newSeed } from '#ledger-adapter/application/operator-key'
import { secretKey } from '#ledger-adapter/application/secret-key'
import { deriveKey, KeyFileError, newKdf, parseKeyFile, seal, unseal, type KeyFile } from './key-file.ts'
import { memorySigner, type KeyOwner, type Signer } from './signer.ts'
import { writeSecretOnce } from './write-once.ts'

const SUFFIX = '.key.json'
/** A key's file in its folder. */
export const keyFileOf = (folder: string, keyId: string): string => join(folder, `${keyId}${SUFFIX}`)

/** The keys of one organisation. It cannot hold another's, and none of them signs in another's name. */
export class Keyring {
  constructor(
    readonly participant: string,
    readonly signers: readonly Signer[],
  ) {
    for (const signer of signers) {
      if (signer.participant !== participant) {
        throw new KeyFileError(
          'WRONG_PARTICIPANT',
          signer.keyId,
          `belongs to ${signer.participant}, not ${participant}`,
        )
      }
    }
  }

  /** @throws KeyFileError NOT_FOUND */
  signer(keyId: string): Signer {
    const found = this.signers.find((signer) => signer.keyId === keyId)
    return found ?? this.missing(keyId)
  }

  /** The first key that may be used for this. @throws KeyFileError NOT_FOUND */
  signerFor(scope: KeyFunction): Signer {
    const found = this.signers.find(({ functions }) => functions.includes(scope))
    return found ?? this.missing(`a key for ${scope}`)
  }

  private missing(what: string): never {
    throw new KeyFileError('NOT_FOUND', what, `not on the keyring of ${this.participant}`)
  }
}

/**
 * Opens every key in an organisation's folder.
 * @throws KeyFileError WRONG_PASSPHRASE, MALFORMED, WRONG_PARTICIPANT, UNSAFE_MODE (readable by others), NOT_FOUND
 */
export async function openKeyring(folder: string, participant: string, passphrase: string): Promise<Keyring> {
  const files = await readKeyFiles(folder)
  if (files.length === 0) throw new KeyFileError('NOT_FOUND', folder, 'holds no key')
  const keys = new Map<string, Promise<Buffer>>()
  const signers = await Promise.all(
    files.map(async ({ path, sealed }) => {
      const id = JSON.stringify(sealed.kdf)
      const key = keys.get(id) ?? deriveKey(passphrase, sealed.kdf)
      keys.set(id, key)
      const signer = memorySigner(sealed, unseal(path, sealed, await key))
      if (signer.publicKey !== sealed.publicKey)
        throw new KeyFileError('MALFORMED', path, 'publicKey is not the seed’s')
      return signer
    }),
  )
  return new Keyring(participant, signers)
}

/**
 * Makes a key and keeps it encrypted in the folder (mode 0700, file mode 0600); the file appears whole or not at all.
 * All keys of a folder are opened with one passphrase.
 * @param seed for an existing secret; otherwise a new one
 * @throws KeyFileError EXISTS, WRONG_PASSPHRASE (the folder has keys under another)
 */
export async function createKey(
  folder: string,
  of: KeyOwner,
  passphrase: string,
  seed: Uint8Array = newSeed(),
): Promise<Signer> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const [first] = await readKeyFiles(folder)
  const kdf = first?.sealed.kdf ?? newKdf()
  const key = await deriveKey(passphrase, kdf)
  if (first) unseal(first.path, first.sealed, key)
  const { participant, operator, keyId, functions, curve = 'ed25519' } = of
  const { publicKey } = secretKey(curve, seed)
  const sealed = seal({ participant, operator, keyId, curve, publicKey, functions }, seed, key, kdf)
  const path = keyFileOf(folder, keyId)
  const text = `${JSON.stringify(sealed, null, 2)}\n`
  parseKeyFile(path, text)
  if (!(await writeSecretOnce(path, text))) throw new KeyFileError('EXISTS', path, 'there is a key of this id')
  return memorySigner(of, seed)
}

async function readKeyFiles(folder: string): Promise<{ path: string; sealed: KeyFile }[]> {
  const names = (await readdir(folder).catch(missingFolder)).filter((name) => name.endsWith(SUFFIX)).sort()
  return Promise.all(
    names.map(async (name) => {
      const path = join(folder, name)
      const { mode } = await stat(path)
      if ((mode & 0o077) !== 0) throw new KeyFileError('UNSAFE_MODE', path, 'others may read it: chmod 600')
      return { path, sealed: parseKeyFile(path, await readFile(path, 'utf8')) }
    }),
  )
}

function missingFolder(error: NodeJS.ErrnoException): string[] {
  if (error.code === 'ENOENT') return []
  throw error
}
