import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ASSET_SIDE_COMPUTES } from './compute/asset-side.ts'
import { outcomeLine, parseVectorFile, runCase } from './run.ts'

const known = new Set(ASSET_SIDE_COMPUTES.map(({ name }) => name))

describe.each(['structured-finance', 'actus'])('the given vectors: %s', (name) => {
  const file = parseVectorFile(JSON.parse(readFileSync(`testdata/vectors/${name}.json`, 'utf8')))
  const mine = file.cases.filter(({ input }) => known.has(String(input['compute'])))
  it('has cases', () => expect(mine.length).toBeGreaterThan(50))
  it.each(mine.map((vector) => [vector.id, vector] as const))('%s', (id, vector) => {
    const outcome = runCase(vector, file)
    expect(outcomeLine(outcome)).toBe(vector.disputed ? `SKIP ${id}: ${vector.why}` : `PASS ${id}`)
  })
})
