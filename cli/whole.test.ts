import { expect, it } from 'vitest'
import { whole, wholeFrom } from './whole.ts'

it('reads counts, and says what was expected of anything else', () => {
  expect([whole('0'), whole('99999'), wholeFrom(1)('1'), wholeFrom(1, 60)('60')]).toEqual([0, 99_999, 1, 60])
  for (const text of ['', '-1', '1.5', '1e3', ' 1', '100000']) expect(() => whole(text), text).toThrow('a whole number')
  expect(() => wholeFrom(1)('0')).toThrow('a whole number from 1 on is expected')
  expect(() => wholeFrom(1, 60)('61')).toThrow('at most 60 is expected')
})
