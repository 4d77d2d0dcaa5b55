// By which version of the contracts a network begins (docs/adr/037).
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { GenesisDocument } from '#contracts/genesis'
import { isoDate } from '#domain/date'
import { buildBundle, type BuiltBundle } from '#ledger-adapter/application/bundle/build-bundle'
import { FolderBundleStore } from '#ledger-adapter/application/bundle/store'
import { buildChanged, buildSuccessor } from '#ledger-adapter/testing/successor'
import { TEST_MEMBERS } from './testing/test-network.ts'
import { createNetwork, type CreateOptions } from './create.ts'
import { joinNetwork } from './join.ts'
import { genesisFile, nodeBundles, readGenesis, type Manifest } from './manifest.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-founding-'))
const options = (name: string): CreateOptions => ({
  home: join(folder, name),
  name,
  validators: 2,
  members: TEST_MEMBERS.slice(0, 3),
  clock: 'test',
  startDate: isoDate('2026-01-05'),
})
let present: BuiltBundle
let other: BuiltBundle

beforeAll(async () => {
  present = await buildBundle()
  other = await buildSuccessor(join(folder, 'successor'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const named = async (home: string) => ((await readGenesis(home)) as unknown as GenesisDocument).governance.bundle
const kept = ({ nodes }: Manifest, home: string) =>
  nodes.map(({ name }) => new FolderBundleStore(nodeBundles(home, name)).hashes())

test('unless told otherwise it is what this checkout’s sources come to: genesis names it, every node keeps it', async () => {
  const { home } = options('Plain')
  const { manifest } = await createNetwork(options('Plain'))
  expect(await named(home)).toBe(present.hash)
  expect(kept(manifest, home)).toEqual([[present.hash], [present.hash]])
  for (const { name } of manifest.nodes)
    expect(new FolderBundleStore(nodeBundles(home, name)).text(present.hash)).toBe(present.text)
})

test('one that is given instead; asked again when the sources have become others, the network stands as it was', async () => {
  const { home } = options('Given')
  const { manifest } = await createNetwork({ ...options('Given'), bundle: other.text })
  const genesis = readFileSync(genesisFile(home), 'utf8')
  expect(await named(home)).toBe(other.hash)
  // For who asks without naming one, this checkout's sources are others than those of then.
  for (const again of [{}, { bundle: other.text }])
    expect(await createNetwork({ ...options('Given'), ...again })).toEqual({ manifest, made: false })
  expect(readFileSync(genesisFile(home), 'utf8')).toBe(genesis)
  expect(kept(manifest, home)).toEqual([[other.hash], [other.hash]])
  const refused = (bundle: string | null) => createNetwork({ ...options('Given'), bundle })
  await expect(refused(present.text)).rejects.toThrow(`another network (contracts ${other.hash}, not contracts ${present.hash})`) // prettier-ignore
  await expect(refused(null)).rejects.toThrow(`(contracts ${other.hash}, not its nodes’ own sources)`)
})

test('none: each node runs its own sources, also when it is asked again', async () => {
  const { home } = options('None')
  const { manifest } = await createNetwork({ ...options('None'), bundle: null })
  expect(await named(home)).toBeNull()
  expect(kept(manifest, home)).toEqual([[], []])
  expect((await createNetwork(options('None'))).made).toBe(false)
  await expect(createNetwork({ ...options('None'), bundle: present.text })).rejects.toThrow(
    'own sources, not contracts',
  )
})

test('what is no bundle, or does not know what genesis says, is refused and leaves no network', async () => {
  const refused = (bundle: string) => createNetwork({ ...options('Bad'), bundle })
  await expect(refused('var contracts = {}')).rejects.toThrow('speaks protocol undefined')
  const older = await buildChanged(join(folder, 'older'), 'contracts/registry.ts', '  calendar,\n', '')
  await expect(refused(older.text)).rejects.toThrow(`contracts ${older.hash} cannot enter calendar.CalendarOpened of genesis`) // prettier-ignore
  expect((await createNetwork(options('Bad'))).made).toBe(true)
})

test('who joins is given what its host keeps: it executes every block from the first', async () => {
  const { home } = options('Joined')
  const { manifest } = await createNetwork({ ...options('Joined'), bundle: present.text })
  const host = manifest.organisations.find(({ id }) => id === 'south')!.node
  new FolderBundleStore(nodeBundles(home, host)).put(other.text)
  await joinNetwork(home, 'south')
  expect(new FolderBundleStore(nodeBundles(home, 'south')).hashes()).toEqual([present.hash, other.hash].sort())
})
