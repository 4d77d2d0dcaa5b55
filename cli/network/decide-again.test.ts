// Cut short and asked again: against the contracts themselves, which decide what a second proposal or approval comes to.
import { describe, expect, it } from 'vitest'
import { ApiError } from '#client/client'
import type { Action } from '#contracts/governance/actions'
import type { Proposal } from '#contracts/governance/state'
import type { World } from '#contracts/kernel/testing/world'
import { consortium, testPublicKey, withValidators } from '#contracts/testing/consortium'
import type { JsonObject } from '#proof/json'
import { CommandFailure } from '../failure.ts'
import { decide, type Institutions, type KnownProposal } from './decide.ts'

// Of manager, custodian, bank, exchange and depository any three decide.
const institutions = ['manager', 'custodian', 'bank', 'exchange', 'depository']
const action: Action = { kind: 'setValidator', participant: 'core', publicKey: testPublicKey('node'), power: 10 }
const proposition = { action, subject: 'validator-core', words: 'power 10 for core', reason: 'it is to vote' }

const proposalsIn = (world: World): KnownProposal[] =>
  [...world.state]
    .filter(([key]) => key.startsWith('governance/proposal/'))
    .map(([, text]) => JSON.parse(text) as Proposal)
    .map(({ proposal: id, ...rest }) => ({ id, ...rest }))
const open = (world: World): KnownProposal[] => proposalsIn(world).filter(({ state }) => state === 'open')

/** What becomes of the command of a number: it is not sent, or it is and nobody hears of it. */
type Fate = 'lost' | 'unheard'
const CUT = 'cut short'

function over(world: World, fates: Readonly<Record<number, Fate>> = {}, seen: () => KnownProposal[] = () => proposalsIn(world)) {
  const said: string[] = []
  const sent: string[] = []
  const perform: Institutions['perform'] = async (who, by, method, args) => {
    const fate = fates[sent.length]
    sent.push(`${who} ${method}`)
    if (fate === 'lost') throw new Error(CUT)
    const result = world.call(`${who}:${by}`, `governance.${method}`, args as JsonObject)
    if (fate === 'unheard') throw new Error(CUT)
    if (result.accepted) return { events: result.events }
    const { code } = result.refusal
    throw new CommandFailure(`${who}: ${code}`, 1, { cause: new ApiError(409, code, {}) })
  }
  const proposals = (): Promise<KnownProposal[]> => Promise.resolve(seen())
  return { said, sent, among: { institutions, today: '2011-01-01', perform, proposals, say: (line: string) => void said.push(line) } }
} // prettier-ignore

const validators = (world: World) => world.state.get('governance/validators')

describe('a decision that was cut short', () => {
  const cuts = [0, 1, 2, 3].flatMap((at) => (['lost', 'unheard'] as const).map((fate) => [at, fate] as const))
  it.each(cuts)('at command %i, which is %s, is taken by the next run with one proposal', async (at, fate) => {
    const world = consortium()
    await expect(decide(proposition, over(world, { [at]: fate }).among)).rejects.toThrow(CUT)
    const again = over(world)
    await decide(proposition, again.among)
    expect(proposalsIn(world).map(({ id, state }) => [id.replace(/[0-9a-f]{8}$/, ''), state])).toEqual([['validator-core-', 'enacted']]) // prettier-ignore
    expect(validators(world)).toContain(testPublicKey('node'))
    // Nobody is asked twice for what the ledger shows of the run before.
    const known = fate === 'unheard' ? at + 1 : at
    if (known >= 1 && known < 4) expect(again.sent).not.toContain('manager propose')
    for (const who of institutions.slice(0, Math.min(Math.max(known - 1, 0), 2))) {
      expect(again.sent).not.toContain(`${who} approve`)
    }
  }) // prettier-ignore

  it('goes on too where what was sent is committed only after the ledger was asked', async () => {
    for (const at of [0, 1, 3]) {
      const world = consortium()
      let snapshot: KnownProposal[] = []
      const first = over(world, { [at]: 'unheard' })
      const perform: Institutions['perform'] = (...call) => {
        if (first.sent.length === at) snapshot = proposalsIn(world)
        return first.among.perform(...call)
      }
      await expect(decide(proposition, { ...first.among, perform })).rejects.toThrow(CUT)
      let asked = 0
      const again = over(world, {}, () => (asked++ === 0 ? snapshot : proposalsIn(world)))
      await decide(proposition, again.among)
      expect(proposalsIn(world).map(({ state }) => state), `command ${at}`).toEqual(['enacted'])
    }
  }) // prettier-ignore
})

describe('what is asked again', () => {
  it('and is so already is not proposed again', async () => {
    const world = consortium()
    await decide(proposition, over(world).among)
    const again = over(world)
    expect(await decide(proposition, again.among)).toEqual([])
    expect(again.said).toEqual(['it is so already: power 10 for core'])
    expect(proposalsIn(world)).toHaveLength(1)
  })

  it('and was changed since is a proposal of its own, and so is other content', async () => {
    const world = consortium(withValidators('manager'))
    const away = { ...proposition, action: { ...action, power: 0 } as Action }
    for (const each of [proposition, away, proposition, away]) await decide(each, over(world).among)
    expect(new Set(proposalsIn(world).map(({ id }) => id)).size).toBe(4)
    expect(open(world)).toEqual([])
    await expect(decide(proposition, over(world, { 1: 'lost' }).among)).rejects.toThrow(CUT)
    await decide({ ...proposition, fromHeight: 900 }, over(world).among)
    expect(open(world)).toHaveLength(1)
  })

  it('and has run out is proposed anew', async () => {
    const world = consortium()
    await expect(decide(proposition, over(world, { 1: 'lost' }).among)).rejects.toThrow(CUT)
    for (let day = 1; day <= 9; day += 1) world.does('manager:service', 'calendar.roll', { date: `2011-01-0${day}` })
    await decide(proposition, { ...over(world).among, today: '2011-01-09' })
    expect(proposalsIn(world).map(({ state }) => state).sort()).toEqual(['enacted', 'open'])
  }) // prettier-ignore

  it('and whose approval counts no more is approved by the others first, then by that one again', async () => {
    const world = consortium()
    await expect(decide(proposition, over(world, { 2: 'lost' }).among)).rejects.toThrow(CUT)
    const before = proposalsIn(world)
    world.does('manager:checker', 'governance.withdrawApproval', { proposal: before[0]!.id })
    const again = over(world, {}, () => before)
    const three = ['manager', 'custodian', 'bank']
    expect((await decide(proposition, { ...again.among, institutions: three })).sort()).toEqual(three.sort())
    expect(again.sent).toEqual(['custodian approve', 'bank approve', 'manager approve'])
    expect(open(world)).toEqual([])
  })
})
