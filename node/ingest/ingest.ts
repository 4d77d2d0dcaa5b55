import { randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'
import { rootRecordOf } from '#contracts/asset-registry/root'
import { isIsoDate } from '#domain/date'
import { levelsFor, mostLevelsFor, type LeafColumns, type SumTree } from '#proof/sum-tree'
import { fileHash } from '../file-hash.ts'
import { applyUpdate, refuseKnownAssets } from './apply-update.ts'
import { BatchError } from './errors.ts'
import type { IngestOptions } from './options.ts'
import { packageHash, type PackageHead } from './package.ts'
import { parsePool, parseUpdates, reopenParsed, type ParsedFile, type ParseOptions } from './parse.ts'
import { ASSET_COLUMNS, literal, type Job, type TapeVersion } from './store.ts'
import { Tape } from './tape.ts'

export type { IngestOptions, Progress } from './options.ts'

export interface Ingested extends TapeVersion {
  /** The head of the package for the custodian; with the file it is the package. */
  readonly head: PackageHead
  readonly resumed: boolean
}

/**
 * Takes a file over as the next version of a plan's tape: checked whole, loaded by COPY, its tree built or changed, all
 * of it in Postgres or nothing. Killed at any moment and run again with the same file, it goes on where it was.
 * @throws IngestError (the file), BatchError (what it builds on)
 */
export async function ingest(options: IngestOptions): Promise<Ingested> {
  const { store, deal } = options
  if (!isIsoDate(options.asOf)) throw new BatchError('NOT_LATER', { asOf: options.asOf, problem: 'no such day' })
  return store.alone(deal, () => ingestAlone(options))
}

async function ingestAlone(options: IngestOptions): Promise<Ingested> {
  const { store, deal, kind, asOf, file } = options
  await mkdir(options.folder, { recursive: true })
  await sweepJobs(options)
  const hash = await fileHash(file).catch(() => '') // what cannot be read is refused below, by name
  const latest = await store.latest(deal)
  // A run that ended after its last commit and before it could say so: the same file gives the same answer.
  const isSame = latest?.kind === kind && latest.asOf === asOf && latest.fileHash === hash
  if (isSame && (options.version ?? latest.version) === latest.version) {
    return { ...latest, head: headOf(latest, file), resumed: true }
  }
  if (kind === 'initial' && latest) throw new BatchError('TAPE_EXISTS', { deal, version: latest.version })
  if (kind !== 'initial' && !latest) throw new BatchError('NO_TAPE', { deal })
  if (latest && asOf <= latest.asOf) throw new BatchError('NOT_LATER', { asOf, latest: latest.asOf })
  if (latest && options.version !== undefined && options.version <= latest.version)
    throw new BatchError('NOT_LATER', { version: options.version, latest: latest.version })
  const found = await unfinished(options, hash)
  const job = found ?? (await store.begin(await newJob(options, latest, hash)))
  return kind === 'update' ? update(options, job, latest!, found !== undefined) : load(options, job, latest, !!found)
}

/** What runs left that were killed after their last commit. A job's folder is made after its row, hence the order. */
export async function sweepJobs({ store, folder }: Pick<IngestOptions, 'store' | 'folder'>): Promise<void> {
  const folders = (await readdir(folder)).filter((name) => /^asset_\d+$/.test(name))
  if (folders.length === 0) return
  const { rows } = await store.client.query('select partition from ingest_job')
  const needed = new Set((rows as { partition: string }[]).map(({ partition }) => partition))
  for (const name of folders) if (!needed.has(name)) await rm(join(folder, name), { recursive: true, force: true })
}

async function newJob(
  options: IngestOptions,
  latest: TapeVersion | undefined,
  hash: string,
): Promise<Omit<Job, 'rows' | 'partition'>> {
  const { store, deal, kind, asOf, saltSeed } = options
  return {
    deal,
    version: options.version ?? (await store.nextVersion(deal)),
    kind,
    asOf,
    fileHash: hash,
    saltSeed: saltSeed ?? randomBytes(32).toString('hex'),
    firstSlot: latest?.used ?? 0,
  }
}

/** The job of the same file that an earlier run left. */
async function unfinished(options: IngestOptions, hash: string): Promise<Job | undefined> {
  const { store, deal, kind, asOf } = options
  const job = await store.job(deal)
  if (!job) return undefined
  const isThis = job.version === (options.version ?? job.version) && job.saltSeed === (options.saltSeed ?? job.saltSeed)
  if (isThis && job.fileHash === hash && job.kind === kind && job.asOf === asOf) return job
  if (!options.restart) {
    throw new BatchError('OTHER_FILE', { deal, unfinished: job.kind, asOf: job.asOf, sha256: job.fileHash })
  }
  await store.abandon(job)
  return undefined
}

/** Of the package of a version and the file it was made from. What the file was called is nobody else's business. */
export const headOf = (
  { deal, version, kind, asOf, previous, root, saltSeed }: Omit<TapeVersion, 'contentHash'>,
  fileName: string,
): PackageHead => ({
  format: 'sluice/tape/1',
  deal,
  version,
  kind,
  asOf,
  previous,
  levels: root.levels,
  saltSeed,
  fileName: fileName.endsWith('.gz') ? 'tape.csv.gz' : 'tape.csv',
})

const parseOptions = (
  { file, folder, maxErrors = 20, memoryMb = 512, onProgress }: IngestOptions,
  job: Job,
): ParseOptions => ({
  file,
  folder: join(folder, job.partition),
  saltSeed: job.saltSeed,
  maxErrors,
  memoryMb,
  ...(onProgress && { onProgress: (percent: number) => onProgress({ stage: 'parse', percent }) }),
})

/** A file that is refused leaves nothing behind. */
async function parsed<T extends ParsedFile>(options: IngestOptions, job: Job, parse: () => Promise<T>): Promise<T> {
  try {
    return await parse()
  } catch (error) {
    await options.store.abandon(job)
    await rm(join(options.folder, job.partition), { recursive: true, force: true })
    throw error
  }
}

async function load(
  options: IngestOptions,
  job: Job,
  latest: TapeVersion | undefined,
  resumed: boolean,
): Promise<Ingested> {
  const { store, folder, deal, onProgress } = options
  const parsing = parseOptions(options, job)
  await mkdir(parsing.folder, { recursive: true })
  let source = job.rows === null ? undefined : await reopenParsed(parsing, job.rows)
  if (resumed) onProgress?.({ stage: 'resume', rows: source?.rows ?? 0 })
  source ??= await parsed(options, job, async () => {
    const fresh = await parsePool(parsing)
    try {
      if (latest) await refuseKnownAssets(options, job, fresh.db)
    } catch (error) {
      fresh.close()
      throw error
    }
    return fresh
  })
  try {
    await store.parsed(job, source.rows)
    const tree = await treeFor(options, latest, job.firstSlot + source.rows)
    await loadSegments(options, job, source, tree)
    onProgress?.({ stage: 'index', rows: source.rows })
    const used = job.firstSlot + source.rows
    const version = await versionOf(options, job, latest, tree, source.rows, used, job.saltSeed)
    await saveVersion(options, tree, version, latest)
    await store.finish(job, version)
    return { ...version, resumed }
  } catch (error) {
    // What stands against the batch itself will not go away: the job is not worth going on with.
    if (error instanceof BatchError) await store.abandon(job)
    throw error
  } finally {
    source.close()
    // Kept only as long as the job is there to need it.
    if (!(await store.job(deal).catch(() => job)))
      await rm(join(folder, job.partition), { recursive: true, force: true })
  }
}

async function versionOf(
  options: IngestOptions,
  job: Job,
  latest: TapeVersion | undefined,
  tree: SumTree,
  changed: number,
  used: number,
  seed: string | null,
): Promise<Omit<Ingested, 'resumed'>> {
  const { deal, kind, asOf, file } = options
  const root = rootRecordOf(tree.root())
  const bare = {
    deal,
    version: job.version,
    kind,
    asOf,
    root,
    previous: latest?.root.hash ?? null,
    changed,
    used,
    fileHash: job.fileHash,
    saltSeed: seed,
  }
  const head = headOf(bare, file)
  const version = { ...bare, head, contentHash: await packageHash(head, file) }
  options.confirm?.(version)
  return version
}

/** @throws BatchError TOO_MANY_LEVELS before there is a tree: what it costs is bounded by the rows that there are */
async function treeFor(options: IngestOptions, latest: TapeVersion | undefined, used: number): Promise<SumTree> {
  const { store, folder, levels } = options
  const most = mostLevelsFor(BigInt(used))
  if (levels !== undefined && levels > most) throw new BatchError('TOO_MANY_LEVELS', { levels, most, assets: used })
  if (!latest) return Tape.empty(levels ?? levelsFor(used) + (used > 2 ** levelsFor(used) * 0.8 ? 1 : 0))
  const { tree } = await Tape.open(store, folder, latest)
  const wanted = Math.max(tree.levels, levels ?? 0, levelsFor(used))
  return wanted > tree.levels ? tree.grown(wanted) : tree
}

/** DuckDB writes the next segment while Postgres takes the one before and the tree takes its leaves. */
async function loadSegments(options: IngestOptions, job: Job, source: ParsedFile, tree: SumTree): Promise<void> {
  const { store, folder, segmentRows = 100_000, onProgress } = options
  const done = await store.loadedSegments(job.deal)
  const started = performance.now()
  let [copied, loading]: [number, Promise<void>] = [0, Promise.resolve()]
  for (let no = 0, from = 0; from < source.rows; no += 1, from += segmentRows) {
    const to = Math.min(from + segmentRows, source.rows)
    const path = join(folder, job.partition, `segment-${no}.csv`)
    if (!done.has(no)) await source.db.run(segmentSql(job, from, to, path))
    await loading
    loading = done.has(no)
      ? Promise.resolve()
      : store.loadSegment(job, no, createReadStream(path, { highWaterMark: 1 << 20 })).then(() => rm(path))
    loading.catch(() => undefined) // awaited in the next round
    tree.assign(await leavesOf(source.db, job.firstSlot, from, to))
    copied += done.has(no) ? 0 : to - from
    const rowsPerSecond = Math.round((copied * 1000) / (performance.now() - started))
    onProgress?.({ stage: 'load', rows: to, of: source.rows, rowsPerSecond })
  }
  await loading
}

const segmentSql = ({ deal, firstSlot }: Job, from: number, to: number, path: string): string => {
  const cells = ASSET_COLUMNS.map((column) => {
    if (column === 'deal') return literal(deal)
    if (column === 'slot') return `rowid + ${firstSlot}`
    if (column === 'salt') return `'\\x' || salt`
    return column === 'content' ? `'\\x' || lower(hex(content))` : column
  })
  return `copy (select ${cells.join(', ')} from rows where rowid >= ${from} and rowid < ${to} order by rowid)
    to ${literal(path)} (format csv, header false)`
}

async function leavesOf(db: DuckDBConnection, firstSlot: number, from: number, to: number): Promise<LeafColumns> {
  const count = to - from
  const leaves = {
    slots: Uint32Array.from({ length: count }, (_, i) => firstSlot + from + i),
    contents: new Uint8Array(count * 32),
    originalFen: new BigUint64Array(count),
    currentFen: new BigUint64Array(count),
    defaultedFen: new BigUint64Array(count),
  }
  const result = await db.stream(
    `select content, original_fen, current_fen, defaulted_fen from rows where rowid >= ${from} and rowid < ${to}
      order by rowid`,
  )
  let at = 0
  for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
    const [contents = [], originals = [], currents = [], defaults = []] = chunk.getColumns()
    for (let i = 0; i < chunk.rowCount; i += 1, at += 1) {
      leaves.contents.set((contents[i] as { bytes: Uint8Array }).bytes, at * 32)
      leaves.originalFen[at] = originals[i] as bigint
      leaves.currentFen[at] = currents[i] as bigint
      leaves.defaultedFen[at] = defaults[i] as bigint
    }
  }
  if (at !== count) throw new BatchError('TREE_DIFFERS', { field: 'rows', want: count, got: at })
  return leaves
}

/** The tree's file stands before the version is there to need it. */
async function saveVersion(
  { folder, onProgress }: IngestOptions,
  tree: SumTree,
  version: TapeVersion,
  latest: TapeVersion | undefined,
): Promise<void> {
  onProgress?.({ stage: 'tree', rows: version.used })
  await Tape.save(folder, tree, version, latest?.version)
}

async function update(options: IngestOptions, job: Job, latest: TapeVersion, resumed: boolean): Promise<Ingested> {
  const { store, folder } = options
  const parsing = parseOptions(options, job)
  await mkdir(parsing.folder, { recursive: true })
  const opening = Tape.open(store, folder, latest)
  // A file that is wrong gives its job up in the same session that a tree may be made from: not while it is.
  const opened = Promise.allSettled([opening])
  const source = await parsed(options, job, () => parseUpdates(parsing).finally(() => opened))
  const { tree } = await opening.catch((error: unknown) => {
    source.close()
    throw error
  })
  try {
    return await store.transaction(async () => {
      const changed = await applyUpdate(options, job, source, tree)
      const version = await versionOf(options, job, latest, tree, changed, latest.used, null)
      await saveVersion(options, tree, version, latest)
      await store.addVersion(version)
      await store.client.query('delete from ingest_job where deal = $1', [job.deal])
      return { ...version, resumed }
    })
  } catch (error) {
    Tape.forget(folder, latest)
    await store.abandon(job)
    throw error
  } finally {
    source.close()
    await rm(parsing.folder, { recursive: true, force: true })
  }
}
