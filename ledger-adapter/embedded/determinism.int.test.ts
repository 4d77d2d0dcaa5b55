import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { testDatabase } from '#engines/testing/index'
import { headerHash, type BlockHeader } from '#proof/block'
import type { JsonObject } from '#proof/json'
import { program } from '#engines/program'
import { SplitLoad } from '../conformance/load.ts'
import { bundledContracts } from '../testing/bundled.ts'
import { testLedgerOptions, testRegistry } from '../testing/fixture.ts'
import { replay } from '../testing/replay.ts'
import { EmbeddedLedger } from './embedded-ledger.ts'

const bundled = await bundledContracts()
afterAll(() => bundled.dispose())

describe.each([
  { by: 'sources', options: testLedgerOptions, registry: testRegistry, cold: [] },
  { by: 'a sandboxed bundle', options: bundled.options, registry: bundled.versions, cold: [bundled.folder, bundled.hash] }, // prettier-ignore
])('by $by', ({ options, registry, cold }) => {
  it('the same commands give the same headers in a warm and a cold process, whatever the order of keys and of the store', async () => {
    const { url } = await testDatabase()
    const ledger = await EmbeddedLedger.open(options(url))
    const load = new SplitLoad(() => ledger, 'deterministic', 6)
    load.start()
    await load.progress(150)
    await load.stop()
    const lines: string[] = []
    for await (const line of ledger.export()) lines.push(line)
    await ledger.close()
    const headers = lines.flatMap((line) => {
      const { kind, header } = JSON.parse(line) as { kind: string; header: BlockHeader }
      return kind === 'block' ? [headerHash(header)] : []
    })
    expect(headers.length).toBeGreaterThan(5)
    expect(decidedBy(lines)).toBe(cold[1] ?? null)
    await fc.assert(
      fc.asyncProperty(fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })), async (stream) => {
        const random = stream[Symbol.iterator]()
        expect(await replay(lines, () => random.next().value as number, registry)).toEqual(headers)
      }),
      { numRuns: 3, endOnFailure: true },
    )
    const folder = await mkdtemp(join(tmpdir(), 'sluice-cold-'))
    try {
      const file = join(folder, 'ledger.jsonl')
      await writeFile(file, lines.join('\n'))
      const args = [program('ledger-adapter/testing/replay-process.ts'), file, ...cold]
      const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 64 << 20 })
      expect(JSON.parse(stdout)).toEqual(headers)
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})

/** The version that the genesis of an export names. */
function decidedBy([first]: readonly string[]): unknown {
  const { genesis } = JSON.parse(first!) as { genesis: { governance: JsonObject } }
  return genesis.governance.bundle
}
