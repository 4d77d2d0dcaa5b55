import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalBytes } from './canonical.ts'
import { commandKey, commandOfKey, decodeSigned, ID_PATTERN, type CommandName } from './command.ts'
import type { Json } from './json.ts'
import type { ExpiredReceipt } from './receipt.ts'
import { command, NOW_MS, SmallLedger, validatorTrust } from './testing/small-ledger.ts'
import { verifyReceipt } from './verify-receipt.ts'

const id = fc.stringMatching(new RegExp(ID_PATTERN))
/** Few letters, so that the two names of one text cut at several places are often met. */
const short = fc.stringMatching(/^[ab]([ab.:_-]{0,3})$/)
const name: fc.Arbitrary<CommandName> = fc.oneof(
  fc.record({ participant: id, commandId: id }),
  fc.record({ participant: short, commandId: short }),
)

describe('where a spent id stands', () => {
  it('tells two names apart, and says whose it is', () => {
    fc.assert(
      fc.property(name, name, (one, other) => {
        const isSame = one.participant === other.participant && one.commandId === other.commandId
        expect(commandKey(one) === commandKey(other)).toBe(isSame)
        expect(commandOfKey(commandKey(one))).toEqual(one)
      }),
      { numRuns: 2_000 },
    )
    for (const key of ['sys/command/', 'sys/command/alone', 'sys/block/1', 'notes/note/sys/command/a/b'])
      expect(commandOfKey(key), key).toBeUndefined()
  })

  it('is of names without a slash: no command and no receipt has another', () => {
    const ledger = new SmallLedger()
    const late = ledger.cometAnchor(NOW_MS / 1000 + 120)
    const honest = ledger.expired(late, command('never')) as ExpiredReceipt
    expect(verifyReceipt(canonicalBytes(honest as unknown as Json), validatorTrust)).toMatchObject({ ok: true })
    // Under a name of two parts, `core/c-1` of `a` would stand where `c-1` of `core/a` does.
    for (const field of ['participant', 'commandId'] as const) {
      const slashed = { ...honest.command, [field]: 'a/b' }
      const signed = { command: slashed, signature: 'A'.repeat(86) }
      expect(() => decodeSigned(canonicalBytes(signed as unknown as Json))).toThrow(`BAD_COMMAND /command/${field}`)
      const receipt = ledger.expired(late, slashed)
      expect(verifyReceipt(canonicalBytes(receipt as unknown as Json), validatorTrust)).toMatchObject({
        reason: 'BAD_FORM',
        field: `/command/${field}`,
      })
    }
  })

  it('is each participant’s own: what one spent is not spent of another', () => {
    const ledger = new SmallLedger()
    const late = ledger.cometAnchor(NOW_MS / 1000 + 120)
    const verdict = (participant: string) =>
      verifyReceipt(canonicalBytes(ledger.expired(late, command('c-1-0', { participant })) as unknown as Json), validatorTrust) // prettier-ignore
    expect(verdict('core')).toMatchObject({ reason: 'NOT_IN_STATE' })
    expect(verdict('supplier-1')).toMatchObject({ ok: true })
  })
})
