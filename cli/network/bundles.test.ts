import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { FolderBundleStore } from '#ledger-adapter/application/bundle/store'
import { copyBundles } from './bundles.ts'
import { nodeBundles, type Manifest } from './manifest.ts'

let home: string
beforeEach(() => (home = mkdtempSync(join(tmpdir(), 'sluice-bundles-'))))
afterEach(() => rmSync(home, { recursive: true, force: true }))

const manifest = { nodes: ['north', 'east', 'late'].map((name) => ({ name })) } as unknown as Manifest
const at = (node: string) => new FolderBundleStore(nodeBundles(home, node))
const spoil = (node: string, hash: string) =>
  writeFileSync(join(nodeBundles(home, node), `${hash}.js`), 'something else')

it('a node that joins gets every version that its host has, and what its host lacks from the others', () => {
  const [first, second] = [at('north').put('one'), at('east').put('two')]
  const own = at('late').put('own')
  copyBundles(home, manifest, 'north', 'late')
  expect(at('late').hashes()).toEqual([first, second, own].sort())
  expect(at('late').text(first)).toBe('one')
  copyBundles(home, manifest, 'north', 'late')
  expect(at('late').hashes()).toHaveLength(3)
})

it('a copy that is not what its name says is not taken; another is, or it fails by name', () => {
  const hash = at('north').put('one')
  at('east').put('one')
  spoil('north', hash)
  copyBundles(home, manifest, 'north', 'late')
  expect(at('late').text(hash)).toBe('one')

  rmSync(nodeBundles(home, 'late'), { recursive: true })
  spoil('east', hash)
  expect(() => copyBundles(home, manifest, 'north', 'late')).toThrow(
    `no node has a whole copy of the contracts ${hash}`,
  )
  expect(at('late').hashes()).toEqual([])
})
