// `sluice network` as a user runs it: processes of its own over the engines of the tests, in a folder of its own.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, inject } from 'vitest'
import type { KeyFunction, Role } from '#contracts/kernel/method'
import { usccCheckCharacter } from '#domain/uscc'
import { readClaim } from '#engines/claim'
import { identify, signal } from '#engines/identity'
import { checkout } from '#engines/paths'
import { onShutdown } from '#engines/process'
import { program } from '#engines/program'
import { startPostgres } from '#engines/postgres'
import { sleep } from '#engines/say'
import { testTemporal } from '#engines/testing/index'
import { databaseOf, readManifest, type Manifest } from '../manifest.ts'
import type { NodeStatus } from '../status.ts'

interface Operator {
  readonly id: string
  readonly kind: 'person' | 'service'
  readonly functions: readonly KeyFunction[]
}
const people: readonly Operator[] = [
  { id: 'maker', kind: 'person', functions: ['maker', 'viewer'] },
  { id: 'checker', kind: 'person', functions: ['checker', 'viewer'] },
]

/** An organisation as a file names it, with a maker and a checker. */
export const organisation = (id: string, usccBody: string, role: Role, extra: readonly Operator[] = []) => ({
  id,
  name: { zh: id, en: id },
  uscc: usccBody + usccCheckCharacter(usccBody),
  roles: [role],
  operators: [...people, ...extra],
})

/** Four that decide and validate. */
export const FOUNDERS = [
  organisation('north', '91110105MA01ABCD1', 'plan-manager', [
    { id: 'calendar', kind: 'service', functions: ['service:calendar'] },
  ]),
  organisation('east', '91310000MA1FL2345', 'custodian'),
  organisation('south', '91320000MA1NXY678', 'exchange'),
  organisation('west', '91450500MA5KABC12', 'depository'),
]

export interface Answer {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A command that runs, and what it has said so far. */
export interface Running {
  readonly child: ChildProcess
  readonly answer: Promise<Answer>
  /** Of its standard output. */
  readonly said: () => string
}

/** More than the start of every engine takes on a busy machine. */
const SAID_WITHIN_MS = 300_000

export class SluiceNetwork {
  private readonly folder = mkdtempSync(join(tmpdir(), 'sluice-whole-'))
  readonly home = join(this.folder, 'network')
  private up: ChildProcess | undefined
  /** A run that is interrupted leaves no validators behind. */
  private readonly forget = onShutdown('the network of a test', async () => void (await this.stopUp()))
  /** What `up` has said since it was started last. */
  upSaid = ''

  /** A file of JSON in the folder beside the network's. */
  file(name: string, value: unknown): string {
    const path = join(this.folder, name)
    writeFileSync(path, JSON.stringify(value))
    return path
  }

  async create(name: string, organisations: readonly object[], ...flags: readonly string[]): Promise<void> {
    const file = this.file('organisations.json', organisations)
    await this.runs('create', '--name', name, '--clock', 'test', '--organisations', file, ...flags)
  }

  private spawn(args: readonly string[]): ChildProcess {
    const { address, namespace } = testTemporal()
    return spawn(process.execPath, [program('cli/main.ts'), 'network', ...args, '--home', this.home], {
      cwd: checkout,
      env: {
        ...process.env,
        DATABASE_URL: inject('postgresUrl'),
        TEMPORAL_ADDRESS: address,
        TEMPORAL_NAMESPACE: namespace,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  }

  begin(...args: string[]): Running {
    const child = this.spawn(args)
    let [stdout, stderr] = ['', '']
    child.stdout!.on('data', (piece: Buffer) => (stdout += piece.toString()))
    child.stderr!.on('data', (piece: Buffer) => (stderr += piece.toString()))
    const answer = once(child, 'close').then(([code]) => ({ code: code as number | null, stdout, stderr }))
    return { child, answer, said: () => stdout }
  }

  sluice(...args: string[]): Promise<Answer> {
    return this.begin(...args).answer
  }

  /** What it says when it ends well, which it must. */
  async runs(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.sluice(...args)
    expect(code, `network ${args.join(' ')}\n${stdout}\n${stderr}\n${this.upSaid.slice(-4000)}`).toBe(0)
    return stdout
  }

  async startUp(...flags: readonly string[]): Promise<void> {
    this.upSaid = ''
    const up = (this.up = this.spawn(['up', ...flags]))
    for (const stream of [up.stdout!, up.stderr!])
      stream.on('data', (piece: Buffer) => (this.upSaid += piece.toString()))
    await this.said('Ctrl-C stops everything')
  }

  /** Waits until `up` has said so. */
  async said(words: string): Promise<void> {
    for (const until = Date.now() + SAID_WITHIN_MS; !this.upSaid.includes(words); await sleep(100)) {
      expect(this.up?.exitCode, this.upSaid.slice(-4000)).toBeNull()
      expect(Date.now(), `“${words}” is not said:\n${this.upSaid.slice(-4000)}`).toBeLessThan(until)
    }
  }

  async stopUp(how: 'SIGINT' | 'SIGKILL' = 'SIGINT'): Promise<number | null> {
    const { up } = this
    if (!up) return null
    if (up.exitCode === null && up.signalCode === null) {
      up.kill(how)
      await once(up, 'exit')
    }
    return up.exitCode
  }

  /** Kills a process that `up` has started, e.g. `cometbft of north`, `node of north`; it is started again. */
  kill(name: string): void {
    this.signal(name, 'SIGKILL')
  }

  /** Freezes both processes of a node, or with SIGCONT lets them go on. */
  freeze(node: string, how: 'SIGSTOP' | 'SIGCONT' = 'SIGSTOP'): void {
    for (const kind of ['node', 'cometbft']) this.signal(`${kind} of ${node}`, how)
  }

  private signal(name: string, how: NodeJS.Signals): void {
    const record = readClaim(join(this.home, 'claim.json'))
    if (record === undefined || record === 'broken') throw new Error('nobody runs the network')
    const found = record.children.filter((child) => child.name === name && identify(child.process.pid)).at(-1)
    if (!found || !signal(found.process, how)) throw new Error(`no ${name} runs`)
  }

  manifest(): Promise<Manifest> {
    return readManifest(this.home)
  }

  async status(): Promise<NodeStatus[]> {
    return (JSON.parse((await this.sluice('status', '--json')).stdout) as { nodes: NodeStatus[] }).nodes
  }

  async dropDatabase(node: string): Promise<void> {
    const postgres = await startPostgres({ dataDir: '', env: { DATABASE_URL: inject('postgresUrl') } })
    await postgres.dropDatabase(databaseOf(await this.manifest(), node))
  }

  async dispose(): Promise<void> {
    this.forget()
    await this.stopUp()
    rmSync(this.folder, { recursive: true, force: true })
  }
}
