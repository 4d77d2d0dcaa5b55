import { expect, it } from 'vitest'
import { genesisEvents, type GenesisDocument } from '#contracts/genesis'
import { callerOf } from '#contracts/membership/caller'
import { testGenesis, testPublicKey, testSecretKey } from '#contracts/testing/consortium'
import { testDatabase } from '#engines/testing/index'
import { toBase64url } from '#proof/base64url'
import { encodeSigned, signingBytes, type Command } from '#proof/command'
import { verifyExport } from '#proof/verify-export'
import { contractRules } from '../application/contract-rules.ts'
import { sm2SigningKey } from '../application/sm2-native.ts'
import { signTest, testCommand, testLedgerOptions, testRegistry } from '../testing/fixture.ts'
import { EmbeddedLedger } from './embedded-ledger.ts'

const [first, second] = [sm2SigningKey(testSecretKey('core:maker')), sm2SigningKey(testSecretKey('core:next'))]
const signed = (command: Command, key = first): Uint8Array =>
  encodeSigned({ command, signature: toBase64url(key.sign(signingBytes(command))) })

it('keys of both curves sign on one ledger, one is rotated into the other, and the export verifies', async () => {
  const { url } = await testDatabase()
  const founders = testGenesis()
  const participants = founders.participants.map((participant) => ({
    ...participant,
    operators: participant.operators.map((operator) =>
      operator.id === 'core:maker'
        ? {
            ...operator,
            keys: operator.keys.map((key) => ({ ...key, curve: 'sm2' as const, publicKey: first.publicKey })),
          }
        : operator,
    ),
  }))
  const ledger = await EmbeddedLedger.open(testLedgerOptions(url, { participants }))
  try {
    const note = (name: string, over: Partial<Command> = {}) =>
      testCommand(ledger.chainId, 'notes.put', { name, text: 'x' }, over)
    const put = await ledger.submit(signed(note('sm2')))
    expect(put.outcome.accepted).toBe(true)
    expect((await ledger.submit(signTest(note('ed25519', { keyId: 'checker-key' })))).outcome.accepted).toBe(true)

    const inNote = note('wrong curve')
    await expect(ledger.submit(signTest(inNote))).rejects.toMatchObject({ code: 'BAD_SIGNATURE' })
    await expect(ledger.submit(signed(note('wrong key'), second))).rejects.toMatchObject({ code: 'BAD_SIGNATURE' })

    const rotate = (successor: { keyId: string; curve: string; publicKey: string }, keyId: string) =>
      testCommand(
        ledger.chainId,
        'membership.rotateKey',
        { participant: 'core', keyId, successor, fromHeight: null },
        { keyId: 'service-key' },
      )
    const mistaken = { keyId: 'k', curve: 'sm2', publicKey: testPublicKey('nobody') }
    const refused = await ledger.submit(signTest(rotate(mistaken, 'checker-key')))
    expect(refused.outcome).toMatchObject({ accepted: false, refusal: { code: 'BAD_PUBLIC_KEY' } })
    const successor = { keyId: 'sm2-2', curve: 'sm2', publicKey: second.publicKey }
    const rotated = await ledger.submit(signTest(rotate(successor, 'checker-key')))
    expect(rotated.outcome).toMatchObject({ accepted: true })
    const bySuccessor = await ledger.submit(signed(note('rotated', { keyId: 'sm2-2' }), second))
    expect(bySuccessor.outcome.accepted).toBe(true)
    await expect(ledger.submit(signTest(note('old', { keyId: 'checker-key' })))).rejects.toMatchObject({
      code: 'UNKNOWN_KEY',
    })

    const lines: string[] = []
    for await (const line of ledger.export()) lines.push(line)
    const rules = contractRules(testRegistry, callerOf, (document) =>
      genesisEvents(document as unknown as GenesisDocument),
    )
    const verdict = await verifyExport(lines, {}, rules)
    expect(verdict).toMatchObject({ ok: true })
    // The same file with one SM2 signature exchanged for another is found out.
    const command = lines.findIndex((line) => line.includes(put.commandId) && line.includes('"signature"'))
    expect(command).toBeGreaterThan(0)
    const { signature } = JSON.parse(/\{"command":\{.*?"signature":"[^"]*"\}/.exec(lines[command]!)![0]) as {
      signature: string
    }
    const changed = [...lines]
    changed[command] = lines[command]!.replace(signature, toBase64url(second.sign(new Uint8Array(8))))
    expect(await verifyExport(changed, {}, rules)).toMatchObject({ ok: false })
  } finally {
    await ledger.close()
  }
})
