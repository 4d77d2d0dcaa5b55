import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { verifyNative } from '#ledger-adapter/application/verify-native'
import { fromBase64url } from '#proof/base64url'
import { decodeSigned, signingBytes } from '#proof/command'
import { createKey, Keyring, openKeyring } from './keyring.ts'
import { buildCommand, type Signer } from './signer.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-keys-'))
})
afterEach(() => rm(folder, { recursive: true }))

const bank = { participant: 'bank', operator: 'bank:clerk', keyId: 'clerk-1', functions: ['maker'] as const }
const core = { participant: 'core', operator: 'core:clerk', keyId: 'clerk-1', functions: ['maker'] as const }
const command = (as: Pick<Signer, 'participant' | 'keyId'>) =>
  buildCommand({ chainId: 'c', contract: 'cash', method: 'post', args: {}, commandId: 'x', as, issuedAt: 1000 })

describe('keyring', () => {
  it('keeps keys encrypted, mode 0600, and signs what verifies under the public key', async () => {
    const made = await createKey(folder, bank, 'correct horse')
    await createKey(folder, { ...bank, keyId: 'clerk-2', functions: ['checker'] }, 'correct horse')
    const names = await readdir(folder)
    expect(names).toEqual(['clerk-1.key.json', 'clerk-2.key.json'])
    for (const name of names) expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600)
    const keyring = await openKeyring(folder, 'bank', 'correct horse')
    const signer = keyring.signerFor('maker')
    expect(signer.publicKey).toBe(made.publicKey)
    expect(keyring.signerFor('checker').keyId).toBe('clerk-2')
    const signed = decodeSigned(await signer.sign(command(signer)))
    const [key, signature] = [fromBase64url(signer.publicKey)!, fromBase64url(signed.signature)!]
    expect(verifyNative(key, signingBytes(signed.command), signature)).toBe(true)
  })

  it("organisation X's keyring cannot sign for Y, nor hold Y's keys", async () => {
    await createKey(join(folder, 'bank'), bank, 'one')
    await createKey(join(folder, 'core'), core, 'two')
    const ofBank = await openKeyring(join(folder, 'bank'), 'bank', 'one')
    await expect(ofBank.signer('clerk-1').sign(command(core))).rejects.toMatchObject({ name: 'NotMyCommand' })
    await expect(ofBank.signer('clerk-1').sign(command({ ...bank, keyId: 'clerk-9' }))).rejects.toThrow('does not sign')
    await expect(openKeyring(join(folder, 'core'), 'bank', 'two')).rejects.toMatchObject({ code: 'WRONG_PARTICIPANT' })
    const ofCore = await openKeyring(join(folder, 'core'), 'core', 'two')
    expect(() => new Keyring('bank', ofCore.signers)).toThrow('WRONG_PARTICIPANT')
    expect(() => ofBank.signerFor('payer')).toThrow('NOT_FOUND')
  })

  it('signs messages of the house and no other bytes', async () => {
    const signer = await createKey(folder, bank, 'one')
    const message = Buffer.from('sluice/login/v1\nhello')
    expect(verifyNative(fromBase64url(signer.publicKey)!, message, signer.signMessage(message))).toBe(true)
    expect(() => signer.signMessage(Buffer.from('another protocol'))).toThrow(RangeError)
  })

  it('refuses a wrong passphrase, an edited file, a file that others may read, a second key of one id', async () => {
    await createKey(folder, bank, 'right')
    const path = join(folder, 'clerk-1.key.json')
    await expect(openKeyring(folder, 'bank', 'wrong')).rejects.toMatchObject({ code: 'WRONG_PASSPHRASE' })
    await expect(createKey(folder, { ...bank, keyId: 'k2' }, 'wrong')).rejects.toMatchObject({
      code: 'WRONG_PASSPHRASE',
    })
    await expect(createKey(folder, bank, 'right')).rejects.toMatchObject({ code: 'EXISTS' })
    const text = await readFile(path, 'utf8')
    await chmod(path, 0o644)
    await expect(openKeyring(folder, 'bank', 'right')).rejects.toMatchObject({ code: 'UNSAFE_MODE' })
    await chmod(path, 0o600)
    await writeFile(path, text.replace('"maker"', '"payer"'))
    await expect(openKeyring(folder, 'bank', 'right')).rejects.toMatchObject({ code: 'WRONG_PASSPHRASE' })
    await writeFile(path, text.replace('"scrypt"', '"none"'))
    await expect(openKeyring(folder, 'bank', 'right')).rejects.toMatchObject({ code: 'MALFORMED', file: path })
    await writeFile(path, text.slice(0, 100))
    await expect(openKeyring(folder, 'bank', 'right')).rejects.toMatchObject({ code: 'MALFORMED' })
    await expect(openKeyring(join(folder, 'none'), 'bank', 'x')).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect((await readdir(folder)).filter((name) => name.endsWith('.tmp'))).toEqual([])
  })

  it('fixes a command’s fields and bounds its lifetime', () => {
    const draft = { chainId: 'c', contract: 'cash', method: 'post', args: {}, commandId: 'x', as: bank, issuedAt: 1000 }
    expect(buildCommand({ ...draft, lifetimeMs: 5 })).toMatchObject({
      keyId: 'clerk-1',
      issuedAt: 1000,
      expiresAt: 1005,
    })
    expect(() => buildCommand({ ...draft, lifetimeMs: 24 * 60 * 60 * 1000 + 1 })).toThrow(RangeError)
  })
})
