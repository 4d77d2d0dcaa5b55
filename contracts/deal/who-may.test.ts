import { describe, expect, it } from 'vitest'
import { addDays } from '#domain/date'
import { assetRegistry } from '../asset-registry/contract.ts'
import { businessDate } from '../calendar/business-date.ts'
import { KEY_FUNCTIONS, type Method } from '../kernel/method.ts'
import { securities } from '../securities/contract.ts'
import { servicing } from '../servicing/contract.ts'
import { deal } from './contract.ts'
import { CHAPTERS } from './testing/chapters.ts'

const METHODS = [deal, assetRegistry, securities, servicing].flatMap(({ methods }) => methods as readonly Method[])
const named = METHODS.map((method) => [`${method.contract}.${method.method}`, method] as const)

describe('every method of a plan', () => {
  it('has its chapter, and every chapter its method', () => {
    expect(Object.keys(CHAPTERS).sort()).toEqual(named.map(([name]) => name).sort())
  })

  describe.each(named)('%s', (name, { by }) => {
    const { at, who, args } = CHAPTERS[name]!
    const story = at()
    const { world } = story
    const given = args(story)
    const participant = who.split(':')[0]!

    it('refuses another role', () => {
      world.enrol('regulator:any', { roles: ['regulator'], functions: [...KEY_FUNCTIONS] })
      expect(world.refused('regulator:any', name, given).code).toBe('WRONG_ROLE')
    })
    it('refuses an operator without the function', () => {
      expect(world.refused(`${participant}:viewer`, name, given).code).toBe('WRONG_FUNCTION')
    })
    it('refuses one who has the role, but not in this plan', () => {
      world.enrol('stranger:any', { roles: by.roles!, functions: [...KEY_FUNCTIONS] })
      const code = name === 'securities.subscribe' ? 'NOT_INVITED' : 'NOT_A_PARTY'
      const subscriptionOfNobody = name === 'securities.withdrawSubscription' ? 'SUBSCRIPTION_NOT_FOUND' : code
      expect(world.refused('stranger:any', name, given).code).toBe(subscriptionOfNobody)
    })
    it('refuses a field too many and a field too few, naming it', () => {
      expect(world.refused(who, name, { ...given, more: 1 })).toMatchObject({ code: 'BAD_ARGS' })
      const { deal: _, ...rest } = given
      expect(world.refused(who, name, rest)).toMatchObject({ code: 'BAD_ARGS' })
    })
    it('refuses a plan that nobody proposed', () => {
      if (name === 'deal.propose') {
        expect(world.refused(who, name, { ...given, deal: 'other' }).code).toBe('TERMS_INVALID')
      } else expect(world.refused(who, name, { ...given, deal: 'other' }).code).toBe('DEAL_NOT_FOUND')
    })
    it('refuses while the plan lags the business date, and is accepted when its days are closed', () => {
      if (name !== 'deal.propose') {
        const date = addDays(businessDate(world.read), 1)
        world.does('operator:service', 'calendar.roll', { date })
        expect(world.refused(who, name, given).code).toBe('BEHIND')
        story.at(date)
      }
      expect(world.does(who, name, given).length).toBeGreaterThan(0)
    })
  })
})
