import { expect, test } from 'vitest'
import type { Action } from '#contracts/governance/actions'
import { decide, type Perform } from './decide.ts'

const action: Action = { kind: 'remove', participant: 'gone' }
const proposition = { action, subject: 'remove-gone', words: 'remove gone', reason: 'it left', fromHeight: 70 }
const three = { institutions: ['north', 'east', 'south'], today: '2026-01-05', proposals: () => Promise.resolve([]) }

/** Enacts with so many approvals, and keeps what was asked of it. */
function ledger(needed: number) {
  const asked: { who: string; method: string; args: Record<string, unknown> }[] = []
  const said: string[] = []
  const perform: Perform = (who, by, method, args) => {
    asked.push({ who: `${who}/${by}`, method, args })
    const approvals = asked.filter((each) => each.method === 'approve').length
    const events = approvals >= needed ? [{ event: 'Enacted' }] : []
    return Promise.resolve({ events } as unknown as Awaited<ReturnType<Perform>>)
  }
  return { asked, said, perform, say: (line: string) => void said.push(line) }
}

test('the first proposes, as many approve as are needed, each word for word what was proposed', async () => {
  const { asked, said, ...rest } = ledger(2)
  expect(await decide(proposition, { ...three, ...rest })).toEqual(['north', 'east'])
  expect(asked.map(({ who, method }) => `${who} ${method}`)).toEqual([
    'north/maker propose',
    'north/checker approve',
    'east/checker approve',
  ])
  const { proposal } = asked[0]!.args
  expect(proposal).toMatch(/^remove-gone-[0-9a-f]{8}$/)
  expect(asked[0]!.args).toEqual({ proposal, action, fromHeight: 70, expiresOn: '2026-01-12', reason: 'it left' })
  for (const { args } of asked.slice(1)) expect(args).toEqual({ proposal, action, fromHeight: 70 })
  expect(said).toEqual([`north proposes ${String(proposal)}: remove gone`, 'north approves', 'east approves: decided'])
})

test('what all approve and is not decided fails, and says who approved', async () => {
  const { perform, say } = ledger(4)
  await expect(decide(proposition, { ...three, perform, say })).rejects.toThrow(
    /^north, east, south approved remove-gone-[0-9a-f]{8}, which is not enough$/,
  )
})

test('where nobody decides nothing is sent', async () => {
  const { asked, perform, say } = ledger(1)
  await expect(decide(proposition, { ...three, institutions: [], perform, say })).rejects.toThrow('no institution decides') // prettier-ignore
  expect(asked).toEqual([])
})

test('a long subject leaves the id the digits that are of its content', async () => {
  const [first, second] = [ledger(1), ledger(1)]
  for (const [fromHeight, { perform, say }] of [first, second].entries())
    await decide({ ...proposition, fromHeight, subject: `validator-${'x'.repeat(64)}` }, { ...three, perform, say })
  const ids = [first, second].map(({ asked }) => asked[0]!.args['proposal'] as string)
  expect(ids[0]).not.toBe(ids[1])
  for (const id of ids) expect(id.length).toBeLessThanOrEqual(60)
})
