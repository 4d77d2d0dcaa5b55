import fc from 'fast-check'
import { describe as suite, expect, it } from 'vitest'
import { signingBytes, type Command } from '#proof/command'
import { bytesToHex } from '#proof/hash'
import type { JsonObject } from '#proof/json'
import { PlanStory } from './deal/testing/plan.ts'
import { describe, SentenceError } from './describe.ts'
import { ISSUE, SPLIT } from './receivable/testing/story.ts'
import { registry } from './registry.ts'
import { reviewOf, visible } from './review.ts'

const description = describe(registry)
const command = (name: string, args: JsonObject): Command => {
  const [contract = '', method = ''] = name.split('.')
  const times = { issuedAt: 1_300_000_000_000, expiresAt: 1_300_000_600_000 }
  return { chainId: 'chain', contract, method, args, commandId: 'c-1', participant: 'core', keyId: 'k', ...times }
}
const review = (name: string, args: JsonObject) => reviewOf(description, command(name, args))

suite('a review', () => {
  it('shows the sentence, each field with its unit and who learns it, and the bytes that are signed', () => {
    const shown = review('receivable.issue', ISSUE)
    expect(shown.sentence.zh).toContain('金额 1000000.00 元')
    const line = (path: string) => shown.fields.find((field) => field.path === path)
    expect(line('/faceFen')).toEqual({
      path: '/faceFen',
      visibility: 'parties',
      text: { zh: '1000000.00 元', en: '1000000.00 yuan' },
    })
    expect(line('/invoices/0/commitment')?.visibility).toBe('commitment')
    expect(line('/invoices/0/amountFen')?.text.zh).toMatch(/^\d+\.\d\d 元$/)
    expect(shown.signed).toBe(bytesToHex(signingBytes(command('receivable.issue', ISSUE))))
    expect(JSON.parse(shown.canonical)).toEqual(command('receivable.issue', ISSUE))
  })

  it('shows every value that is signed, whatever the arguments', () => {
    const story = new PlanStory()
    for (const [name, args] of [
      ['deal.propose', story.proposal],
      ['receivable.split', SPLIT],
    ] as const) {
      const { fields } = review(name, args)
      const leaves = (value: unknown): number =>
        typeof value === 'object' && value !== null && Object.keys(value).length > 0
          ? Object.values(value).reduce((sum: number, item) => sum + leaves(item), 0)
          : 1
      expect(fields).toHaveLength(leaves(args))
    }
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (extra) => {
        const args = JSON.parse(JSON.stringify({ ...SPLIT, extra })) as JsonObject
        const shown = (() => {
          try {
            return review('receivable.split', args)
          } catch (error) {
            // Numbers that are no safe integers, and broken text, cannot be signed at all.
            expect((error as Error).name).toBe('CanonicalError')
            return undefined
          }
        })()
        if (shown) expect(shown.fields.some(({ path }) => path.startsWith('/extra'))).toBe(true)
      }),
    )
  })

  it('reads from what is signed alone: not from an object that changes or answers twice differently', () => {
    let asked = 0
    const args = { ...SPLIT } as Record<string, unknown>
    Object.defineProperty(args, 'holding', { enumerable: true, get: () => (asked++ === 0 ? 'mine' : 'another') })
    const shown = review('receivable.split', args as JsonObject)
    const said = JSON.parse(shown.canonical) as Command
    expect(shown.sentence.en).toContain(String(said.args['holding']))
    expect(shown.command).toEqual(said)
    expect(bytesToHex(signingBytes(shown.command))).toBe(shown.signed)
    expect(() => Object.assign(shown.command.args, { holding: 'another' })).toThrow(TypeError)
    expect(() => Object.assign(shown.command, { method: 'issue' })).toThrow(TypeError)
  })

  it('shows what cannot be seen, and text that runs backwards, by its number', () => {
    const shown = review('receivable.reject', { receivable: 'r', reason: 'ok\u202e001\u200b\u001b[2J' })
    expect(shown.fields.find(({ path }) => path === '/reason')?.text.en).toBe('ok\\u{202e}001\\u{200b}\\u{1b}[2J')
    for (const text of Object.values(shown.sentence)) expect(visible(text)).toBe(text)
    expect(visible('应收账款 é 😀')).toBe('应收账款 é 😀')
  })

  it('is refused where the sentence would have a gap, or the method is unknown', () => {
    expect(() => review('receivable.split', {})).toThrow(SentenceError)
    expect(() => review('receivable.nothing', SPLIT)).toThrow('UNKNOWN_METHOD')
  })
})
