import { describe, expect, it } from 'vitest'
import { isoDate } from '#domain/date'
import { Stage } from '../kernel/event.ts'
import { consortium } from '../testing/consortium.ts'
import { businessDate, dateObject, requireCurrent } from './business-date.ts'
import { dealObject } from './state.ts'
import { shanghaiMidnightMs } from './roll.ts'

const roll = (date: string) => ['calendar.roll', { date }] as const
const close = (date: string, object = 'deal:d') => ['calendar.closeDay', { object, date }] as const

function world(over = {}) {
  const it = consortium(over)
  const stage = new Stage(it.read)
  dateObject(stage, { object: dealObject('d'), closers: ['bank'], topics: ['deal/d'] })
  return it.given(...stage.events)
}
const rolledTo = (it: ReturnType<typeof world>, days: number) => {
  for (let i = 1; i <= days; i += 1)
    it.does('manager:service', ...roll(new Date(Date.UTC(2010, 11, 31 + i)).toISOString().slice(0, 10)))
  return it
}

describe('the business date', () => {
  it('rolls to the next day, by those whom genesis names', () => {
    const it = world()
    const [event] = it.does('manager:service', ...roll('2011-01-01'))
    expect(event).toMatchObject({ event: 'DayRolled', data: { date: '2011-01-01' }, topics: ['public', 'regulator'] })
    expect(businessDate(it.read)).toBe('2011-01-01')
    expect(it.refused('bank:service', ...roll('2011-01-02')).code).toBe('NOT_A_CALENDAR_OPERATOR')
    expect(it.refused('manager:maker', ...roll('2011-01-02')).code).toBe('WRONG_FUNCTION')
  })

  it('is accepted without an event when it was rolled already', () => {
    const it = rolledTo(world(), 2)
    expect(it.does('operator:service', ...roll('2011-01-02'))).toEqual([])
    expect(it.does('operator:service', ...roll('2011-01-01'))).toEqual([])
    expect(businessDate(it.read)).toBe('2011-01-02')
  })

  it('never skips a day, goes back before its start, or takes a day that is none', () => {
    const it = world()
    for (const date of ['2011-01-02', '2010-12-30'])
      expect(it.refused('manager:service', ...roll(date)).code).toBe('NOT_THE_NEXT_DAY')
    expect(it.refused('manager:service', ...roll('2011-02-30')).code).toBe('NOT_A_DATE')
    expect(it.refused('manager:service', ...roll('tomorrow')).code).toBe('BAD_ARGS')
  })

  it('by the wall clock waits for midnight in Shanghai', () => {
    expect(shanghaiMidnightMs(isoDate('2011-01-01'))).toBe(Date.parse('2011-01-01T00:00:00+08:00'))
    const it = world({ clock: 'wall' })
    it.blockTimeMs = Date.parse('2010-12-31T23:59:59.999+08:00')
    expect(it.refused('manager:service', ...roll('2011-01-01')).code).toBe('TOO_EARLY')
    it.blockTimeMs += 1
    it.does('manager:service', ...roll('2011-01-01'))
  })
})

describe('an object’s own date', () => {
  it('lags until its days are closed; a command on it is BEHIND', () => {
    const it = rolledTo(world(), 2)
    expect(() => requireCurrent(it.read, 'deal:d')).toThrow(
      'BEHIND {"object":"deal:d","asOf":"2010-12-31","businessDate":"2011-01-02"}',
    )
    it.does('bank:service', ...close('2011-01-01'))
    expect(() => requireCurrent(it.read, 'deal:d')).toThrow('BEHIND')
    const [event] = it.does('manager:service', ...close('2011-01-02'))
    expect(event).toMatchObject({ data: { from: '2011-01-02', asOf: '2011-01-02' }, topics: ['deal/d', 'regulator'] })
    expect(requireCurrent(it.read, 'deal:d')).toBe('2011-01-02')
    expect(it.does('bank:service', ...close('2011-01-01'))).toEqual([])
  })

  it('closes at most a month in one command', () => {
    const it = rolledTo(world(), 32)
    expect(it.refused('bank:service', ...close('2011-02-01')).code).toBe('TOO_MANY_DAYS')
    it.does('bank:service', ...close('2011-01-31'))
    it.does('bank:service', ...close('2011-02-01'))
    expect(requireCurrent(it.read, 'deal:d')).toBe('2011-02-01')
  })

  it.each([
    ['NOT_A_CLOSER', 'core:service', close('2010-12-31')],
    ['WRONG_FUNCTION', 'bank:maker', close('2010-12-31')],
    ['OBJECT_NOT_FOUND', 'bank:service', close('2010-12-31', 'deal:x')],
    ['BAD_ARGS', 'bank:service', close('2010-12-31', 'x')],
    ['NOT_A_DATE', 'bank:service', close('2010-11-31')],
    ['DAY_NOT_REACHED', 'bank:service', close('2011-01-01')],
  ] as const)('is refused %s', (code, who, call) => {
    expect(world().refused(who, ...call).code).toBe(code)
  })

  it('begins once', () => {
    const it = world()
    expect(() => dateObject(new Stage(it.read), { object: 'deal:d', closers: [], topics: [] })).toThrow('OBJECT_EXISTS')
    expect(() => requireCurrent(it.read, 'deal:x')).toThrow('OBJECT_NOT_FOUND')
  })
})
