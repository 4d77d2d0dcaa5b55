import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { outcomeLine, parseVectorFile, runCase } from './run.ts'

describe.each([
  ['structured-finance', 76],
  ['actus', 66],
])('the given vectors: %s', (name, count) => {
  const file = parseVectorFile(JSON.parse(readFileSync(`testdata/vectors/${name}.json`, 'utf8')))
  it('are all there', () => expect(file.cases).toHaveLength(count))
  it.each(file.cases.map((vector) => [vector.id, vector] as const))('%s', (id, vector) => {
    const outcome = runCase(vector, file)
    expect(outcomeLine(outcome)).toBe(vector.disputed ? `SKIP ${id}: ${vector.why}` : `PASS ${id}`)
  })
})
