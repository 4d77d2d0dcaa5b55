import { randomBytes } from 'node:crypto'
import { mkdir, readFile, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { canonicalBytes } from '#proof/canonical'
import {
  checkProtection,
  deriveKey,
  KeyFileError,
  newKdf,
  openSecret,
  sealSecret,
  type KeyFile,
} from '../keys/key-file.ts'
import { writeSecretOnce } from '../keys/write-once.ts'
import { recipientKeyOf, type RecipientKey } from './seal.ts'

/** A participant's X25519 secret at rest, as `keys/key-file.ts` keeps signing keys: scrypt and AES-256-GCM. */
interface ExchangeKeyFile extends Pick<KeyFile, 'kdf' | 'cipher'> {
  readonly format: 'sluice/exchange-key-file/1'
  readonly participant: string
  readonly publicKey: string
}

/** Not `.key.json`: those are signing keys. */
const NAME = 'exchange-key.json'

/**
 * The key by which a participant opens files that others encrypted for it, kept beside its signing keys under their
 * passphrase; made when there is none.
 * @throws KeyFileError WRONG_PASSPHRASE, WRONG_PARTICIPANT, MALFORMED, UNSAFE_MODE
 */
export async function exchangeKey(folder: string, participant: string, passphrase: string): Promise<RecipientKey> {
  const path = join(folder, NAME)
  const found = (await read(path)) ?? (await make(path, participant, passphrase))
  if (found.participant !== participant)
    throw new KeyFileError('WRONG_PARTICIPANT', path, `belongs to ${found.participant}, not ${participant}`)
  const secret = openSecret(path, found.cipher, bound(found), await deriveKey(passphrase, found.kdf))
  const key = recipientKeyOf(secret)
  if (key.publicKey !== found.publicKey) throw new KeyFileError('MALFORMED', path, 'publicKey is not the secret’s')
  return key
}

async function read(path: string): Promise<ExchangeKeyFile | undefined> {
  let text: string
  try {
    if (((await stat(path)).mode & 0o077) !== 0)
      throw new KeyFileError('UNSAFE_MODE', path, 'others may read it: chmod 600')
    text = await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  const fail = (field: string): never => {
    throw new KeyFileError('MALFORMED', path, `${field} is missing or not what it should be`)
  }
  try {
    const file = JSON.parse(text) as ExchangeKeyFile
    if (file?.format !== 'sluice/exchange-key-file/1') fail('format')
    checkProtection(file, fail)
    return file
  } catch (error) {
    if (error instanceof SyntaxError) throw new KeyFileError('MALFORMED', path, 'not JSON')
    throw error
  }
}

const bound = ({ participant, publicKey }: Pick<ExchangeKeyFile, 'participant' | 'publicKey'>): Uint8Array =>
  canonicalBytes({ participant, publicKey })

/** Two processes that make it at once end with one. */
async function make(path: string, participant: string, passphrase: string): Promise<ExchangeKeyFile> {
  const secret = randomBytes(32)
  const { publicKey } = recipientKeyOf(secret)
  const kdf = newKdf()
  const cipher = sealSecret(secret, bound({ participant, publicKey }), await deriveKey(passphrase, kdf))
  const file: ExchangeKeyFile = { format: 'sluice/exchange-key-file/1', participant, publicKey, kdf, cipher }
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  return (await writeSecretOnce(path, `${JSON.stringify(file, null, 2)}\n`)) ? file : (await read(path))!
}
