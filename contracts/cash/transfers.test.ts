import { describe, expect, it } from 'vitest'
import { Stage } from '../kernel/event.ts'
import type { World } from '../kernel/testing/world.ts'
import { consortium } from '../testing/consortium.ts'
import { accountOf, openAccount } from './accounts.ts'
import { instruct, type NewInstruction } from './transfers.ts'

const DEAL = 'deal-1'
const leg = (transferId: string, from: string, to: string, amountFen: bigint) => ({
  transferId,
  step: `step ${transferId}`,
  from,
  to,
  amountFen,
})

/** A collection account with the supervisory bank, plan and fee accounts with the custodian, and the world outside. */
function world(): World {
  const it = consortium()
  const stage = new Stage(it.read)
  openAccount(stage, { id: 'outside', kind: 'external', owner: 'originator', bank: 'bank', deal: DEAL })
  openAccount(stage, { id: 'collection', kind: 'collection', owner: 'manager', bank: 'bank', deal: DEAL })
  openAccount(stage, { id: 'plan', kind: 'plan', owner: 'manager', bank: 'custodian', deal: DEAL })
  openAccount(stage, { id: 'fee', kind: 'fee', owner: 'manager', bank: 'custodian', deal: DEAL })
  openAccount(stage, { id: 'holder', kind: 'holder', owner: 'investor-a', bank: 'custodian' })
  return it.given(...stage.events)
}

const credited = (it: World, amountFen = '10000', reference = 'r-1') => {
  it.does('bank:service', 'cash.credit', { ...line, amountFen, reference })
  return it
}
const line = {
  account: 'collection',
  from: 'outside',
  amountFen: '10000',
  valueDate: '2010-12-31',
  reference: 'r-1',
  deal: DEAL,
}

const instructed = (it: World, instruction: Partial<NewInstruction> & Pick<NewInstruction, 'linked'>) => {
  const stage = new Stage(it.read)
  instruct(stage, { id: 'i-1', deal: DEAL, ...instruction })
  return it.given(...stage.events)
}
const balances = (it: World) =>
  Object.fromEntries(
    ['outside', 'collection', 'plan', 'fee', 'holder'].map((id) => {
      const { postedFen, reservedFen } = accountOf(it.read, id)
      return [id, reservedFen === '0' ? postedFen : `${postedFen}/${reservedFen}`]
    }),
  )

describe('linked transfers', () => {
  const waterfall = [
    leg('t1', 'collection', 'plan', 9000n),
    leg('t2', 'plan', 'fee', 1000n),
    leg('t3', 'plan', 'holder', 8000n),
  ]

  it('reserve at the first payer only what later legs do not bring, and post together', () => {
    const it = instructed(credited(world()), { linked: waterfall })
    expect(balances(it)).toEqual({ outside: '-10000', collection: '10000/9000', plan: '0', fee: '0', holder: '0' })
    const [event] = it.does('bank:service', 'cash.post', {
      instruction: 'i-1',
      reference: 'r-2',
      valueDate: '2010-12-31',
    })
    expect(balances(it)).toEqual({ outside: '-10000', collection: '1000', plan: '0', fee: '1000', holder: '8000' })
    expect(event!.topics).toEqual([
      'deal/deal-1',
      'participant/bank',
      'participant/custodian',
      'participant/investor-a',
      'participant/manager',
      'regulator',
    ])
  })

  it('to `parties` are not told to the deal', () => {
    const it = instructed(credited(world()), { linked: waterfall, audience: 'parties' })
    expect(it.events.at(-1)!.topics).not.toContain('deal/deal-1')
  })

  it('are refused as a whole when one payer lacks cash at its turn', () => {
    const it = credited(world())
    expect(() =>
      instructed(it, { linked: [leg('t1', 'plan', 'fee', 1n), leg('t2', 'collection', 'plan', 9000n)] }),
    ).toThrow('INSUFFICIENT_FUNDS {"account":"plan","step":"step t1","availableFen":"0","neededFen":"1"}')
    expect(() => instructed(it, { linked: [leg('t1', 'collection', 'plan', 10001n)] })).toThrow('INSUFFICIENT_FUNDS')
  })

  it('cannot use what a pending instruction reserved, until it is voided', () => {
    const it = instructed(credited(world()), { linked: waterfall })
    const again = { id: 'i-2', linked: [leg('t1', 'collection', 'fee', 1001n)] }
    expect(() => instructed(it, again)).toThrow('INSUFFICIENT_FUNDS')
    it.does('bank:service', 'cash.void', { instruction: 'i-1', reason: 'returned' })
    expect(balances(it).collection).toBe('10000')
    instructed(it, again)
    expect(balances(it).collection).toBe('10000/1001')
  })

  it.each([
    ['NO_LEGS', { linked: [] }],
    ['TOO_MANY_LEGS', { linked: Array.from({ length: 501 }, (_, i) => leg(`t${i}`, 'collection', 'plan', 1n)) }],
    ['AMOUNT_NOT_POSITIVE', { linked: [leg('t', 'collection', 'plan', 0n)] }],
    ['AMOUNT_NOT_POSITIVE', { linked: [leg('t', 'collection', 'plan', -5n)] }],
    ['SAME_ACCOUNT', { linked: [leg('t', 'plan', 'plan', 1n)] }],
    ['DUPLICATE_TRANSFER', { linked: [leg('t', 'collection', 'plan', 1n), leg('t', 'collection', 'plan', 1n)] }],
    ['ACCOUNT_NOT_FOUND', { linked: [leg('t', 'collection', 'nowhere', 1n)] }],
    ['WRONG_DEAL', { deal: 'deal-2', linked: [leg('t', 'collection', 'plan', 1n)] }],
  ])('refuse %s', (code, instruction) => {
    expect(() => instructed(credited(world()), instruction)).toThrow(code)
  })

  it('are instructed once under one id', () => {
    const it = instructed(credited(world()), { linked: waterfall })
    expect(() => instructed(it, { linked: [leg('t', 'collection', 'plan', 1n)] })).toThrow('INSTRUCTION_EXISTS')
  })
})

describe('posting', () => {
  const posting = { instruction: 'i-1', reference: 'r-2', valueDate: '2010-12-31' }
  const pending = () => instructed(credited(world()), { linked: [leg('t1', 'collection', 'plan', 9000n)] })

  it('is for the bank that executes the instruction', () => {
    expect(pending().refused('custodian:service', 'cash.post', posting).code).toBe('WRONG_BANK')
    expect(pending().refused('custodian:service', 'cash.void', { instruction: 'i-1', reason: 'x' }).code).toBe(
      'WRONG_BANK',
    )
    expect(pending().refused('manager:service', 'cash.post', posting).code).toBe('WRONG_ROLE')
    expect(pending().refused('bank:maker', 'cash.post', posting).code).toBe('WRONG_FUNCTION')
    const named = instructed(credited(world()), { linked: [leg('t1', 'collection', 'plan', 9000n)], bank: 'custodian' })
    named.does('custodian:service', 'cash.post', posting)
  })

  it('happens once: the same line again is ALREADY_POSTED, another line under its reference a conflict', () => {
    const it = pending()
    it.does('bank:service', 'cash.post', posting)
    expect(it.refused('bank:service', 'cash.post', posting).code).toBe('ALREADY_POSTED')
    expect(it.refused('bank:service', 'cash.post', { ...posting, valueDate: '2010-12-30' }).code).toBe(
      'REFERENCE_CONFLICT',
    )
    expect(it.refused('bank:service', 'cash.post', { ...posting, reference: 'r-3' }).code).toBe('WRONG_STATE')
    expect(it.refused('bank:service', 'cash.void', { instruction: 'i-1', reason: 'late' }).code).toBe('WRONG_STATE')
  })

  it('is refused for a voided or unknown instruction, a day to come and a day that is none', () => {
    const it = pending()
    it.does('bank:service', 'cash.void', { instruction: 'i-1', reason: 'returned' })
    expect(it.refused('bank:service', 'cash.post', posting).code).toBe('WRONG_STATE')
    expect(it.refused('bank:service', 'cash.post', { ...posting, instruction: 'i-9' }).code).toBe(
      'INSTRUCTION_NOT_FOUND',
    )
    const other = pending()
    expect(other.refused('bank:service', 'cash.post', { ...posting, valueDate: '2011-01-01' }).code).toBe(
      'VALUE_DATE_AHEAD',
    )
    expect(other.refused('bank:service', 'cash.post', { ...posting, valueDate: '2010-11-31' }).code).toBe('NOT_A_DATE')
  })
})

describe('money that comes in', () => {
  it('is credited once per reference', () => {
    const it = credited(world())
    expect(it.refused('bank:service', 'cash.credit', line).code).toBe('ALREADY_POSTED')
    expect(it.refused('bank:service', 'cash.credit', { ...line, amountFen: '10001' }).code).toBe('REFERENCE_CONFLICT')
    expect(balances(it)).toMatchObject({ outside: '-10000', collection: '10000' })
  })

  it.each([
    ['WRONG_BANK', 'custodian:service', {}],
    ['WRONG_ROLE', 'manager:service', {}],
    ['WRONG_FUNCTION', 'bank:checker', {}],
    ['NOT_EXTERNAL', 'bank:service', { from: 'collection', account: 'collection' }],
    ['NOT_INTERNAL', 'bank:service', { account: 'outside' }],
    ['WRONG_DEAL', 'bank:service', { deal: null }],
    ['ACCOUNT_NOT_FOUND', 'bank:service', { account: 'nowhere' }],
    ['VALUE_DATE_AHEAD', 'bank:service', { valueDate: '2011-01-01' }],
    ['NOT_A_DATE', 'bank:service', { valueDate: '2010-02-30' }],
    ['BAD_ARGS', 'bank:service', { amountFen: '0' }],
    ['BAD_ARGS', 'bank:service', { amountFen: '1.5' }],
  ])('is refused %s', (code, who, change) => {
    expect(world().refused(who, 'cash.credit', { ...line, ...change }).code).toBe(code)
  })
})

describe('accounts', () => {
  const account = { account: 'a-1', kind: 'holder', owner: 'investor-b' }
  it('are opened by the bank that keeps them', () => {
    const it = world()
    it.does('custodian:service', 'cash.open', account)
    expect(accountOf(it.read, 'a-1')).toMatchObject({ bank: 'custodian', deal: null, postedFen: '0', reservedFen: '0' })
    expect(it.refused('bank:service', 'cash.open', account).code).toBe('ACCOUNT_EXISTS')
    expect(it.refused('bank:service', 'cash.open', { ...account, account: 'a-2', owner: 'x' }).code).toBe(
      'PARTICIPANT_NOT_FOUND',
    )
    expect(it.refused('investor-b:service', 'cash.open', { ...account, account: 'a-2' }).code).toBe('WRONG_ROLE')
  })
})
