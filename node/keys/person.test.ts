import { describe, expect, it } from 'vitest'
import { describe as describeContracts } from '#contracts/describe'
import { registry } from '#contracts/registry'
import type { Review } from '#contracts/review'
import { verifyNative } from '#ledger-adapter/application/verify-native'
import { fromBase64url } from '#proof/base64url'
import { decodeSigned, signingBytes } from '#proof/command'
import { bytesToHex } from '#proof/hash'
import { NotAgreed, shownFirst } from './person.ts'
import { buildCommand, memorySigner } from './signer.ts'

const description = describeContracts(registry)
const seed = new Uint8Array(32).fill(7)
const clerk = memorySigner({ participant: 'core', operator: 'core:li', keyId: 'li-1', functions: ['maker'] }, seed)
const service = memorySigner(
  { participant: 'core', operator: 'core:service', keyId: 's-1', functions: ['service:receivable'] },
  seed,
)
const approval = (args = { receivable: 'r' } as Record<string, string>) =>
  buildCommand({
    chainId: 'c',
    contract: 'receivable',
    method: 'approve',
    args,
    commandId: 'x',
    as: clerk,
    issuedAt: 1000,
  })

describe('a person’s key', () => {
  it('signs exactly what was shown, also when the command changes while it is looked at', async () => {
    const shown: Review[] = []
    const args = { receivable: 'r' }
    const signer = shownFirst(clerk, description, async (review) => {
      shown.push(review)
      args.receivable = 'another'
      await Promise.resolve()
      return true
    })
    const signed = decodeSigned(await signer.sign(approval(args)))
    expect(shown).toHaveLength(1)
    const [review] = shown
    expect(review!.sentence.en).toContain('r')
    expect(signed.command).toEqual(JSON.parse(review!.canonical))
    expect(signed.command.args).toEqual({ receivable: 'r' })
    expect(bytesToHex(signingBytes(signed.command))).toBe(review!.signed)
    const [key, signature] = [fromBase64url(clerk.publicKey)!, fromBase64url(signed.signature)!]
    expect(verifyNative(key, Buffer.from(review!.signed, 'hex'), signature)).toBe(true)
  })

  it('does not sign what its person declines, or what cannot be shown in full', async () => {
    await expect(shownFirst(clerk, description, () => false).sign(approval())).rejects.toBeInstanceOf(NotAgreed)
    const willing = shownFirst(clerk, description, () => true)
    await expect(willing.sign(approval({}))).rejects.toThrow('NO_SUCH_FIELD')
    await expect(willing.sign({ ...approval(), method: 'unheardOf' })).rejects.toThrow('UNKNOWN_METHOD')
  })

  it('signs in, but signs no command as a bare message', () => {
    const signer = shownFirst(clerk, description, () => true)
    expect(() => signer.signMessage(signingBytes(approval()))).toThrow('only after it was shown')
    expect(signer.signMessage(Buffer.from('sluice/login/v1\nx'))).toHaveLength(64)
  })

  it('of a service is left as it is', () => {
    expect(shownFirst(service, description, () => false)).toBe(service)
  })
})
