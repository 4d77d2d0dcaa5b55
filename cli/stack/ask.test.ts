import { PassThrough } from 'node:stream'
import { expect, it } from 'vitest'
import { describe } from '#contracts/describe'
import { registry } from '#contracts/registry'
import { reviewOf } from '#contracts/review'
import { buildCommand } from '#node/keys/signer'
import { askOnTerminal } from './ask.ts'
import { askAsDescribed } from './served-contracts.ts'

const review = reviewOf(
  describe(registry),
  buildCommand({
    chainId: 'chain',
    contract: 'receivable',
    method: 'split',
    args: {
      holding: 'h',
      parts: [
        { id: 'h1', fen: '60000000' },
        { id: 'h2', fen: '40000000' },
      ],
    },
    commandId: 'x',
    as: { participant: 'core', keyId: 'k' },
    issuedAt: 1000,
  }),
)

function terminal(answer: string | undefined) {
  const input = Object.assign(new PassThrough(), { isTTY: answer !== undefined })
  if (answer !== undefined) input.write(`${answer}\n`)
  const output = new PassThrough()
  return { input, output, said: () => String(output.read()) }
}

it.each([['y', true], ['是', true], ['', false], ['n', false], ['maybe', false]])(
  'shows the command and takes %j as %s',
  async (answer, agreed) => {
    const { said, ...streams } = terminal(answer)
    expect(await askOnTerminal({ lang: 'zh' }, streams)(review)).toBe(agreed)
    const shown = said()
    for (const text of ['将应收账款持有 h 拆分为 2 份', 'Split holding h', '600000.00 元  [仅当事方]', review.digest]) {
      expect(shown).toContain(text)
    }
  },
) // prettier-ignore

it('shows also what is signed without asking, and signs nothing when nobody can be asked', async () => {
  const { said, ...streams } = terminal(undefined)
  await expect(askOnTerminal({ lang: 'en' }, streams)(review)).rejects.toThrow('--yes')
  expect(await askOnTerminal({ yes: true, lang: 'en' }, streams)(review)).toBe(true)
  expect(said()).toContain('600000.00 yuan')
})

it('asks about nothing that the node describes otherwise', async () => {
  const shown: unknown[] = []
  const ask = (methods: readonly object[]) =>
    askAsDescribed(
      () => ({ contracts: async () => ({ chainId: 'chain', bundle: null, versions: [], methods: methods as never }) }),
      (one) => shown.push(one) > 0,
    )
  await expect(ask([{ name: 'receivable.split', sentences: { zh: '查看', en: 'look' } }])(review)).rejects.toThrow('not signed') // prettier-ignore
  await expect(ask([])(review)).rejects.toThrow('no such method at this node')
  expect(shown).toEqual([])
})
