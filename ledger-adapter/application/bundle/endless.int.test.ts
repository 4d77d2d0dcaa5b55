import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { genesisEvents, type GenesisDocument } from '#contracts/genesis'
import { callerOf } from '#contracts/membership/caller'
import { BATCH } from '#contracts/receivable/testing/story'
import { testDatabase } from '#engines/testing/index'
import { verifyExport } from '#proof/verify-export'
import { EmbeddedLedger } from '../../embedded/embedded-ledger.ts'
import { signTest, testCommand, testLedgerOptions } from '../../testing/fixture.ts'
import { buildChanged } from '../../testing/successor.ts'
import { contractRules } from '../contract-rules.ts'
import { nativeChecks } from '../verify-native.ts'
import { FolderBundleStore } from './store.ts'
import { ContractVersions } from './versions.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-endless-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const LINE = 'const { object, date } = args\n'
/** The present sources with a defect: closing a day in 2013 never ends. */
const buildDefective = () =>
  buildChanged(
    join(folder, 'defective'),
    'contracts/calendar/close-day.ts',
    LINE,
    `${LINE}    while (date.startsWith('2013'));\n`,
  )

it('a version that never ends refuses its command and stops no node; every node decides so', async () => {
  const { hash, text } = await buildDefective()
  const store = new FolderBundleStore(join(folder, 'bundles'))
  store.put(text)
  const versions = () => new ContractVersions({ store, genesisBundle: hash })
  const { url } = await testDatabase()
  const { governance } = testLedgerOptions(url).genesis.document as unknown as GenesisDocument
  const options = { ...testLedgerOptions(url, { governance: { ...governance, bundle: hash } }), registry: versions() }
  const problems: string[] = []
  const ledger = await EmbeddedLedger.open({ ...options, onDefect: ({ problem }) => problems.push(problem) })
  const lines: string[] = []
  try {
    const close = (date: string) =>
      ledger.submit(
        signTest(
          testCommand(ledger.chainId, 'calendar.closeDay', { object: 'batch:b', date }, { participant: 'core', keyId: 'service-key' }), // prettier-ignore
        ),
      )
    const opened = await ledger.submit(signTest(testCommand(ledger.chainId, 'receivable.openBatch', BATCH)))
    expect(opened.outcome.accepted).toBe(true)
    const beyond = { code: 'INVARIANT', kind: 'invariant', details: {} }
    for (const date of ['2013-01-01', '2013-01-02']) {
      expect((await close(date)).outcome).toEqual({ accepted: false, refusal: beyond })
    }
    expect(problems).toEqual(Array(2).fill('the contracts went beyond their bounds'))
    expect((await close('2010-12-31')).outcome).toMatchObject({ accepted: true })
    for await (const line of ledger.export()) lines.push(line)
  } finally {
    await ledger.close()
  }
  const rules = contractRules(versions(), callerOf, (json) => genesisEvents(json as unknown as GenesisDocument))
  expect(await verifyExport(lines, {}, rules, nativeChecks)).toMatchObject({
    ok: true,
    summary: { commands: 4, refused: 2, unchecked: [] },
  })
})
