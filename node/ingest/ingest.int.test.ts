import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { Readable } from 'node:stream'
import { beforeAll, describe, expect, it } from 'vitest'
import { batchKey, bookKey } from '#contracts/asset-registry/state'
import { CUT_OFF, DEAL, PlanStory } from '#contracts/deal/testing/plan'
import { addDays, isoDate } from '#domain/date'
import { program } from '#engines/program'
import { canonicalJson } from '#proof/canonical'
import { verifyAssetProof } from '#proof/asset'
import { generatePool } from './generate.ts'
import { ingest, type Ingested } from './ingest.ts'
import { packageStream } from './package.ts'
import { proposal } from './recompute.ts'
import { Tape } from './tape.ts'
import { BOUGHT, contentsOf, day, POOL, pool, runUntil, tapesForTests, texts } from './testing/organisation.ts'

const SEED = 'c0'.repeat(32)
const { folder, organisation, file } = tapesForTests()

describe('a batch', () => {
  it('goes from the servicer over the package to the custodian, version by version', async () => {
    const servicer = await organisation('servicer')
    const custodian = await organisation('custodian')
    const story = new PlanStory(POOL.poolFen).proposed()
    const steps = [
      { kind: 'initial', file: await file('pool.csv.gz', gzipSync(pool)), asOf: CUT_OFF },
      { kind: 'update', file: await file('day1.csv', day(1)), asOf: addDays(CUT_OFF, 1) },
      { kind: 'purchase', file: await file('bought.csv', texts(generatePool(BOUGHT))), asOf: addDays(CUT_OFF, 2) },
      { kind: 'update', file: await file('day2.csv', day(2)), asOf: addDays(CUT_OFF, 3) },
    ] as const
    for (const [i, step] of steps.entries()) {
      const done = await ingest({ ...servicer, ...step, segmentRows: 1500 })
      story.at(step.asOf)
      story.world.does('originator:maker', 'asset-registry.proposeBatch', proposal(done))
      const batch = story.world.read(batchKey(DEAL, String(i + 1)))!
      const path = join(folder, `package-${i}`)
      await pipeline(Readable.from(packageStream(done.head, step.file)), createWriteStream(path))
      const argument = JSON.stringify({ databaseUrl: custodian.url, folder: custodian.folder, batch, path })
      const { stdout } = await promisify(execFile)(process.execPath, [
        program('node/ingest/testing/custodian-process.ts'),
        argument,
      ])
      const { attest, refused } = JSON.parse(stdout) as { attest: never; refused?: string }
      expect(refused).toBeUndefined()
      story.world.does('custodian:checker', 'asset-registry.attest', attest)
      expect(story.world.read(bookKey(DEAL))).toMatchObject({ effective: i + 1 })
    }
    // Each asset is provable at the effective version and at the one before; each proof checks against the ledger's root.
    for (const asset of ['CI000000000', 'CI000000001', 'CI000004299']) {
      for (const version of [3, 4]) {
        const proof = await Tape.prove(servicer.store, servicer.folder, DEAL, asset, version)
        expect(verifyAssetProof(proof).hash).toBe(story.world.read(batchKey(DEAL, String(version)))!.root.hash)
        expect(() => verifyAssetProof({ ...proof, currentFen: String(BigInt(proof.currentFen) + 1n) })).toThrow(
          'BAD_PROOF',
        )
        expect(() => verifyAssetProof({ ...proof, terms: { ...proof.terms, obligor: 'P0' } })).toThrow('BAD_PROOF')
      }
    }
    await expect(Tape.prove(servicer.store, servicer.folder, DEAL, 'CI000004299', 2)).rejects.toThrow('UNKNOWN_ASSET')
    // A torn file of a tree is noticed, and made again from the rows.
    const trees = (await readdir(servicer.folder)).filter((name) => name.endsWith('-4.tree'))
    expect(trees).toHaveLength(1)
    const torn = await readFile(join(servicer.folder, trees[0]!))
    torn.fill(0, 64, 64 + 4300 * 64)
    await writeFile(join(servicer.folder, trees[0]!), torn)
    const again = await Tape.prove(servicer.store, servicer.folder, DEAL, 'CI000000001')
    expect(verifyAssetProof(again).hash).toBe(story.world.read(batchKey(DEAL, '4'))!.root.hash)
    // Without its files a tape gives the same trees from its rows, the latest and the one before.
    const rebuilt = { ...servicer, folder: join(folder, 'elsewhere') }
    await ingest({ ...rebuilt, kind: 'update', file: await file('day3.csv', day(3)), asOf: addDays(CUT_OFF, 4) })
  })

  it('that the custodian cannot recompute is refused, and leaves its tape as it was', async () => {
    const servicer = await organisation('servicer-2')
    const custodian = await organisation('custodian-2')
    const source = await file('pool-2.csv', pool)
    const done = await ingest({ ...servicer, kind: 'initial', file: source, asOf: CUT_OFF })
    const batch = { ...proposal(done), state: 'proposed' } as never as Parameters<typeof recomputeOf>[1]
    const more = String(BigInt(done.root.currentFen) + 1n)
    const lying = { ...batch, root: { ...batch.root, currentFen: more } }
    await expect(recomputeOf(custodian, lying, done, source)).rejects.toThrow('TREE_DIFFERS')
    await expect(recomputeOf(custodian, { ...batch, changed: 1 }, done, source)).rejects.toThrow('changed')
    const other = await file('pool-3.csv', pool.replace('CI000000007', 'CI999999999'))
    await expect(recomputeOf(custodian, batch, done, other)).rejects.toThrow('BAD_PACKAGE')
    expect(await custodian.store.latest(DEAL)).toBeUndefined()
    expect((await recomputeOf(custodian, batch, done, source)).root).toEqual(done.root)
  })
})

async function recomputeOf(
  custodian: Awaited<ReturnType<typeof organisation>>,
  batch: import('#contracts/asset-registry/state').Batch,
  done: Ingested,
  source: string,
): Promise<Ingested> {
  const { recompute } = await import('./recompute.ts')
  return recompute({ ...custodian, batch, content: packageStream(done.head, source) })
}

describe('a file that is wrong', () => {
  const lines = pool.split('\n').slice(0, 60)
  const withCell = (row: number, column: string, value: string): string => {
    const at = lines[0]!.split(',').indexOf(column)
    return lines.map((line, i) => (i === row - 1 ? line.split(',').map((cell, c) => (c === at ? value : cell)).join(',') : line)).join('\n') // prettier-ignore
  }
  const cases: readonly (readonly [string, string, string])[] = [
    ['an empty cell', withCell(3, 'obligor', ''), 'row 3, column obligor: EMPTY_CELL'],
    ['a name with a quote', withCell(4, 'product', '"a""b"'), 'row 4, column product: BAD_NAME'],
    ['a day that does not exist', withCell(5, 'maturity_date', '2011-02-30'), 'row 5, column maturity_date: NOT_A_DATE'],
    ['three decimals', withCell(6, 'current_balance', '1.005'), 'row 6, column current_balance: NOT_AN_AMOUNT'],
    ['a negative amount', withCell(6, 'current_balance', '-1.00'), 'row 6, column current_balance: NOT_AN_AMOUNT'],
    ['an exponent', withCell(6, 'original_amount', '1e3'), 'row 6, column original_amount: NOT_AN_AMOUNT'],
    ['more than was lent', withCell(7, 'current_balance', '9999999.00'), 'row 7, column current_balance: MORE_THAN_ORIGINAL'],
    ['a term of no months', withCell(8, 'term_months', '0'), 'row 8, column term_months: NOT_A_NUMBER'],
    ['an asset twice', withCell(9, 'asset_id', 'CI000000002'), 'row 9, column asset_id: REPEATED_ASSET'],
    ['a cell too few', lines.map((line, i) => (i === 9 ? line.replace(/,[^,]*$/, '') : line)).join('\n'), 'row 10, column days_past_due: MALFORMED_ROW'],
    ['a cell too many', lines.map((line, i) => (i === 9 ? `${line},1` : line)).join('\n'), 'row 10, column days_past_due: MALFORMED_ROW'],
    ['another header', pool.replace('obligor', 'debtor'), 'row 1, column obligor: WRONG_HEADER'],
    ['nothing in it', '', 'row 1, column asset_id: WRONG_HEADER'],
  ] // prettier-ignore
  let owner: Awaited<ReturnType<typeof organisation>>
  beforeAll(async () => {
    owner = await organisation('wrong')
  })
  it.each(cases)('%s: is refused by row and column, and nothing is taken over', async (_what, text, message) => {
    const path = await file('wrong.csv', text)
    await expect(ingest({ ...owner, kind: 'initial', file: path, asOf: CUT_OFF })).rejects.toThrow(message)
    expect(await owner.store.latest(DEAL)).toBeUndefined()
    expect(await owner.store.job(DEAL)).toBeUndefined()
    expect(await readdir(owner.folder)).toEqual([])
  })
  it('all its errors are listed up to the limit, in the order of the rows', async () => {
    const text = lines.map((line, i) => (i === 0 ? line : line.replace(/[^,]*$/, 'x'))).join('\n')
    const path = await file('wrong.csv', text)
    const error = await ingest({ ...owner, kind: 'initial', file: path, asOf: CUT_OFF, maxErrors: 5 }).catch(
      (e: unknown) => e,
    )
    expect(error).toMatchObject({
      isMore: true,
      problems: [2, 3, 4, 5, 6].map((row) => ({ row, code: 'NOT_A_NUMBER' })),
    })
  })
  it('a gzip stream that is cut off is refused', async () => {
    const path = await file('cut.csv.gz', gzipSync(pool).subarray(0, 40_000))
    await expect(ingest({ ...owner, kind: 'initial', file: path, asOf: CUT_OFF })).rejects.toThrow('UNREADABLE_FILE')
    expect(await owner.store.latest(DEAL)).toBeUndefined()
  })
  it('updates and purchases of what the tape holds or does not hold are refused, and the tree stays', async () => {
    const path = await file('good.csv', pool)
    const first = await ingest({ ...owner, kind: 'initial', file: path, asOf: CUT_OFF })
    const next = { ...owner, asOf: addDays(CUT_OFF, 1) }
    await expect(ingest({ ...next, kind: 'purchase', file: path })).rejects.toThrow(
      'row 2, column asset_id: ASSET_EXISTS',
    )
    const unknown = await file('unknown.csv', day(1).replace('CI000000030', 'CI777777777'))
    await expect(ingest({ ...next, kind: 'update', file: unknown })).rejects.toThrow(
      'row 3, column asset_id: UNKNOWN_ASSET',
    )
    const much = await file('much.csv', day(1).replace(/(CI000000060),[^,]*/, '$1,99999999.00'))
    await expect(ingest({ ...next, kind: 'update', file: much })).rejects.toThrow(
      'row 4, column current_balance: MORE_THAN',
    )
    await expect(ingest({ ...owner, kind: 'initial', file: path, asOf: isoDate('2011-05-01') })).rejects.toThrow(
      'TAPE_EXISTS',
    )
    await expect(ingest({ ...owner, kind: 'update', file: unknown, asOf: CUT_OFF })).rejects.toThrow('NOT_LATER')
    expect(await owner.store.latest(DEAL)).toMatchObject({ version: 1, root: first.root })
    const good = await ingest({ ...next, kind: 'update', file: await file('right.csv', day(1)) })
    expect(good.previous).toBe(first.root.hash)
    const proof = await Tape.prove(owner.store, owner.folder, DEAL, 'CI000000030')
    expect(verifyAssetProof(proof).hash).toBe(good.root.hash)
  })
})

describe('killed at any step', () => {
  // Steps of a load of eight segments: begin, eight loads, index, tree. Each seed kills at three of them, and later runs
  // go on. An update has no steps between its begin and its tree: it is killed after some time.
  it.each([
    ...[1, 2, 3, 4, 5].map((seed) => ['initial', seed] as const),
    ...[1, 2, 3].map((seed) => ['purchase', seed] as const),
    ...[1, 2, 3, 4].map((seed) => ['update', seed] as const),
  ])('and run again, %s comes to the same tape (seed %i)', async (kind, seed) => {
    const owner = await organisation(`killed-${kind}-${seed}`)
    const whole = await organisation(`whole-${kind}-${seed}`)
    const random = (n: number, below: number): number =>
      createHash('sha256').update(`${seed}/${n}`).digest().readUInt32BE(0) % below
    const first = { file: await file('killed.csv', pool), kind: 'initial', asOf: CUT_OFF, saltSeed: SEED } as const
    const text = kind === 'update' ? everyAsset() : texts(generatePool({ ...BOUGHT, receivables: 4000 }))
    const later = {
      file: await file('killed-later.csv', text),
      kind,
      asOf: addDays(CUT_OFF, 1),
      saltSeed: SEED,
    } as const
    const step = kind === 'initial' ? first : later
    if (step !== first) for (const each of [owner, whole]) await ingest({ ...each, ...first })
    const before = await contentsOf(owner)
    const want = await ingest({ ...whole, ...step })
    const options = { ...step, folder: owner.folder, deal: DEAL, databaseUrl: owner.url, segmentRows: 500 }
    let done: Ingested | undefined
    for (let run = 0; run < 3 && !done; run += 1) {
      const [lines, moreMs] = kind === 'update' ? [1 + random(run, 2), random(run + 100, 200)] : [1 + random(run, 11), random(run + 100, 25)] // prettier-ignore
      done = await runUntil('ingest-process.ts', options, lines, moreMs)
      const isThere = (await owner.store.latest(DEAL))?.version === want.version
      const [now] = (await contentsOf(owner)) as { jobs: number }[]
      const [as] = isThere ? await contentsOf(whole) : before
      expect({ ...now, jobs: 0 }, `seed ${seed}, run ${run}`).toEqual(as)
    }
    done ??= await runUntil('ingest-process.ts', options, Infinity, 0)
    expect(done!.root, `seed ${seed}`).toEqual(want.root)
    expect(done!.contentHash).toBe(want.contentHash)
    expect(await contentsOf(owner)).toEqual(await contentsOf(whole))
    expect((await readdir(owner.folder)).filter((name) => !name.endsWith('.tree'))).toEqual([])
    const proof = await Tape.prove(owner.store, owner.folder, DEAL, 'CI000000030')
    expect(verifyAssetProof(proof).hash).toBe(want.root.hash)
  })
})

/** An update of every asset of the pool: each has repaid a fen, and is a day late. */
const everyAsset = (): string =>
  pool
    .split('\n')
    .map((line, i) => {
      const [asset, , , , , , , , , , balance, defaulted] = line.split(',')
      if (i === 0) return 'asset_id,current_balance,defaulted_amount,days_past_due'
      return balance && `${asset},${(Number(balance) - 0.01).toFixed(2)},${defaulted},1`
    })
    .join('\n')

it('the terms in a commitment are canonical JSON as the verifier makes it', async () => {
  const owner = await organisation('canonical')
  await ingest({ ...owner, kind: 'initial', file: await file('canonical.csv', pool), asOf: CUT_OFF })
  for (const asset of ['CI000000000', 'CI000001234', 'CI000003999']) {
    const { terms, salt } = await Tape.prove(owner.store, owner.folder, DEAL, asset)
    const record = createHash('sha256').update(canonicalJson(terms)).digest()
    const content = createHash('sha256').update(Buffer.from(salt, 'hex')).update(record).digest('hex')
    const { rows } = await owner.store.client.query(
      `select encode(content, 'hex') content from asset where asset_id = $1`,
      [asset],
    )
    expect(rows[0]).toEqual({ content })
  }
})
