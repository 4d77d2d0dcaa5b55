import { expect, it } from 'vitest'
import { chainIdOf } from '#proof/block'
import { databaseOf } from './manifest.ts'

it('a node’s database has a name that Postgres takes whole, and no other node has the same', () => {
  const chains = [chainIdOf({ name: 'Example' }), chainIdOf({ name: 'A consortium with a long name' })]
  const nodes = ['north', 'pacific-asset', `${'x'.repeat(60)}-a`, `${'x'.repeat(60)}-b`, `${'x'.repeat(60)}.a`]
  const names = chains.flatMap((chainId) => nodes.map((node) => databaseOf({ chainId }, node)))
  for (const name of names) expect(name).toMatch(/^[a-z][a-z0-9_]{0,62}$/)
  expect(new Set(names).size).toBe(names.length)
  expect(names[0]).toMatch(/^example_[0-9a-f]{8}_north$/)
})
