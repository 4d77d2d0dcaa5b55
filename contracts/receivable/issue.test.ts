import { describe, expect, it } from 'vitest'
import type { World } from '../kernel/testing/world.ts'
import { RECEIVABLE_STATES, invoiceKey, receivableKey, type ReceivableState, type ReceivableTrigger } from './state.ts'
import { accepted, approved, BATCH, commitment, dayIs, drafted, FACE, invoice, ISSUE, opened } from './testing/story.ts'

const stateOf = (world: World) => world.read(receivableKey('r'))?.state
const assignedOf = (world: World, name = '1') => world.read(invoiceKey(commitment(name)))?.assignedFen

const IN_STATE: Record<ReceivableState, () => World> = {
  draft: drafted,
  approved,
  accepted,
  rejected: () => after(drafted(), 'core:checker', 'reject'),
  withdrawn: () => after(drafted(), 'core:maker', 'withdraw'),
}
const after = (world: World, who: string, method: string) => {
  world.does(who, `receivable.${method}`, { receivable: 'r', reason: 'wrong sum' })
  return world
}
/** Who may give each command; a rejection is the checker's while it is a draft and the supplier's after. */
const COMMANDS: Record<ReceivableTrigger, (state: ReceivableState) => [string, string, Record<string, string>]> = {
  approve: () => ['core:checker', 'approve', { receivable: 'r' }],
  accept: () => ['supplier-1:maker', 'accept', { receivable: 'r', holding: 'x' }],
  reject: (state) => [
    state === 'draft' ? 'core:checker' : 'supplier-1:maker',
    'reject',
    { receivable: 'r', reason: 'x' },
  ],
  withdraw: () => ['core:maker', 'withdraw', { receivable: 'r', reason: 'x' }],
}

describe('a receivable’s states', () => {
  for (const state of RECEIVABLE_STATES.states) {
    for (const trigger of RECEIVABLE_STATES.triggers) {
      const row = RECEIVABLE_STATES.rows.find(({ from, on }) => from === state && on === trigger)
      it(`${state} × ${trigger} → ${row?.to ?? 'WRONG_STATE'}`, () => {
        const world = IN_STATE[state]()
        expect(stateOf(world)).toBe(state)
        const [who, method, args] = COMMANDS[trigger](state)
        if (row) {
          world.does(who, `receivable.${method}`, args)
          expect(stateOf(world)).toBe(row.to)
        } else expect(world.refused(who, `receivable.${method}`, args).code).toBe('WRONG_STATE')
      })
    }
  }

  it.each(['approve', 'accept', 'reject', 'withdraw'] as const)(
    '%s is refused while the batch lags the date',
    (trigger) => {
      const state = trigger === 'accept' ? 'approved' : 'draft'
      const world = dayIs(IN_STATE[state](), '2011-01-02', { close: false })
      const [who, method, args] = COMMANDS[trigger](state)
      expect(world.refused(who, `receivable.${method}`, args)).toEqual({
        code: 'BEHIND',
        details: { object: 'batch:b', asOf: '2010-12-31', businessDate: '2011-01-02' },
      })
      world.does('core:service', 'calendar.closeDay', { object: 'batch:b', date: '2011-01-02' })
      world.does(who, `receivable.${method}`, args)
    },
  )
})

describe('who may', () => {
  it.each([
    ['WRONG_ROLE', 'supplier-1:maker', 'openBatch', { ...BATCH, batch: 'c' }],
    ['WRONG_FUNCTION', 'core:checker', 'openBatch', { ...BATCH, batch: 'c' }],
    ['WRONG_ROLE', 'supplier-1:maker', 'issue', { ...ISSUE, receivable: 'r2' }],
    ['WRONG_FUNCTION', 'core:checker', 'issue', { ...ISSUE, receivable: 'r2' }],
    ['WRONG_FUNCTION', 'core:maker', 'approve', { receivable: 'r' }],
    ['WRONG_ROLE', 'supplier-1:checker', 'approve', { receivable: 'r' }],
    ['NOT_THE_ISSUER', 'core-2:maker', 'issue', { ...ISSUE, receivable: 'r2' }],
    ['NOT_THE_ISSUER', 'core-2:checker', 'approve', { receivable: 'r' }],
    ['NOT_THE_ISSUER', 'core-2:checker', 'reject', { receivable: 'r', reason: 'x' }],
    ['NOT_THE_ISSUER', 'core-2:maker', 'withdraw', { receivable: 'r', reason: 'x' }],
    ['NOT_THE_ISSUER', 'supplier-1:maker', 'reject', { receivable: 'r', reason: 'x' }],
    ['NOT_THE_SUPPLIER', 'supplier-2:maker', 'accept', { receivable: 'r', holding: 'h' }],
    ['WRONG_ROLE', 'core:maker', 'accept', { receivable: 'r', holding: 'h' }],
    ['WRONG_ROLE', 'bank:maker', 'withdraw', { receivable: 'r', reason: 'x' }],
    ['WRONG_ROLE', 'bank:maker', 'reject', { receivable: 'r', reason: 'x' }],
    ['WRONG_FUNCTION', 'core:service', 'withdraw', { receivable: 'r', reason: 'x' }],
    ['WRONG_FUNCTION', 'supplier-1:checker', 'accept', { receivable: 'r', holding: 'h' }],
    ['WRONG_FUNCTION', 'core:payer', 'reject', { receivable: 'r', reason: 'x' }],
  ])('%s: %s may not %s', (code, who, method, args) => {
    const world = drafted().enrol('core-2:maker', { roles: ['core-enterprise'], functions: ['maker'] })
    world.enrol('core-2:checker', { roles: ['core-enterprise'], functions: ['checker'] })
    expect(world.refused(who, `receivable.${method}`, args).code).toBe(code)
  })

  it('maker and checker are two operators, whatever functions one has', () => {
    const both = {
      participant: 'core',
      operator: 'core:maker',
      roles: ['core-enterprise'],
      functions: ['maker', 'checker'],
    } as const
    const world = drafted().enrol('core:both', both)
    expect(world.refused('core:both', 'receivable.approve', { receivable: 'r' }).code).toBe('SAME_OPERATOR')
    expect(world.refused('core:both', 'receivable.reject', { receivable: 'r', reason: 'x' }).code).toBe('SAME_OPERATOR')
  })

  it('another participant than the supplier may not reject what was approved', () => {
    const world = approved()
    expect(world.refused('core:checker', 'receivable.reject', { receivable: 'r', reason: 'x' }).code).toBe(
      'NOT_THE_SUPPLIER',
    )
  })
})

describe('what is refused', () => {
  it.each([
    ['BATCH_NOT_FOUND', { batch: 'nowhere' }],
    ['RECEIVABLE_EXISTS', { receivable: 'r' }],
    ['PARTICIPANT_NOT_FOUND', { supplier: 'nobody' }],
    ['WRONG_RECIPIENT', { supplier: 'bank' }],
    ['WRONG_RECIPIENT', { supplier: 'core' }],
    ['NOT_A_DATE', { maturity: '2011-02-29' }],
    ['TENOR_NOT_AFTER_ISSUE', { maturity: '2010-12-31' }],
    ['TENOR_NEEDS_REASON', { maturity: '2011-07-01' }],
    ['TENOR_TOO_LONG', { maturity: '2012-01-01', longTenorReason: 'long project' }],
    ['DUPLICATE_INVOICE', { invoices: [invoice('2', '50000000'), invoice('2', '50000000')] }],
    ['INVOICES_DO_NOT_COVER', { invoices: [invoice('2', '99999999')] }],
    ['INVOICE_CONFLICT', { invoices: [invoice('1', '200000000', FACE)] }],
    ['INVOICE_OVERASSIGNED', { invoices: [invoice('1', FACE)] }],
    ['INVOICE_OVERASSIGNED', { invoices: [invoice('2', '99999999', FACE)] }],
    ['BAD_ARGS', { faceFen: '0' }],
    ['BAD_ARGS', { faceFen: 100 }],
    ['BAD_ARGS', { invoices: [] }],
    ['BAD_ARGS', { surprise: 1 }],
  ])('%s', (code, change) => {
    expect(
      drafted().refused('core:maker', 'receivable.issue', { ...ISSUE, receivable: 'r2', ...over(code), ...change })
        .code,
    ).toBe(code)
  })
  /** All but the tests about invoices bring one of their own. */
  const over = (code: string) => (/INVOICE/.test(code) ? {} : { invoices: [invoice('2', FACE)] })

  it('a longer tenor with a reason, and an invoice with room, are not', () => {
    const world = drafted()
    world.does('core:maker', 'receivable.issue', {
      ...ISSUE, receivable: 'r2', maturity: '2011-12-31', longTenorReason: 'long project', invoices: [invoice('2', '300000000', FACE)],
    }) // prettier-ignore
    world.does('core:maker', 'receivable.issue', {
      ...ISSUE,
      receivable: 'r3',
      invoices: [invoice('2', '300000000', FACE)],
    })
    expect(assignedOf(world, '2')).toBe('200000000')
  })

  it('a batch without a cap on the day, doubled, or with caps that contradict themselves', () => {
    const later = { tenorCaps: [{ from: '2011-01-01', inPrincipleMonths: 6, atMostMonths: 6 }] }
    expect(opened(later).refused('core:maker', 'receivable.issue', ISSUE).code).toBe('TENOR_NO_CAP')
    const world = opened()
    const open = (change: object) =>
      world.refused('core:maker', 'receivable.openBatch', { ...BATCH, batch: 'c', ...change }).code
    expect(open({ batch: 'b' })).toBe('BATCH_EXISTS')
    expect(open({ tenorCaps: [{ from: '2010-01-01', inPrincipleMonths: 7, atMostMonths: 6 }] })).toBe('BAD_TENOR_CAP')
    expect(open({ tenorCaps: [...BATCH.tenorCaps, ...BATCH.tenorCaps] })).toBe('BAD_TENOR_CAP')
    expect(open({ tenorCaps: [{ from: '2010-02-30', inPrincipleMonths: 6, atMostMonths: 6 }] })).toBe('NOT_A_DATE')
  })

  it('unknown receivables, a taken holding id, and acceptance at or after maturity', () => {
    const world = accepted()
    expect(world.refused('core:checker', 'receivable.approve', { receivable: 'x' }).code).toBe('RECEIVABLE_NOT_FOUND')
    world.does('core:maker', 'receivable.issue', {
      ...ISSUE,
      receivable: 'r2',
      maturity: '2011-01-03',
      invoices: [invoice('2', FACE)],
    })
    dayIs(world, '2011-01-02')
    world.does('core:checker', 'receivable.approve', { receivable: 'r2' })
    const accept = { receivable: 'r2', holding: 'h' }
    expect(world.refused('supplier-1:maker', 'receivable.accept', accept).code).toBe('HOLDING_EXISTS')
    dayIs(world, '2011-01-03')
    expect(world.refused('supplier-1:maker', 'receivable.accept', { ...accept, holding: 'n' }).code).toBe('MATURED')
  })

  it('approval at maturity', () => {
    const world = opened()
    world.does('core:maker', 'receivable.issue', { ...ISSUE, maturity: '2011-01-02' })
    expect(dayIs(world, '2011-01-02').refused('core:checker', 'receivable.approve', { receivable: 'r' }).code).toBe(
      'MATURED',
    )
  })
})

describe('invoices', () => {
  it.each([
    ['rejected by the checker', () => IN_STATE.rejected()],
    ['withdrawn', () => IN_STATE.withdrawn()],
    ['rejected by the supplier', () => after(approved(), 'supplier-1:maker', 'reject')],
    ['withdrawn after approval', () => after(approved(), 'core:maker', 'withdraw')],
  ])('of a receivable that was %s are free again, at the amount they were registered with', (_, story) => {
    const world = story()
    expect(assignedOf(world)).toBe('0')
    const again = { ...ISSUE, receivable: 'r2' }
    const other = { ...again, invoices: [invoice('1', '200000000', FACE)] }
    expect(world.refused('core:maker', 'receivable.issue', other).code).toBe('INVOICE_CONFLICT')
    world.does('core:maker', 'receivable.issue', again)
    expect(assignedOf(world)).toBe(FACE)
  })
})

describe('who is told', () => {
  it('a draft only its enterprise, an approved receivable the supplier too', () => {
    const world = approved()
    const topics = Object.fromEntries(world.events.map(({ event, topics }) => [event, topics]))
    expect(topics.ReceivableDrafted).toEqual(['participant/core', 'regulator'])
    expect(topics.ReceivableApproved).toEqual(['participant/core', 'participant/supplier-1', 'regulator'])
  })
})
