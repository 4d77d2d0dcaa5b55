import { expect, it } from 'vitest'
import { quantile, Report } from './report.ts'

const figure = { what: 'calls', value: 12.3, unit: 'calls/s', goal: '≥ 10/s' }

it('prints a line a figure, and a reduced run never under the id of the goal', () => {
  const lines: string[] = []
  const report = new Report((line) => lines.push(line))
  report.add({ id: 'a.b', ...figure, ratio: 0.5, to: 'the limit' })
  const reduced = report.suffixed('.reduced')
  reduced.add({ id: 'a.b', ...figure })
  reduced.lack('a.c', 'no program')
  expect(lines).toEqual([
    'a.b  12.3 calls/s  goal ≥ 10/s  (0.500 of the limit)  calls',
    'a.b.reduced  12.3 calls/s  goal ≥ 10/s  calls',
    'a.c.reduced  not measured: no program',
  ])
  expect(report.figures.map(({ id }) => id)).toEqual(['a.b', 'a.b.reduced'])
  expect(report.lacking).toEqual(['a.c.reduced'])
})

it('takes quantiles of what is sorted', () => {
  const sorted = Array.from({ length: 200 }, (_, n) => n)
  expect([0, 0.5, 0.99, 1].map((share) => quantile(sorted, share))).toEqual([0, 100, 198, 199])
})
