// What the ledger decides about a batch, and what becomes of the tapes: a rejected version is taken back on both sides, an
// effective one's seed is forgotten.
import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { batchKey, bookKey, type Batch } from '#contracts/asset-registry/state'
import { CUT_OFF, DEAL, PlanStory } from '#contracts/deal/testing/plan'
import { addDays } from '#domain/date'
import { verifyAssetProof } from '#proof/asset'
import { generatePool } from './generate.ts'
import { ingest, type Ingested, type IngestOptions } from './ingest.ts'
import { packageStream, unpackedFolder } from './package.ts'
import { attestation, proposal, recompute } from './recompute.ts'
import { forgetAsset, settleBatch, settleTape } from './settle.ts'
import { Tape } from './tape.ts'
import { BOUGHT, contentsOf, day, POOL, pool, runUntil, tapesForTests, texts, type TestOrganisation } from './testing/organisation.ts' // prettier-ignore

const SEED = 'c0'.repeat(32)
const { organisation, file } = tapesForTests()
const settle = (of: TestOrganisation, batch: Batch, removed: string[] = []): Promise<boolean> =>
  settleBatch({ ...of, removePackage: async (content) => void removed.push(content) }, batch)

type Step = Pick<IngestOptions, 'file' | 'kind' | 'asOf'>

/** A servicer and a custodian on one ledger. */
async function parties(name: string) {
  const [servicer, custodian] = [await organisation(`${name}-servicer`), await organisation(`${name}-custodian`)]
  const story = new PlanStory(POOL.poolFen).proposed()
  const batchOf = (version: number): Batch => story.world.read(batchKey(DEAL, String(version)))!
  return {
    servicer,
    custodian,
    story,
    batchOf,
    async propose(step: Step): Promise<Ingested> {
      const done = await ingest({ ...servicer, ...step, segmentRows: 1500 })
      story.at(step.asOf as typeof CUT_OFF)
      story.world.does('originator:maker', 'asset-registry.proposeBatch', proposal(done))
      return done
    },
    recomputed: (done: Ingested, step: Step) =>
      recompute({ ...custodian, batch: batchOf(done.version), content: packageStream(done.head, step.file) }),
    async decided(call: 'attest' | 'reject', done: Ingested): Promise<Batch> {
      const { version } = done
      const args = call === 'attest' ? attestation(done) : { deal: DEAL, version, reason: 'two loans missing' }
      story.world.does('custodian:checker', `asset-registry.${call}`, args)
      const batch = batchOf(version)
      for (const each of [servicer, custodian]) expect(await settle(each, batch)).toBe(true)
      for (const each of [servicer, custodian]) expect(await settle(each, batch)).toBe(false)
      return batch
    },
  }
}

async function steps() {
  return [
    { kind: 'initial', file: await file('pool.csv', pool), asOf: CUT_OFF },
    { kind: 'purchase', file: await file('bought.csv', texts(generatePool(BOUGHT))), asOf: addDays(CUT_OFF, 1) },
    { kind: 'update', file: await file('day1.csv', day(1)), asOf: addDays(CUT_OFF, 2) },
  ] as const
}

describe('a rejected batch', () => {
  it('is taken back by servicer and custodian, and the next version takes its place: initial, purchase, update', async () => {
    const { servicer, custodian, story, propose, recomputed, decided } = await parties('rejected')
    const never = await organisation('never-rejected')
    for (const [i, step] of (await steps()).entries()) {
      const before = await Promise.all([contentsOf(servicer), contentsOf(custodian)])
      const latest = await servicer.store.latest(DEAL)
      const wrong = await propose(step)
      expect(wrong.version).toBe(2 * i + 1)
      await recomputed(wrong, step) // it comes out as proposed, and is turned down for another reason
      await decided('reject', wrong)
      expect(await Promise.all([contentsOf(servicer), contentsOf(custodian)])).toEqual(before)
      expect(await servicer.store.latest(DEAL)).toEqual(latest)
      const right = await propose(step)
      expect(right.version).toBe(2 * i + 2)
      await recomputed(right, step)
      await decided('attest', right)
      expect(story.world.read(bookKey(DEAL))).toMatchObject({ effective: 2 * i + 2, pending: null })
      // The tree that was changed for the rejected version was not what the next one was made on.
      const { saltSeed } = right.head
      const same = await ingest({ ...never, ...step, version: right.version, ...(saltSeed ? { saltSeed } : {}) })
      expect(right.root).toEqual(same.root)
    }
    for (const of of [servicer, custodian]) {
      const proof = await Tape.prove(of.store, of.folder, DEAL, 'CI000004001')
      expect(verifyAssetProof(proof).hash).toBe((await never.store.latest(DEAL))!.root.hash)
      expect((await readdir(of.folder)).filter((name) => !name.endsWith('.tree'))).toEqual([])
    }
  })

  it('takes with it what was built on it meanwhile, and a job that had begun', async () => {
    const { servicer, custodian, propose, decided } = await parties('built-on')
    const [initial, purchase] = await steps()
    const first = await propose(initial)
    await ingest({ ...servicer, ...purchase })
    const later = { ...(await servicer.store.latest(DEAL))!, version: 3 }
    await servicer.store.begin({ ...later, saltSeed: SEED, firstSlot: later.used })
    await decided('reject', first)
    expect(await servicer.store.latest(DEAL)).toBeUndefined()
    expect(await contentsOf(servicer)).toMatchObject([{ many: 0, jobs: 0 }])
    expect(await custodian.store.latest(DEAL)).toBeUndefined()
    expect((await ingest({ ...servicer, ...initial })).version).toBe(2)
  })

  it.each([1, 2, 3, 4, 5, 6])('is there whole or not at all when its taking back is killed (seed %i)', async (seed) => {
    const { servicer, story, propose, batchOf } = await parties(`killed-${seed}`)
    const [initial, purchase] = await steps()
    const first = await propose(initial)
    story.world.does('custodian:checker', 'asset-registry.attest', attestation(first))
    const before = await contentsOf(servicer)
    const second = await propose(purchase)
    const whole = await contentsOf(servicer)
    story.world.does('custodian:checker', 'asset-registry.reject', { deal: DEAL, version: 2, reason: 'not these' })
    const argument = { databaseUrl: servicer.url, folder: servicer.folder, batch: batchOf(2) }
    const moreMs = createHash('sha256').update(`${seed}`).digest().readUInt32BE(0) % 40
    await runUntil('settle-process.ts', argument, 1, moreMs)
    const isThere = (await servicer.store.latest(DEAL))?.version === second.version
    expect(await contentsOf(servicer)).toEqual(isThere ? whole : before)
    expect(await settle(servicer, batchOf(2))).toBe(isThere)
    expect(await contentsOf(servicer)).toEqual(before)
    expect((await ingest({ ...servicer, ...purchase })).version).toBe(3)
  })
})

describe('an effective batch', () => {
  /** All tables of a tape as text, and its files: whatever a seed or a salt could be found in. */
  async function kept({ store, folder }: TestOrganisation): Promise<{ tables: string; files: string }> {
    const { rows } = await store.client.query(
      `select table_name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'`,
    )
    const tables = (rows as { table_name: string }[]).map(({ table_name: name }) => name)
    const texts: string[] = []
    for (const name of tables) {
      const found = await store.client.query(`select string_agg(t::text, ' ') as text from ${name} t`)
      texts.push(String((found.rows as { text: string | null }[])[0]!.text))
    }
    const files = await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name), 'hex')))
    return { tables: texts.join(' '), files: files.join(' ') }
  }
  const saltBy = (seed: string, asset: string): string => createHash('sha256').update(`${seed}${asset}`).digest('hex')
  const derivable = ({ tables, files }: { tables: string; files: string }, asset: string, salt: string): boolean =>
    files.includes(salt) ||
    [...tables.matchAll(/[0-9a-f]{64}/g)].some(([seed]) => seed === salt || saltBy(seed, asset) === salt)

  it('keeps no seed, so that the salt of a deleted asset is nowhere, and the others are proven as before', async () => {
    const { servicer, custodian, propose, recomputed, decided } = await parties('forgotten')
    const [initial, purchase] = await steps()
    const first = await propose(initial)
    await recomputed(first, initial)
    const [gone, stays] = ['CI000000007', 'CI000000008']
    for (const of of [servicer, custodian]) {
      const { salt } = await Tape.prove(of.store, of.folder, DEAL, gone)
      expect(salt).toBe(saltBy(first.head.saltSeed!, gone))
      expect(derivable(await kept(of), gone, salt)).toBe(true)
      await expect(forgetAsset(of.store, DEAL, gone)).rejects.toMatchObject({ code: 'SEED_HELD' })
    }
    await decided('attest', first)
    for (const of of [servicer, custodian]) {
      const before = await Tape.prove(of.store, of.folder, DEAL, stays)
      const { salt, slot } = await Tape.prove(of.store, of.folder, DEAL, gone)
      await forgetAsset(of.store, DEAL, gone)
      expect(derivable(await kept(of), gone, salt)).toBe(false)
      const { rows } = await of.store.client.query('select a::text as text from asset a where slot = $1', [slot])
      expect((rows[0] as { text: string }).text).toMatch(/^\(plan-1,7,,,,,,,,,,\d+,\d+,\d+,\d+,,"\\\\x[0-9a-f]{64}"\)$/)
      await expect(Tape.prove(of.store, of.folder, DEAL, gone)).rejects.toThrow('UNKNOWN_ASSET')
      await expect(forgetAsset(of.store, DEAL, gone)).rejects.toThrow('UNKNOWN_ASSET')
      const elsewhere = `${of.folder}-elsewhere` // the tree made anew from the rows that are left
      await mkdir(elsewhere)
      for (const folder of [of.folder, elsewhere]) {
        const proof = await Tape.prove(of.store, folder, DEAL, stays)
        expect(proof).toEqual(before)
        expect(verifyAssetProof(proof).hash).toBe(first.root.hash)
      }
    }
    // And the tape goes on.
    const second = await propose(purchase)
    await recomputed(second, purchase)
    await decided('attest', second)
  })

  it('loses its package on both sides; one that waits loses nothing, one of another tape is told apart', async () => {
    const { servicer, propose, story, batchOf } = await parties('package')
    const [initial] = await steps()
    const first = await propose(initial)
    const removed: string[] = []
    const held = { ...servicer, removePackage: async (content: string) => void removed.push(content) }
    expect(await settleTape(held, DEAL, async (version) => batchOf(version))).toEqual([])
    expect(await servicer.store.latest(DEAL)).toMatchObject({ saltSeed: first.head.saltSeed })
    story.world.does('custodian:checker', 'asset-registry.attest', attestation(first))
    const other = { ...batchOf(1), root: { ...batchOf(1).root, hash: 'ab'.repeat(32) } }
    await expect(settleBatch(held, other)).rejects.toMatchObject({ code: 'OTHER_BATCH' })
    // A recomputation that was killed, and an ingest that was between its last commit and its end.
    const left = [unpackedFolder(servicer.folder, first.contentHash), join(servicer.folder, 'asset_999')]
    for (const each of left) await mkdir(each)
    expect(await settleTape(held, DEAL, async (version) => batchOf(version))).toMatchObject([{ version: 1 }])
    expect(await readdir(servicer.folder)).toEqual([expect.stringMatching(/\.tree$/)])
    expect(new Set(removed)).toEqual(new Set([first.contentHash]))
    expect(await servicer.store.latest(DEAL)).toMatchObject({ saltSeed: null })
    expect(await settleTape(held, DEAL, async (version) => batchOf(version))).toEqual([])
  })
})
