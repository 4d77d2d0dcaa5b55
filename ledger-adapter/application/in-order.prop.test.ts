import fc from 'fast-check'
import { expect, test } from 'vitest'
import { InOrder } from './in-order.ts'

test('whatever order checks end in, each participant’s pass in the order in which they came, and only they wait', async () => {
  const sent = fc.record({ who: fc.constantFrom('a', 'b', 'c'), fails: fc.boolean() })
  await fc.assert(
    fc.asyncProperty(fc.array(sent, { maxLength: 30 }), fc.scheduler(), async (commands, scheduler) => {
      const order = new InOrder()
      const passed: { who: string; n: number }[] = []
      const all = commands.map(async ({ who, fails }, n) => {
        const check = scheduler.schedule(Promise.resolve(n)).then(() => {
          if (fails) throw new Error(`refused ${n}`)
          return n
        })
        const end = await order.pass(who, check).catch((error: Error) => error.message)
        expect(end).toBe(fails ? `refused ${n}` : n)
        passed.push({ who, n })
      })
      await scheduler.waitFor(Promise.all(all))
      for (const who of ['a', 'b', 'c']) {
        const own = passed.filter((one) => one.who === who).map(({ n }) => n)
        expect(own).toEqual([...own].sort((x, y) => x - y))
      }
      expect(passed).toHaveLength(commands.length)
    }),
  )
})

test('one who waits for a check holds nobody else', async () => {
  const order = new InOrder()
  void order.pass('a', new Promise(() => undefined))
  await expect(order.pass('b', Promise.resolve('b'))).resolves.toBe('b')
})
