import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { exchangeKey } from './key-file.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-exchange-key-'))
})
afterEach(() => rm(folder, { recursive: true }))

describe('a participant’s key for files', () => {
  it('is made once, and is the same ever after', async () => {
    const made = await exchangeKey(folder, 'bank', 'right')
    expect((await exchangeKey(folder, 'bank', 'right')).publicKey).toBe(made.publicKey)
    expect(await readdir(folder)).toEqual(['exchange-key.json'])
    expect((await stat(join(folder, 'exchange-key.json'))).mode & 0o777).toBe(0o600)
  })

  it('is opened by its passphrase alone, as it was made', async () => {
    await exchangeKey(folder, 'bank', 'right')
    const path = join(folder, 'exchange-key.json')
    const text = await readFile(path, 'utf8')
    await expect(exchangeKey(folder, 'bank', 'wrong')).rejects.toMatchObject({ code: 'WRONG_PASSPHRASE' })
    await expect(exchangeKey(folder, 'core', 'right')).rejects.toMatchObject({ code: 'WRONG_PARTICIPANT' })
    await writeFile(path, text.replace('"bank"', '"core"'))
    await expect(exchangeKey(folder, 'core', 'right')).rejects.toMatchObject({ code: 'WRONG_PASSPHRASE' })
    await writeFile(path, text.replace('"scrypt"', '"none"'))
    await expect(exchangeKey(folder, 'bank', 'right')).rejects.toMatchObject({ code: 'MALFORMED' })
    await writeFile(path, text.slice(0, 50))
    await expect(exchangeKey(folder, 'bank', 'right')).rejects.toMatchObject({ code: 'MALFORMED' })
    await writeFile(path, text)
    await chmod(path, 0o644)
    await expect(exchangeKey(folder, 'bank', 'right')).rejects.toMatchObject({ code: 'UNSAFE_MODE' })
  })
})
