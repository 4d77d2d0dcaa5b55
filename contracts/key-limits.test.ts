import { describe as suite, expect, it } from 'vitest'
import type { JsonObject } from '#proof/json'
import { businessDate } from './calendar/business-date.ts'
import { RESERVED_CASH } from './cash/commitment.ts'
import { accountIds } from './deal/account-ids.ts'
import { CHAPTERS } from './deal/testing/chapters.ts'
import { DEAL, PlanStory } from './deal/testing/plan.ts'
import { describe, sentenceOf } from './describe.ts'
import { parseGenesis } from './genesis.ts'
import { execute } from './kernel/execute.ts'
import type { Method } from './kernel/method.ts'
import type { World } from './kernel/testing/world.ts'
import { callerOf } from './membership/caller.ts'
import { memberKey } from './membership/state.ts'
import { accepted, drafted, FACE, ISSUE, offered, OFFER, opened, SPLIT } from './receivable/testing/story.ts'
import { registry } from './registry.ts'
import { reviewOf } from './review.ts'
import { consortium, testGenesis, testPublicKey } from './testing/consortium.ts'

interface Scene {
  readonly at: () => World
  readonly who: string
  readonly args: JsonObject | ((world: World) => JsonObject)
}

const credit = (): Pick<Scene, 'at' | 'args'> => {
  const args = {
    account: accountIds.issuance(DEAL),
    from: accountIds.subscribers(DEAL),
    amountFen: '30000',
    reference: 'line-9',
    deal: DEAL,
  }
  return {
    at: () => new PlanStory().approved().world,
    args: (world) => ({ ...args, valueDate: businessDate(world.read) }),
  }
}

/** One command of each method of a plan, and of those outside of plans that commit an amount, where it is accepted. */
const SCENES: Readonly<Record<string, Scene>> = {
  'receivable.issue': { at: opened, who: 'core:maker', args: ISSUE },
  'receivable.approve': { at: drafted, who: 'core:checker', args: { receivable: 'r' } },
  'receivable.proposeTransfer': { at: accepted, who: 'supplier-1:maker', args: OFFER },
  'receivable.acceptTransfer': { at: offered, who: 'supplier-2:maker', args: { holding: 'h' } },
  'cash.credit': { ...credit(), who: 'custodian:service' },
  'receivable.split': { at: accepted, who: 'supplier-1:maker', args: SPLIT },
  ...Object.fromEntries(
    Object.entries(CHAPTERS).map(([name, { at, who, args }]) => {
      let story: ReturnType<typeof at>
      return [name, { who, at: () => (story = at()).world, args: () => args(story) }]
    }),
  ),
}
const METHODS = new Map(registry.allMethods().map((one) => [`${one.contract}.${one.method}`, one]))

/** Whoever `who` is in this world, with a limit. */
function limited(world: World, who: string, limitFen: string): string {
  const [participant = '', role = ''] = who.split(':')
  const { caller } = callerOf(world.read, participant, `${role}-key`, world.height)!
  const name = `${who}:limited`
  world.enrol(name, { ...caller, limitFen })
  return name
}

/** What the command would do, without doing it. */
function eventsOf(world: World, who: string, name: string, args: JsonObject) {
  const [participant = '', role = ''] = who.split(':')
  const { caller } = callerOf(world.read, participant, `${role}-key`, world.height)!
  const [contract = '', method = ''] = name.split('.')
  const block = { chainId: 'test', height: world.height, blockTimeMs: world.blockTimeMs, bundle: world.bundle }
  const result = execute(world.registry, world.read, { contract, method, args, commandId: 'c' }, caller, block)
  if (!result.accepted) throw new Error(`${name}: ${JSON.stringify(result)}`)
  return result.events
}

suite('the amount that a command commits', () => {
  it('is declared by these methods', () => {
    const declared = [...METHODS].filter(([, { commits }]) => commits).map(([name]) => name)
    expect(declared.sort()).toEqual([
      'cash.credit',
      'deal.establish',
      'deal.repeatPrice',
      'deal.returnCredit',
      'receivable.acceptTransfer',
      'receivable.approve',
      'receivable.issue',
      'receivable.proposeTransfer',
      'securities.repayHolder',
      'securities.subscribe',
      'servicing.approveInstructions',
      'servicing.settle',
      'servicing.transferCollections',
    ])
  })

  it('is in an event of the same contracts, in fields of it', () => {
    const events = new Map(
      describe(registry).contracts.flatMap(({ name, events }) => events.map((one) => [`${name}.${one.event}`, one])),
    )
    for (const [name, { commits }] of METHODS) {
      if (!commits) continue
      const paths = events.get(commits.event)?.fields.map(({ path }) => path)
      expect(paths, name).toEqual(expect.arrayContaining([...commits.fields]))
    }
  })

  it.each(Object.entries(SCENES))('%s: at the limit it is done, one fen under it it is refused', (name, scene) => {
    const world = scene.at()
    const args = typeof scene.args === 'function' ? scene.args(world) : scene.args
    const { commits } = METHODS.get(name) as Method
    const events = eventsOf(world, scene.who, name, args)
    // Whoever instructs cash declares it: no limit is got around by another method.
    const reserved = RESERVED_CASH.fenOf(events)
    if (reserved > 0n) expect(commits).toBe(RESERVED_CASH)
    if (!commits) {
      world.does(limited(world, scene.who, '1'), name, args)
      return
    }
    const fen = commits.fenOf(events)
    expect(fen > 1n).toBe(true)
    const { event, fields } = commits
    const details = { event, fields, amountFen: String(fen), limitFen: String(fen - 1n) }
    const under = limited(world, scene.who, String(fen - 1n))
    expect(world.refused(under, name, args)).toEqual({ code: 'OVER_KEY_LIMIT', details })
    world.does(limited(world, scene.who, String(fen)), name, args)
  })

  it('is what it says: the face, the interval, the units’ price', () => {
    const fenOf = (name: string): bigint => {
      const { at, who, args } = SCENES[name]!
      const world = at()
      return METHODS.get(name)!.commits!.fenOf(eventsOf(world, who, name, typeof args === 'function' ? args(world) : args)) // prettier-ignore
    }
    for (const name of ['issue', 'approve', 'proposeTransfer', 'acceptTransfer'])
      expect(fenOf(`receivable.${name}`), name).toBe(BigInt(FACE))
    expect(fenOf('securities.subscribe')).toBe(10n * 10_000n)
  })
})

suite('a limit', () => {
  it('tells nobody an amount that is not theirs: the method’s own refusal comes first', () => {
    const world = accepted()
    const stranger = limited(world, 'supplier-2:maker', '1')
    const { code } = world.refused(stranger, 'receivable.proposeTransfer', { ...OFFER, recipient: 'factor' })
    expect(code).toBe('NOT_THE_HOLDER')
  })

  const newKey = (keyId: string, more: JsonObject = {}) => ({ keyId, curve: 'ed25519', publicKey: testPublicKey(`new ${keyId}`), ...more }) // prettier-ignore
  const addKey = (key: JsonObject) => ({ participant: 'core', operator: 'core:maker', key, fromHeight: null })
  const limitAt = (world: World, keyId: string) =>
    callerOf(world.read, 'core', keyId, world.height)?.caller.limitFen ?? 'none'
  const withLimit = (): World => {
    const world = opened()
    world.does('core:service', 'membership.addKey', addKey(newKey('l', { functions: ['maker'], limitFen: '500' })))
    return world
  }

  it('stands on the ledger for all to read, and nothing of it stands there for a key without one', () => {
    const world = withLimit()
    expect(world.read(memberKey('core', 'l'))?.limitFen).toBe('500')
    expect(world.events.at(-1)).toMatchObject({ event: 'KeyRegistered', topics: ['public', 'regulator'] })
    expect(limitAt(world, 'l')).toBe('500')
    const without = callerOf(world.read, 'core', 'maker-key', world.height)!.caller
    expect(Object.keys(without)).not.toContain('limitFen')
    expect(world.state.get('membership/key/core/maker-key')).not.toContain('limitFen')
  })

  it('comes with an operator too', () => {
    const world = opened()
    const key = newKey('o', { functions: ['maker'], limitFen: '7' })
    world.does('core:service', 'membership.addOperator', { ...addKey(key), operator: 'core:other', kind: 'person' })
    expect(limitAt(world, 'o')).toBe('7')
  })

  it.each(['0', '-1', '1.5', '01', '1'.repeat(19), 5, null])('is a positive number of fen in a string: not %j', (limitFen) => {
    const key = newKey('l', { functions: ['maker'], limitFen })
    const { code, details } = opened().refused('core:service', 'membership.addKey', addKey(key))
    expect([code, details['field']]).toEqual(['BAD_ARGS', '/key/limitFen'])
  }) // prettier-ignore

  it('is handed on by whoever rotates or replaces the key, and cannot be left behind or changed by that', () => {
    const rotated = withLimit()
    const rotate = { participant: 'core', keyId: 'l', successor: newKey('l2'), fromHeight: null }
    const wider = { ...rotate, successor: newKey('l2', { limitFen: '900' }) }
    expect(rotated.refused('core:service', 'membership.rotateKey', wider).code).toBe('BAD_ARGS')
    rotated.does('core:service', 'membership.rotateKey', rotate)
    expect(limitAt(rotated, 'l2')).toBe('500')

    const replaced = withLimit()
    const action = { kind: 'replaceKey', participant: 'core', keyId: 'l', successor: newKey('l3') }
    const agreed = { proposal: 'p', action, fromHeight: null }
    replaced.does('manager:maker', 'governance.propose', { ...agreed, expiresOn: '2011-01-05', reason: 'lost' })
    for (const who of ['bank', 'custodian', 'exchange']) replaced.does(`${who}:checker`, 'governance.approve', agreed)
    expect(limitAt(replaced, 'l3')).toBe('500')
    expect(limitAt(replaced, 'l')).toBe('none')
  })

  it('may be founded with, and is refused by its path where it is none', () => {
    const founding = (limitFen: string) => {
      const document = structuredClone(testGenesis())
      Object.assign(document.participants.find(({ id }) => id === 'core')!.operators[0]!.keys[0]!, { limitFen })
      return document
    }
    expect(limitAt(consortium({ participants: founding('42').participants }), 'maker-key')).toBe('42')
    expect(() => parseGenesis(founding('0'))).toThrow('/participants/11/operators/0/keys/0/limitFen')
  })
})

suite('who signs', () => {
  const own = describe(registry)
  const command = (name: string, args: JsonObject) => {
    const [contract = '', method = ''] = name.split('.')
    return { chainId: 'chain', contract, method, args, commandId: 'c', participant: 'core', keyId: 'k', issuedAt: 1, expiresAt: 2 } // prettier-ignore
  }
  it('is told which amount a limit of the key would bound, and nothing where none is committed', () => {
    expect(reviewOf(own, command('receivable.issue', ISSUE)).limited).toEqual({
      zh: '应收账款金额 1000000.00 元',
      en: 'the face of the receivable, 1000000.00 yuan',
    })
    expect(reviewOf(own, command('receivable.split', SPLIT)).limited).toBeNull()
  })

  it('can be told it of every method that commits: its words are in both languages and about its arguments', () => {
    for (const [name, { commits, args }] of METHODS) {
      if (!commits) continue
      for (const words of [commits.amount.zh, commits.amount.en]) {
        expect(words.length, name).toBeGreaterThan(3)
        const named = [...words.matchAll(/\{([A-Za-z]+)/g)].map(([, field]) => field!)
        expect(Object.keys((args as unknown as { properties: object }).properties), name).toEqual(expect.arrayContaining(named)) // prettier-ignore
      }
    }
  })

  it('registers a key for at most an amount, or for any, and reads which', () => {
    const key = { keyId: 'n', curve: 'ed25519', publicKey: 'p', functions: ['maker'] }
    const words = (more: JsonObject) =>
      sentenceOf(registry, { contract: 'membership', method: 'addKey', args: { participant: 'core', operator: 'o', key: { ...key, ...more }, fromHeight: null } }) // prettier-ignore
    expect(words({ limitFen: '5000000' }).zh).toMatch(/，单笔不超过 50000.00 元$/)
    expect(words({ limitFen: '5000000' }).en).toMatch(/, by commands of at most 50000.00 yuan each$/)
    expect(words({}).zh).toMatch(/，不限金额$/)
    expect(words({}).en).toMatch(/, by commands of any amount$/)
    expect(() => words({ limitFen: null })).toThrow('UNKNOWN_FORM')
    expect(() => words({ limitFen: 5 })).toThrow('UNKNOWN_FORM')
  })
})
