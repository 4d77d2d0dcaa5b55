import { expect, it } from 'vitest'
import { chainIdOf, genesisHash } from './block.ts'
import { ID_PATTERN } from './command.ts'

it.each([
  ['Example', 'example'],
  ['  Test Consortium (2026)!', 'test-consortium-2'],
  ['联盟', 'ledger'],
  ['a-b--c', 'a-b-c'],
  ['ABS \u212a \u0130', 'abs'],
  ['exactly 17 chars.', 'exactly-17-chars'],
  ['a name that is longer than that', 'a-name-that-is-lo'],
  ['sixteen letters, and', 'sixteen-letters-a'],
  ['seventeen letter - s', 'seventeen-letter'],
  [7, 'ledger'],
])('the id of %j begins with %s and ends with 128 bits of the genesis hash', (name, slug) => {
  const document = { name }
  const id = chainIdOf(document)
  expect(id).toBe(`${slug}-${genesisHash(document).slice(0, 32)}`)
  // CometBFT's bound on a chain's id, and our own on identifiers.
  expect(id.length).toBeLessThanOrEqual(50)
  expect(id).toMatch(new RegExp(ID_PATTERN))
  expect(chainIdOf({ ...document, more: 1 }).slice(0, -32)).toBe(id.slice(0, -32))
  expect(chainIdOf({ ...document, more: 1 })).not.toBe(id)
})
