import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isoDate } from '#domain/date'
import { openKeyring } from '#node/keys/keyring'
import { chainIdOf } from '#proof/block'
import type { Member } from '../demo/consortium.ts'
import { createNetwork, type CreateOptions } from './create.ts'
import { cometHome, findManifest, keysFolder, passphraseFile, readGenesis, readManifest, type Manifest } from './manifest.ts' // prettier-ignore
import { readOrganisations } from './organisations.ts'

const MEMBER = {
  roles: ['investor'],
  operators: [
    { id: 'maker', kind: 'person', functions: ['maker'] },
    { id: 'calendar', kind: 'service', functions: ['service:calendar'] },
  ],
} as const
const members: Member[] = [
  { ...MEMBER, id: 'north', name: { zh: '北', en: 'North' }, usccBody: '91110105MA01ABCD1' },
  { ...MEMBER, id: 'south', name: { zh: '南', en: 'South' }, usccBody: '91310000MA1FL2345' },
  { ...MEMBER, id: 'watcher', name: { zh: '看', en: 'Watcher' }, usccBody: '91320000MA1NXY678' },
]

let folder: string
let home: string
let options: CreateOptions
let manifest: Manifest
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-network-'))
  home = join(folder, 'net')
  options = {
    home,
    name: 'Small',
    validators: 2,
    members,
    clock: 'test',
    startDate: isoDate('2026-01-05'),
    bundle: null,
  }
  manifest = (await createNetwork(options)).manifest
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const snapshot = (): string[] =>
  (readdirSync(home, { recursive: true }) as string[])
    .filter((path) => statSync(join(home, path)).isFile())
    .map((path) => `${path} ${readFileSync(join(home, path), 'utf8')}`)
    .sort()

describe('sluice network create', () => {
  it('gives every validator the same genesis, of which the chain’s id is made, and its own keys', async () => {
    const genesis = await readGenesis(home)
    expect(manifest.chainId).toBe(chainIdOf(genesis))
    const texts = manifest.nodes.map(({ name }) => readFileSync(join(cometHome(home, name), 'config/genesis.json'), 'utf8')) // prettier-ignore
    expect(new Set(texts).size).toBe(1)
    const parsed = JSON.parse(texts[0]!) as { chain_id: string; app_state: unknown; validators: { name: string }[] }
    expect(parsed.chain_id).toBe(manifest.chainId)
    expect(parsed.app_state).toEqual(genesis)
    expect(parsed.validators.map(({ name }) => name)).toEqual(['north', 'south'])
    const secrets = manifest.nodes.flatMap(({ name }) =>
      ['node_key.json', 'priv_validator_key.json'].map((file) => join(cometHome(home, name), 'config', file)),
    )
    expect(new Set(secrets.map((file) => readFileSync(file, 'utf8'))).size).toBe(4)
    for (const file of secrets) expect(statSync(file).mode & 0o777).toBe(0o600)
  })

  it('gives every organisation an encrypted keyring of its own, and a node that serves it', async () => {
    const passphrases = members.map(({ id }) => readFileSync(passphraseFile(home, id), 'utf8').trim())
    expect(new Set(passphrases).size).toBe(3)
    for (const [index, { id }] of members.entries()) {
      const keyring = await openKeyring(keysFolder(home, id), id, passphrases[index]!)
      expect(keyring.signers.map(({ operator }) => operator).sort()).toEqual(['calendar', 'maker'])
    }
    await expect(openKeyring(keysFolder(home, 'north'), 'north', passphrases[1]!)).rejects.toThrow('WRONG_PASSPHRASE')
    expect(manifest.organisations).toEqual([
      { id: 'north', node: 'north' },
      { id: 'south', node: 'south' },
      { id: 'watcher', node: 'north' },
    ])
  })

  it('asked again for the same changes nothing', async () => {
    const before = snapshot()
    const again = await createNetwork(options)
    expect(again).toEqual({ manifest, made: false })
    expect(snapshot()).toEqual(before)
  })

  it.each([
    [{ validators: 3 }, 'validators 2, not 3'],
    [{ name: 'Other' }, 'name Small, not Other'],
    [{ members: [...members].reverse() }, 'other organisations'],
    [{ startDate: isoDate('2026-01-06') }, 'startDate 2026-01-05, not 2026-01-06'],
  ])('refuses a folder with another network: %o', async (over, words) => {
    const before = snapshot()
    await expect(createNetwork({ ...options, ...over })).rejects.toThrow(`holds another network (${manifest.chainId}: ${words}`) // prettier-ignore
    expect(snapshot()).toEqual(before)
  })

  it('refuses a folder with something else, too few organisations', async () => {
    writeFileSync(join(folder, 'note'), '')
    await expect(createNetwork({ ...options, home: folder })).rejects.toThrow('is not empty and holds no network')
    const other = join(folder, 'other')
    await expect(createNetwork({ ...options, home: other, validators: 4 })).rejects.toThrow('there are 3')
    await expect(createNetwork({ ...options, home: other, validators: 0 })).rejects.toThrow('from 1 to 16, not 0')
    await expect(createNetwork({ ...options, home: other, members: members.slice(0, 2) })).rejects.toThrow('at least 3')
    expect(await findManifest(other)).toBeUndefined()
    await expect(readManifest(other)).rejects.toThrow('there is no network in')
  })

  it('takes a name of any length, and cuts it in the id of the chain', async () => {
    const long = { ...options, home: join(folder, 'long'), name: 'x'.repeat(42), validators: 1 }
    const made = await createNetwork(long)
    expect(made.manifest.chainId).toMatch(/^x{17}-[0-9a-f]{32}$/)
    expect(await createNetwork(long)).toMatchObject({ made: false })
  })

  it('begins anew where a run was cut short', async () => {
    const cut = join(folder, 'cut')
    const { mkdirSync } = await import('node:fs')
    mkdirSync(`${cut}.creating/organisations`, { recursive: true })
    expect((await createNetwork({ ...options, home: cut, validators: 1 })).made).toBe(true)
    expect(readdirSync(folder)).not.toContain('cut.creating')
  })
})

describe('--organisations', () => {
  const file = (value: unknown): string => {
    const path = join(folder, 'organisations.json')
    writeFileSync(path, typeof value === 'string' ? value : JSON.stringify(value))
    return path
  }
  const good = { ...MEMBER, id: 'north', name: { zh: '北', en: 'North' }, uscc: '91350100M000100Y43' }

  it('is a list of organisations, or an error that names the place', async () => {
    expect(await readOrganisations(file([good]))).toMatchObject([{ id: 'north', usccBody: '91350100M000100Y4' }])
    await expect(readOrganisations(join(folder, 'none.json'))).rejects.toThrow('ENOENT')
    await expect(readOrganisations(file('{'))).rejects.toThrow('not JSON')
    await expect(readOrganisations(file([{ ...good, roles: ['king'] }]))).rejects.toThrow('at /0/roles/0')
    await expect(readOrganisations(file([{ ...good, uscc: '91350100M000100Y4Z' }]))).rejects.toThrow('at /0/uscc')
    await expect(readOrganisations(file([good, good]))).rejects.toThrow('at /1/id: north is there twice')
  })
})
