// A tape on its way between two nodes of a network, each with a database and folders of its own, by the commands that
// people use: initial, purchase, update; wrong bytes on the way; a pull that is killed; a root that is not the file's.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { rootRecordOf, sumRootOf } from '#contracts/asset-registry/root'
import type { RootRecord } from '#contracts/asset-registry/state'
import { CUT_OFF, DEAL, planTerms } from '#contracts/deal/testing/plan'
import { addDays } from '#domain/date'
import { checkout } from '#engines/paths'
import { program } from '#engines/program'
import { sleep } from '#engines/say'
import { CHUNK } from '#node/exchange/manifest'
import { generatePool, generateUpdates } from '#node/ingest/generate'
import type { Ingested } from '#node/ingest/ingest'
import { proposal } from '#node/ingest/recompute'
import { hashJson } from '#proof/hash'
import type { Json, JsonObject } from '#proof/json'
import { rootOf } from '#proof/sum-node'
import { asOperator } from '../network/as-operator.ts'
import { nodeFolder, readManifest } from '../network/manifest.ts'
import { describeNetwork } from '../network/testing/cometbft.ts'
import { organisation, SluiceNetwork, type Answer } from '../network/testing/sluice-network.ts'
import { tapePlace } from '../stack/tapes.ts'
import type { VersionStatus } from './status.ts'

const MINUTE_MS = 60_000
/** Of more than three pieces of the exchange. */
const POOL = { seed: '7', receivables: 40_000, poolFen: 4_000_000_000n, cutOff: CUT_OFF }
const BOUGHT = { ...POOL, first: POOL.receivables, receivables: 300, poolFen: 30_000_000n }

/** The parties of the test plan; the first two run a node each, which serve the others. */
const ORGANISATIONS = [
  { ...organisation('originator', '91110105MA01ABCD1', 'servicer'), roles: ['originator', 'servicer'] },
  organisation('custodian', '91310000MA1FL2345', 'custodian'),
  organisation('manager', '91320000MA1NXY678', 'plan-manager', [
    { id: 'calendar', kind: 'service', functions: ['service:calendar'] },
  ]),
  organisation('bank', '91450500MA5KABC12', 'supervisory-bank'),
  organisation('rating', '91110000MA00RAT34', 'rating-agency'),
  organisation('lawyer', '31110000MD0123456', 'law-firm'),
  organisation('exchange', '12310000MB2F12345', 'exchange'),
  organisation('depository', '91110000MA00DEP56', 'depository'),
  organisation('investor-a', '91310000MA1GPAC78', 'investor'),
  organisation('investor-b', '91440300MA5DEWG90', 'investor'),
]

/** A way between two nodes that may change bytes of a body, or stop in the midst of one; remembers what was asked for. */
async function wayTo(target: string, change: (chunk: Buffer, at: number) => Buffer | 'stall') {
  const ranges: (string | undefined)[] = []
  let onStall: () => void = () => undefined
  const stalled = new Promise<void>((resolve) => (onStall = resolve))
  const server = createServer((incoming, outgoing) => {
    const isBody = incoming.url!.endsWith('/body')
    if (isBody) ranges.push(incoming.headers.range)
    const headers = { ...incoming.headers, host: new URL(target).host }
    const upstream = httpRequest(new URL(incoming.url!, target), { method: incoming.method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode!, answer.headers)
      let [at, isStalled] = [0, false]
      answer.on('data', (chunk: Buffer) => {
        if (isStalled) return
        const changed = isBody ? change(chunk, at) : chunk
        at += chunk.length
        if (changed !== 'stall') return void outgoing.write(changed)
        isStalled = true
        onStall()
      })
      answer.on('end', () => void (isStalled || outgoing.end()))
    })
    incoming.pipe(upstream)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ranges,
    stalled,
    close: async () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

describeNetwork('a tape between two nodes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-tape-'))
  const network = new SluiceNetwork()
  const { home } = network

  function start(args: readonly string[]): ChildProcess {
    const { DATABASE_URL: _, ...own } = process.env
    return spawn(process.execPath, [program('cli/main.ts'), ...args], {
      cwd: checkout,
      env: own, // nothing says where a database is but the node that the organisation has
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  }
  async function sluice(...args: string[]): Promise<Answer> {
    const child = start(args)
    let [stdout, stderr] = ['', '']
    child.stdout!.on('data', (piece: Buffer) => (stdout += piece.toString()))
    child.stderr!.on('data', (piece: Buffer) => (stderr += piece.toString()))
    const [code] = (await once(child, 'close')) as [number | null]
    return { code, stdout, stderr }
  }
  async function runs(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await sluice(...args)
    expect(code, `${args.join(' ')}\n${stdout}\n${stderr}\n${network.upSaid.slice(-2000)}`).toBe(0)
    return stdout
  }
  const at = (of: string): string[] => ['--of', of, '--deal', DEAL, '--network', home]
  const [servicer, custodian] = [at('originator'), at('custodian')]
  const tape = (...args: string[]): Promise<string> => runs('tape', ...args)
  const ingested = async (file: string, kind: string, asOf: string): Promise<Ingested> =>
    JSON.parse(await runs('ingest', file, ...servicer, '--kind', kind, '--as-of', asOf, '--json')) as Ingested
  const status = async (of: readonly string[]): Promise<VersionStatus[]> =>
    (JSON.parse(await tape('status', ...of, '--json')) as { versions: VersionStatus[] }).versions
  const file = (name: string, rows: Iterable<string>): string => {
    writeFileSync(join(folder, name), [...rows].join(''))
    return join(folder, name)
  }
  async function as(organisation: string, operator: string, name: string, args: JsonObject): Promise<void> {
    const { client } = await asOperator(home, await readManifest(home), organisation, { operator }, { ask: () => true })
    await client.perform(name, args)
  }
  async function servicerUrl(): Promise<string> {
    const { url } = await asOperator(home, await readManifest(home), 'originator', { operator: 'maker' })
    return url
  }
  async function rollTo(date: string): Promise<void> {
    await as('manager', 'calendar', 'calendar.roll', { date })
    await as('manager', 'calendar', 'calendar.closeDay', { object: `deal:${DEAL}`, date })
  }

  beforeAll(async () => {
    const file = network.file('organisations.json', ORGANISATIONS)
    const made = ['--validators', '2', '--clock', 'test', '--start-date', CUT_OFF, '--organisations', file]
    await network.runs('create', '--name', 'Tapes', ...made)
    await network.startUp()
    const terms = planTerms(POOL.poolFen) as unknown as Json
    const investors = ['investor-a', 'investor-b']
    await as('manager', 'maker', 'deal.propose', { deal: DEAL, terms, termsHash: hashJson(terms), investors })
  }, 8 * MINUTE_MS)

  afterAll(async () => {
    await network.dispose()
    rmSync(folder, { recursive: true, force: true })
  }, 2 * MINUTE_MS)

  test('the two nodes share neither database nor folder', async () => {
    const [one, other] = await Promise.all(['originator', 'custodian'].map((of) => tapePlace(nodeFolder(home, of), of)))
    expect(new URL(one!.databaseUrl).pathname).not.toBe(new URL(other!.databaseUrl).pathname)
    expect(one!.exchange).not.toBe(other!.exchange)
    await expect(tapePlace(nodeFolder(home, 'custodian'), 'originator')).rejects.toThrow('serves no originator')
  })

  test(
    'a root that is not the file’s is found out and rejected, and the next version takes its place',
    async () => {
      const pool = file('pool.csv', generatePool(POOL))
      const done = await ingested(pool, 'initial', CUT_OFF)
      // Sound in itself, with the pool's sums: only who rebuilds the tree from the file sees that it is another.
      const top = { ...sumRootOf(done.root), hash: 'ab'.repeat(32) }
      const root: RootRecord = rootRecordOf(rootOf(top, done.root.levels))
      await as('originator', 'maker', 'asset-registry.proposeBatch', { ...proposal(done), root: { ...root } })
      await tape('offer', pool, ...servicer)
      expect(await sluice('tape', 'attest', ...custodian, '--yes')).toMatchObject({ code: 1, stderr: expect.stringContaining('`sluice tape pull` fetches it') as string }) // prettier-ignore
      await tape('pull', ...custodian)
      const refused = await sluice('tape', 'attest', ...custodian, '--yes')
      expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('nothing was signed') as string })
      expect(refused.stderr).toMatch(/TREE_DIFFERS .*"field":"hash"/)
      expect(await status(custodian)).toMatchObject([{ version: 1, ledger: 'proposed', onTape: false, pulled: true }])
      // Nobody is there to be asked, and nobody said yes.
      expect(await sluice('tape', 'reject', ...custodian)).toMatchObject({ code: 2, stderr: expect.stringContaining('nobody to ask') as string }) // prettier-ignore
      const said = await sluice('tape', 'reject', ...custodian, '--yes', '--lang', 'zh')
      expect(said, said.stderr).toMatchObject({ code: 0 })
      expect(said.stderr).toContain('拒绝计划 plan-1 第 1 版资产批次：recomputed otherwise: TREE_DIFFERS')
      expect(await status(custodian)).toMatchObject([{ ledger: 'rejected', onTape: false, pulled: false }])
      await tape('settle', ...servicer)
      expect(await status(servicer)).toMatchObject([{ ledger: 'rejected', onTape: false, offeredTo: [], receivedBy: ['custodian'] }]) // prettier-ignore
      expect((await ingested(pool, 'initial', CUT_OFF)).version).toBe(2)
    },
    6 * MINUTE_MS,
  )

  test(
    'the package is pulled though its pull was killed, and refused where a byte was changed on the way',
    async () => {
      const pool = join(folder, 'pool.csv')
      expect(await tape('propose', ...servicer, '--yes')).toContain('version 2 of plan-1 is proposed')
      expect(await tape('propose', ...servicer, '--yes')).toContain('was proposed already: proposed')
      expect(await tape('offer', pool, ...servicer)).toContain('held ready for custodian')
      const stalling = await wayTo(await servicerUrl(), (chunk, from) => (from > 2.5 * CHUNK ? 'stall' : chunk))
      const killed = start(['tape', 'pull', ...custodian, '--from', stalling.url])
      await stalling.stalled
      await sleep(500)
      killed.kill('SIGKILL')
      await once(killed, 'close')
      await stalling.close()

      const lying = await wayTo(await servicerUrl(), (chunk) => {
        chunk[0]! ^= 1
        return chunk
      })
      const refused = await sluice('tape', 'pull', ...custodian, '--from', lying.url)
      expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('TAMPERED {"chunk":2}') as string })
      await lying.close()

      const whole = await wayTo(await servicerUrl(), (chunk) => chunk)
      const { code, stderr } = await sluice('tape', 'pull', ...custodian, '--from', whole.url)
      expect(code, stderr).toBe(0)
      expect(stderr).toMatch(/pulled \d+\.\d of \d+\.\d MiB, \d+\.\d MiB\/s, 2\.0 MiB were here already/)
      await whole.close()
      expect([lying.ranges, whole.ranges]).toEqual([[`bytes=${2 * CHUNK}-`], [`bytes=${2 * CHUNK}-`]])
      expect(await tape('recompute', ...custodian)).toContain('version 2 of plan-1 comes out as proposed')
      expect(await tape('attest', ...custodian, '--yes')).toContain('version 2 of plan-1 is effective')
      for (const again of [[], ['--at', '2']])
        expect(await sluice('tape', 'attest', ...custodian, ...again, '--yes')).toMatchObject({ code: 1, stderr: expect.stringContaining('version 2 of plan-1 is effective already, attested by custodian') as string }) // prettier-ignore
    },
    8 * MINUTE_MS,
  )

  test(
    'what is bought and what changes goes the same way, and both have forgotten how salts were made',
    async () => {
      const steps = [
        ['purchase', file('bought.csv', generatePool(BOUGHT))],
        ['update', file('day.csv', generateUpdates({ ...POOL, day: 1 }))],
      ] as const
      for (const [i, [kind, path]] of steps.entries()) {
        const [asOf, version] = [addDays(CUT_OFF, i + 1), i + 3]
        await rollTo(asOf)
        expect((await ingested(path, kind, asOf)).version).toBe(version)
        await tape('propose', ...servicer, '--yes')
        await tape('offer', path, ...servicer)
        await tape('pull', ...custodian)
        expect(await tape('attest', ...custodian, '--yes')).toContain(`version ${version} of plan-1 is effective`)
        await tape('settle', ...servicer)
      }
      const gone = { ledger: 'effective', onTape: true, offeredTo: [], pulled: false }
      const expected = [{ version: 1, ledger: 'rejected' }, ...[2, 3, 4].map((version) => ({ version, ...gone }))]
      expect(await status(servicer)).toMatchObject(expected)
      expect(await status(custodian)).toMatchObject(expected)
      for (const of of [servicer, custodian]) {
        expect(await tape('forget', 'CI000000007', ...of)).toContain('CI000000007 is forgotten')
        const proof = JSON.parse(await runs('ingest', 'prove', 'CI000000008', ...of)) as { version: number }
        expect(proof.version).toBe(4)
      }
    },
    10 * MINUTE_MS,
  )
})
