import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, expect, it } from 'vitest'
import type { Member } from '../demo/consortium.ts'
import { keyringOf } from './as-operator.ts'
import { keysFolder, organisationFolder } from './manifest.ts'
import { KeysToAdd, organisationKeys, waitingFolder } from './organisation-keys.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-organisation-keys-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let home: string
beforeEach(() => (home = mkdtempSync(join(folder, 'home-'))))

const member = (...operators: string[]): Member => ({
  id: 'fresh',
  usccBody: '91350100M000100Y4',
  name: { zh: '新', en: 'Fresh' },
  roles: ['investor'],
  operators: operators.map((id) => ({ id, kind: 'person', functions: ['viewer'] })),
})
const keysHere = () => KeysToAdd.of(home, 'fresh')
const inUse = async () => (await keyringOf(home, 'fresh')).signers.map(({ operator }) => operator).sort()

it('nothing is made by looking', async () => {
  const keys = await keysHere()
  expect(keys.areNone).toBe(true)
  expect(keys.publicKeyOf('maker')).toBeUndefined()
  await keys.take(() => true)
  expect(existsSync(organisationFolder(home, 'fresh'))).toBe(false)
})

it('a new key is used by nobody until the ledger knows it', async () => {
  await organisationKeys(home, member('maker'))
  const keys = await keysHere()
  const made = (await keys.make(member('maker', 'auditor', 'clerk'))).get('auditor')!
  expect(made).toMatchObject({ operator: 'auditor', functions: ['viewer'] })
  expect(await inUse()).toEqual(['maker'])
  await keys.take(({ publicKey }) => publicKey === made.publicKey)
  expect(await inUse()).toEqual(['auditor', 'maker'])
  expect(readdirSync(waitingFolder(home, 'fresh'))).toEqual(['clerk.1.key.json'])
  expect(keys.publicKeyOf('auditor')).toBe(made.publicKey)
})

it('cut short anywhere, the keys that were made stay what they are', async () => {
  const first = await (await keysHere()).make(member('admin'))
  const again = await keysHere() // the run after, which wants one more
  expect(again.areNone).toBe(false)
  const both = await again.make(member('admin', 'maker'))
  expect(both.get('admin')!.publicKey).toBe(first.get('admin')!.publicKey)
  await again.take(({ operator }) => operator === 'admin')
  const third = await keysHere()
  expect(third.publicKeyOf('admin')).toBe(first.get('admin')!.publicKey)
  expect(third.publicKeyOf('maker')).toBe(both.get('maker')!.publicKey)
  expect((await third.make(member('maker'))).get('maker')!.publicKey).toBe(both.get('maker')!.publicKey)
  await third.take(() => true)
  expect(await inUse()).toEqual(['admin', 'maker'])
  expect(readdirSync(keysFolder(home, 'fresh'))).toHaveLength(2)
})
