import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CONTRACTS } from '#contracts/registry'
import { Registry } from '#contracts/kernel/execute'
import { testDatabase } from '#engines/testing/index'
import { genesisHash } from '#proof/block'
import { verifyExport } from '#proof/verify-export'
import { verifyNative } from '../application/verify-native.ts'
import { signTest, testCommand, testLedgerOptions } from '../testing/fixture.ts'
import { EmbeddedLedger } from './embedded-ledger.ts'

const root = join(import.meta.dirname, '..', '..')
const NODE = ['--conditions=source', '--import', 'tsx']

let url: string
let folder: string
beforeEach(async () => {
  url = (await testDatabase()).url
  folder = await mkdtemp(join(tmpdir(), 'sluice-crash-'))
})
afterEach(() => rm(folder, { recursive: true }))

/** Runs until so many commands were acknowledged, then kill -9 without warning. */
async function runAndKill(run: string, afterAcks: number): Promise<Map<string, string>> {
  const program = join(root, 'ledger-adapter/testing/submitting-process.ts')
  const env = { ...process.env, DATABASE_URL: url, RUN: run }
  const child = spawn(process.execPath, [...NODE, program], { cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  const acknowledged = new Map<string, string>()
  for await (const line of createInterface(child.stdout)) {
    const [name, height, index] = line.split(' ')
    // A line torn by the kill has no index.
    if (name && height && index) acknowledged.set(name, `${height}.${index}`)
    if (acknowledged.size >= afterAcks) child.kill('SIGKILL')
  }
  expect(await exited).toEqual([null, 'SIGKILL'])
  return acknowledged
}

describe('embedded ledger, killed', () => {
  it('loses nothing it acknowledged, whenever it is killed, and its chain verifies', async () => {
    const acknowledged = new Map<string, string>()
    let run = 0
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 400 }), async (afterAcks) => {
        const seen = await runAndKill(`run${(run += 1)}`, afterAcks)
        for (const [name, position] of seen) acknowledged.set(name, position)
      }),
      { numRuns: 4, endOnFailure: true },
    )
    const ledger = await EmbeddedLedger.open(testLedgerOptions(url))
    try {
      for (const [name, position] of acknowledged) {
        const executed = await ledger.outcome(name)
        expect(executed?.outcome.accepted, name).toBe(true)
        expect(`${executed?.position.height}.${executed?.position.index}`).toBe(position)
      }
      const verdict = await verifyExport(ledger.export(), {}, {}, verifyNative)
      expect(verdict).toMatchObject({ ok: true })
      if (!verdict.ok) return
      // What was committed and not acknowledged in time may be there too, but each once.
      const { values } = await ledger.query(['notes/counter/all'])
      expect(values).toEqual([{ count: verdict.summary.commands }])
      expect(verdict.summary.commands).toBeGreaterThanOrEqual(acknowledged.size)
    } finally {
      await ledger.close()
    }
  })

  it('is verified from its export by a separate process without database', async () => {
    // The registry that the program `sluice verify` knows: no test contract.
    const options = { ...testLedgerOptions(url), registry: new Registry(CONTRACTS) }
    const ledger = await EmbeddedLedger.open(options)
    const as = { participant: 'manager', keyId: 'service-key' }
    await ledger.submit(signTest(testCommand(ledger.chainId, 'calendar.roll', { date: '2011-01-01' }, as)))
    await ledger.submit(signTest(testCommand(ledger.chainId, 'calendar.roll', { date: '2020-01-01' }, as)))
    const file = join(folder, 'ledger.jsonl')
    await pipeline(Readable.from(withLineEnds(ledger.export())), createWriteStream(file))
    await ledger.close()
    const verify = (...words: string[]) =>
      promisify(execFile)(process.execPath, [...NODE, join(root, 'cli/main.ts'), 'verify', ...words], {
        cwd: root,
        env: { PATH: process.env.PATH, HOME: process.env.HOME },
      })
    const genesis = genesisHash(options.genesis.document)
    const { stdout } = await verify(file, '--genesis', genesis, '--json')
    const receipts = { command: 1, event: 1, key: 1, topic: 1 }
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, genesisHash: genesis, commands: 2, refused: 1, receipts, unchecked: [] }) // prettier-ignore
    await expect(verify(file, '--genesis', '0'.repeat(64))).rejects.toMatchObject({ code: 1 })
    const text = await readFile(file, 'utf8')
    await writeFile(file, text.replace('2011-01-01', '2011-01-02'))
    await expect(verify(file)).rejects.toMatchObject({ code: 1, stderr: expect.stringMatching(/line \d+: .*1\.0/) })
    await writeFile(file, text.slice(0, -200))
    await expect(verify(file)).rejects.toMatchObject({ code: 1 })
    await expect(verify(join(folder, 'missing'))).rejects.toMatchObject({ code: 1 })
  })
})

async function* withLineEnds(lines: AsyncIterable<string>): AsyncIterable<string> {
  for await (const line of lines) yield `${line}\n`
}
