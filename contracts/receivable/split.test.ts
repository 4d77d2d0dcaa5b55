import { describe, expect, it } from 'vitest'
import type { JsonObject } from '#proof/json'
import type { World } from '../kernel/testing/world.ts'
import { HOLDING_STATES, holdingKey, type HoldingState, type HoldingTrigger } from './state.ts'
import { accepted, dayIs, ISSUE, offered, OFFER, opened, SPLIT } from './testing/story.ts'

const holding = (world: World, id = 'h') => world.read(holdingKey(id))
const does = (world: World, who: string, method: string, args: JsonObject) => {
  world.does(who, `receivable.${method}`, args)
  return world
}
const IN_STATE: Record<HoldingState, () => World> = {
  held: accepted,
  split: () => does(accepted(), 'supplier-1:maker', 'split', SPLIT),
  reserved: offered,
  transferred: () => does(offered(), 'supplier-2:maker', 'acceptTransfer', { holding: 'h' }),
}
type Command = Exclude<HoldingTrigger, 'expireTransfer'>
const COMMANDS: Record<Command, [string, JsonObject]> = {
  split: ['supplier-1:maker', { ...SPLIT, parts: SPLIT.parts.map(({ id, fen }) => ({ id: `x${id}`, fen })) }],
  proposeTransfer: ['supplier-1:maker', { ...OFFER, newHolding: 'x' }],
  acceptTransfer: ['supplier-2:maker', { holding: 'h' }],
  withdrawTransfer: ['supplier-1:maker', { holding: 'h' }],
}
const commands = Object.keys(COMMANDS) as Command[]

describe('a holding’s states', () => {
  it('every trigger of the table but the date’s is a command', () => {
    expect([...commands, 'expireTransfer'].sort()).toEqual([...HOLDING_STATES.triggers].sort())
  })
  for (const state of HOLDING_STATES.states) {
    for (const trigger of commands) {
      const row = HOLDING_STATES.rows.find(({ from, on }) => from === state && on === trigger)
      it(`${state} × ${trigger} → ${row?.to ?? 'WRONG_STATE'}`, () => {
        const world = IN_STATE[state]()
        expect(holding(world)?.state).toBe(state)
        const [who, args] = COMMANDS[trigger]
        if (row) expect(holding(does(world, who, trigger, args))?.state).toBe(row.to)
        else expect(world.refused(who, `receivable.${trigger}`, args).code).toBe('WRONG_STATE')
      })
    }
  }
  it.each(commands)('%s is refused while the batch lags the date', (trigger) => {
    const state = trigger === 'split' || trigger === 'proposeTransfer' ? 'held' : 'reserved'
    const world = dayIs(IN_STATE[state](), '2011-01-01', { close: false })
    const [who, args] = COMMANDS[trigger]
    expect(world.refused(who, `receivable.${trigger}`, args).code).toBe('BEHIND')
  })
  it.each(['split', 'proposeTransfer'] as const)('%s is refused from maturity on', (trigger) => {
    const world = opened()
    does(world, 'core:maker', 'issue', { ...ISSUE, maturity: '2011-01-02' })
    does(world, 'core:checker', 'approve', { receivable: 'r' })
    does(world, 'supplier-1:maker', 'accept', { receivable: 'r', holding: 'h' })
    const [who, args] = COMMANDS[trigger]
    expect(dayIs(world, '2011-01-02').refused(who, `receivable.${trigger}`, args).code).toBe('MATURED')
  })
})

describe('split', () => {
  it('cuts [1, N] in the order given and keeps the lineage', () => {
    const world = IN_STATE.split()
    expect(['h1', 'h2', 'h3'].map((id) => holding(world, id))).toMatchObject([
      { from: '1', to: '60000000', parent: 'h', owner: 'supplier-1', state: 'held', tier: 0 },
      { from: '60000001', to: '90000000', parent: 'h', owner: 'supplier-1', state: 'held', tier: 0 },
      { from: '90000001', to: '100000000', parent: 'h', owner: 'supplier-1', state: 'held', tier: 0 },
    ])
    expect(world.events.at(-1)!.topics).toEqual(['participant/core', 'participant/supplier-1', 'regulator'])
  })

  const parts = (...sizes: [string, string][]) => sizes.map(([id, fen]) => ({ id, fen }))
  it.each([
    ['PARTS_DO_NOT_SUM', { parts: parts(['a', '60000000'], ['b', '39999999']) }],
    ['DUPLICATE_HOLDING', { parts: parts(['a', '50000000'], ['a', '50000000']) }],
    ['HOLDING_EXISTS', { parts: parts(['h', '50000000'], ['a', '50000000']) }],
    ['HOLDING_NOT_FOUND', { holding: 'x' }],
    ['BAD_ARGS', { parts: parts(['a', '100000000']) }],
    ['BAD_ARGS', { parts: parts(['a', '100000000'], ['b', '0']) }],
    ['BAD_ARGS', { parts: Array.from({ length: 201 }, (_, i) => ({ id: `p${i}`, fen: '1' })) }],
  ])('is refused %s', (code, change) => {
    expect(accepted().refused('supplier-1:maker', 'receivable.split', { ...SPLIT, ...change }).code).toBe(code)
  })

  it('says what the parts should have summed to', () => {
    const args = { holding: 'h', parts: parts(['a', '60000000'], ['b', '30000000'], ['c', '9999999']) }
    expect(accepted().refused('supplier-1:maker', 'receivable.split', args).details).toEqual({
      want: '100000000',
      got: '99999999',
    })
  })

  it('is the holder’s alone, and a maker’s', () => {
    const world = accepted()
    expect(world.refused('supplier-2:maker', 'receivable.split', SPLIT).code).toBe('NOT_THE_HOLDER')
    expect(world.refused('core:maker', 'receivable.split', SPLIT).code).toBe('NOT_THE_HOLDER')
    expect(world.refused('supplier-1:checker', 'receivable.split', SPLIT).code).toBe('WRONG_FUNCTION')
  })

  it('keeps to the batch’s minimum', () => {
    const world = accepted({ minimumSplitFen: '10000001' })
    expect(world.refused('supplier-1:maker', 'receivable.split', SPLIT)).toMatchObject({
      code: 'BELOW_MINIMUM',
      details: { index: 2, minimumSplitFen: '10000001' },
    })
  })

  it('into 200 parts is one command', () => {
    const many = Array.from({ length: 200 }, (_, i) => ({ id: `p${i}`, fen: '500000' }))
    const world = does(accepted(), 'supplier-1:maker', 'split', { holding: 'h', parts: many })
    expect(holding(world, 'p199')).toMatchObject({ from: '99500001', to: '100000000' })
  })
})

describe('transfer', () => {
  it('is proposed, then accepted in one command; the debtor is told', () => {
    const world = IN_STATE.transferred()
    expect(holding(world, 'k')).toMatchObject({
      owner: 'supplier-2',
      from: '1',
      to: '100000000',
      parent: 'h',
      tier: 1,
      state: 'held',
    })
    const told = world.events.slice(-2).map(({ topics }) => topics)
    expect(told).toEqual([
      ['participant/supplier-1', 'participant/supplier-2', 'regulator'],
      ['participant/core', 'participant/supplier-1', 'participant/supplier-2', 'regulator'],
    ])
    expect(world.refused('supplier-1:maker', 'receivable.split', { ...SPLIT, holding: 'k' }).code).toBe(
      'NOT_THE_HOLDER',
    )
  })

  it.each([
    ['WRONG_RECIPIENT', { recipient: 'supplier-1' }],
    ['WRONG_RECIPIENT', { recipient: 'bank' }],
    ['PARTICIPANT_NOT_FOUND', { recipient: 'nobody' }],
    ['BAD_ARGS', { until: '2011-01-32' }],
    ['NOT_A_DATE', { until: '2011-02-29' }],
    ['UNTIL_IN_THE_PAST', { until: '2010-12-30' }],
    ['HOLDING_EXISTS', { newHolding: 'h' }],
  ])('is refused %s', (code, change) => {
    expect(accepted().refused('supplier-1:maker', 'receivable.proposeTransfer', { ...OFFER, ...change }).code).toBe(
      code,
    )
  })

  it('is the holder’s to propose and the recipient’s to accept', () => {
    const world = offered()
    expect(world.refused('factor:maker', 'receivable.acceptTransfer', { holding: 'h' }).code).toBe('NOT_THE_RECIPIENT')
    expect(world.refused('core:maker', 'receivable.acceptTransfer', { holding: 'h' }).code).toBe('WRONG_ROLE')
    expect(world.refused('supplier-2:checker', 'receivable.acceptTransfer', { holding: 'h' }).code).toBe(
      'WRONG_FUNCTION',
    )
    expect(world.refused('factor:maker', 'receivable.withdrawTransfer', { holding: 'h' }).code).toBe('NOT_THE_HOLDER')
    expect(accepted().refused('supplier-2:maker', 'receivable.proposeTransfer', OFFER).code).toBe('NOT_THE_HOLDER')
  })

  it('may be withdrawn by the holder or declined by the recipient', () => {
    for (const who of ['supplier-1:maker', 'supplier-2:maker']) {
      const world = does(offered(), who, 'withdrawTransfer', { holding: 'h' })
      expect(holding(world)).toMatchObject({ state: 'held', proposal: null, owner: 'supplier-1' })
    }
  })

  it('may be accepted up to its date; then the date frees the holding', () => {
    const last = dayIs(offered(), '2011-01-05')
    expect(last.refused('supplier-1:maker', 'receivable.split', SPLIT).code).toBe('WRONG_STATE')
    const passed = dayIs(offered(), '2011-01-06')
    expect(passed.refused('supplier-2:maker', 'receivable.acceptTransfer', { holding: 'h' }).code).toBe(
      'PROPOSAL_EXPIRED',
    )
    does(passed, 'supplier-1:maker', 'split', SPLIT)
    expect(passed.events.slice(-2).map(({ event }) => event)).toEqual(['TransferExpired', 'ReceivableSplit'])
    does(last, 'supplier-2:maker', 'acceptTransfer', { holding: 'h' })
    expect(holding(last, 'k')?.owner).toBe('supplier-2')
  })

  it('is not accepted at maturity, nor under an id that was taken since', () => {
    const world = offered()
    does(world, 'supplier-1:maker', 'withdrawTransfer', { holding: 'h' })
    does(world, 'supplier-1:maker', 'proposeTransfer', { ...OFFER, until: '2011-12-31' })
    expect(
      dayIs(world, '2011-06-30').refused('supplier-2:maker', 'receivable.acceptTransfer', { holding: 'h' }).code,
    ).toBe('MATURED')
    const other = does(accepted(), 'supplier-1:maker', 'split', SPLIT)
    does(other, 'supplier-1:maker', 'proposeTransfer', { ...OFFER, holding: 'h1' })
    const taken = [{ id: 'k', fen: '10000000' }, { id: 'l', fen: '20000000' }] // prettier-ignore
    does(other, 'supplier-1:maker', 'split', { holding: 'h2', parts: taken })
    expect(other.refused('supplier-2:maker', 'receivable.acceptTransfer', { holding: 'h1' }).code).toBe(
      'HOLDING_EXISTS',
    )
  })

  it('passes through no more hands than the batch allows', () => {
    const world = does(offered({ maximumTiers: 1 }), 'supplier-2:maker', 'acceptTransfer', { holding: 'h' })
    const onward = { holding: 'k', recipient: 'factor', newHolding: 'f', until: '2011-01-05' }
    expect(world.refused('supplier-2:maker', 'receivable.proposeTransfer', onward).code).toBe('TOO_MANY_TIERS')
  })
})
