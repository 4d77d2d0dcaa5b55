import { execFile } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CONTRACTS } from '#contracts/registry'
import { Registry } from '#contracts/kernel/execute'
import { testDatabase } from '#engines/testing/index'
import { genesisHash } from '#proof/block'
import { program } from '#engines/program'
import { signTest, testCommand, testLedgerOptions } from '../testing/fixture.ts'
import { EmbeddedLedger } from './embedded-ledger.ts'

const root = join(import.meta.dirname, '..', '..')

let url: string
let folder: string
beforeEach(async () => {
  url = (await testDatabase()).url
  folder = await mkdtemp(join(tmpdir(), 'sluice-crash-'))
})
afterEach(() => rm(folder, { recursive: true }))

describe('embedded ledger, exported', () => {
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
      promisify(execFile)(process.execPath, [program('cli/main.ts'), 'verify', ...words], {
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
