// Finding a server's program: on PATH, in the cache, by download, by building it. Each way that fails says why, and when
// none works the one error lists them all.
import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { delimiter, isAbsolute, join } from 'node:path'
import { claim, ClaimHeldError, type Claim } from './claim.ts'
import { cacheFolder } from './paths.ts'
import { spawnChild } from './process.ts'
import { messageOf, sleep, type Say } from './say.ts'

export interface BinarySpec {
  /** The program's file name. */
  readonly name: string
  /** The version that is built or downloaded; part of its folder's name in the cache. */
  readonly version: string
  /** Names a program to use instead of any other. */
  readonly variable: string
  /** Arguments with which a program that works ends at once and well. */
  readonly probe: readonly string[]
  /** Fetches the program into `folder` and returns its path there. */
  readonly download?: (folder: string, claim: Claim) => Promise<string>
  /** The package for `go install`, without its version. */
  readonly goPackage: string
  /** How long building takes, for people: “about four minutes on two cores”. */
  readonly buildTakes: string
}

export interface FoundBinary {
  readonly path: string
  /** How it was found, for people. */
  readonly how: string
}

export interface FindOptions {
  readonly say: Say
  readonly env?: NodeJS.ProcessEnv
  /** The cache; the user's by default. */
  readonly cache?: string
}

export class BinaryNotFoundError extends Error {
  constructor(
    readonly spec: BinarySpec,
    readonly attempts: readonly { readonly way: string; readonly failure: string }[],
    hint: string,
  ) {
    const list = attempts.map(({ way, failure }) => `\n  - ${way}: ${failure}`).join('')
    super(`no way to a program ${spec.name} worked:${list}\n${hint}`)
    this.name = 'BinaryNotFoundError'
  }
}

/** The first executable file of that name in the folders of PATH. */
export function onPath(name: string, env: NodeJS.ProcessEnv = process.env): string | undefined {
  for (const folder of (env['PATH'] ?? '').split(delimiter)) {
    if (!isAbsolute(folder)) continue
    const candidate = join(folder, name)
    try {
      accessSync(candidate, constants.X_OK)
      if (statSync(candidate).isFile()) return candidate
    } catch {
      continue // not there, or not for us
    }
  }
  return undefined
}

/** Runs the program once. @throws with its words when it does not work */
function probe(spec: BinarySpec, path: string): void {
  const { status, signal, stdout, stderr, error } = spawnSync(path, spec.probe, { encoding: 'utf8', timeout: 30_000 })
  if (status === 0) return
  const said = `${stdout}\n${stderr}`.trim().slice(0, 300) || 'it said nothing'
  throw new Error(`${path} does not work: ${error?.message ?? `${signal ?? `exit ${status}`}, ${said}`}`)
}

const cached = (spec: BinarySpec, cache: string) => join(cache, `${spec.name}-${spec.version}`, spec.name)

/** Moves a program that works into the cache, whole or not at all. */
function keep(spec: BinarySpec, built: string, cache: string): string {
  probe(spec, built)
  const place = cached(spec, cache)
  mkdirSync(join(place, '..'), { recursive: true })
  renameSync(built, place)
  return place
}

/** Says at intervals that something long is still going on. */
async function withProgress<T>(say: Say, what: string, run: () => Promise<T>): Promise<T> {
  const began = Date.now()
  const timer = setInterval(() => say(`${what} … ${Math.round((Date.now() - began) / 1000)} s`), 15_000)
  try {
    return await run()
  } finally {
    clearInterval(timer)
  }
}

async function build(spec: BinarySpec, folder: string, held: Claim, { say, env = process.env }: FindOptions) {
  const go = onPath('go', env)
  if (go === undefined) throw new Error('there is no go on PATH')
  const target = `${spec.goPackage}@v${spec.version}`
  say(`building ${spec.name} ${spec.version} with Go, once: this takes ${spec.buildTakes}`)
  const child = await spawnChild({
    name: `go install ${spec.name}`,
    command: go,
    args: ['install', target],
    cwd: folder,
    env: { ...env, CGO_ENABLED: '0', GOBIN: folder },
    logFile: join(folder, 'build.log'),
    stopSignal: 'SIGTERM',
    wholeGroup: true,
    claim: held,
  })
  const { code, signal } = await withProgress(say, `building ${spec.name} with Go`, () => child.finished())
  if (code !== 0) throw new Error(`go install ${target} failed (${signal ?? `exit ${code}`}): ${child.tail(6)}`)
  return join(folder, spec.name)
}

/** Takes the lock of the cache's entry; waits while another checkout is at work on the same. */
async function claimEntry(spec: BinarySpec, cache: string, say: Say): Promise<Claim> {
  let said = 0
  for (;;) {
    try {
      return await claim(join(cache, `${spec.name}-${spec.version}.lock`), `making ${spec.name} ${spec.version}`)
    } catch (error) {
      if (!(error instanceof ClaimHeldError)) throw error
      if (Date.now() - said > 15_000) {
        said = Date.now()
        say(`process ${error.owner.pid} is making ${spec.name} ${spec.version}: waiting for it …`)
      }
      await sleep(500)
    }
  }
}

type Attempts = { way: string; failure: string }[]

async function attempt<T>(attempts: Attempts, way: string, run: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await run()
  } catch (error) {
    attempts.push({ way, failure: messageOf(error) })
    return undefined
  }
}

/** The entry of the cache, when it works; one that does not is replaced by whatever is made next. */
function fromCache(spec: BinarySpec, cache: string): string {
  const place = cached(spec, cache)
  if (!existsSync(place)) throw new Error(`there is no ${place}`)
  probe(spec, place)
  return place
}

/** Downloads or builds the program into the cache, alone among all checkouts. */
async function make(spec: BinarySpec, cache: string, options: FindOptions, attempts: Attempts) {
  const held = await claimEntry(spec, cache, options.say)
  const work = join(cache, `${spec.name}-${spec.version}.work`)
  try {
    // Whoever held the lock before may have made it meanwhile.
    if (existsSync(cached(spec, cache))) {
      const path = await attempt(attempts, 'the cache', () => fromCache(spec, cache))
      if (path) return { path, how: 'cached' }
    }
    const fresh = (): string => {
      rmSync(work, { recursive: true, force: true }) // what a run that was cut short left
      mkdirSync(work, { recursive: true })
      return work
    }
    const { download, name, version } = spec
    if (download) {
      options.say(`downloading ${name} ${version}`)
      const path = await attempt(attempts, 'download', async () => keep(spec, await download(fresh(), held), cache))
      if (path) return { path, how: 'downloaded' }
      options.say(`no download of ${name} ${version} (${attempts.at(-1)!.failure}); building it with Go instead`)
    }
    const path = await attempt(attempts, 'building with Go', async () =>
      keep(spec, await build(spec, fresh(), held, options), cache),
    )
    return path === undefined ? undefined : { path, how: 'built with Go' }
  } finally {
    rmSync(work, { recursive: true, force: true })
    held.release()
  }
}

/** What can be had without making anything; the failures go to `attempts`. */
async function atHand(spec: BinarySpec, cache: string, env: NodeJS.ProcessEnv, attempts: Attempts) {
  const named = env[spec.variable]
  if (named !== undefined && named !== '') {
    probe(spec, named) // somebody asked for this one: no other will do
    return { path: named, how: spec.variable }
  }
  const installed = await attempt(attempts, 'PATH', () => {
    const path = onPath(spec.name, env)
    if (path === undefined) throw new Error(`there is no ${spec.name} on PATH`)
    probe(spec, path)
    return path
  })
  if (installed) return { path: installed, how: 'on PATH' }
  const path = await attempt(attempts, 'the cache', () => fromCache(spec, cache))
  return path === undefined ? undefined : { path, how: 'cached' }
}

/**
 * A working program: named by its variable, on PATH, in the cache, downloaded, or built; the last two fill the cache.
 * @throws BinaryNotFoundError listing what failed in each way
 */
export async function findBinary(spec: BinarySpec, options: FindOptions): Promise<FoundBinary> {
  const { env = process.env, cache = cacheFolder() } = options
  const attempts: Attempts = []
  const found = (await atHand(spec, cache, env, attempts)) ?? (await make(spec, cache, options, attempts))
  if (found) return found
  const hint = `Install ${spec.name} on PATH, name one with ${spec.variable}, or install Go and try again.`
  throw new BinaryNotFoundError(spec, attempts, hint)
}

/** How the program would be found now, and whether it could be; downloads and builds nothing. */
export async function locateBinary(
  spec: BinarySpec,
  { env = process.env, cache = cacheFolder() }: Omit<FindOptions, 'say'>,
): Promise<{ available: boolean; how: string }> {
  try {
    const found = await atHand(spec, cache, env, [])
    if (found) return { available: true, how: `${found.path} (${found.how})` }
  } catch (error) {
    return { available: false, how: messageOf(error) }
  }
  const go = onPath('go', env) === undefined ? [] : [`go install, which takes ${spec.buildTakes}`]
  const ways = [...(spec.download ? ['a download'] : []), ...go]
  if (ways.length === 0) return { available: false, how: 'not on PATH nor in the cache, and no go to build it with' }
  return { available: true, how: `not here yet; the first start tries ${ways.join(', then ')}` }
}
