import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { addDays, isoDate } from '#domain/date'
import { DEAL, PlanStory } from '#contracts/deal/testing/plan'
import { dealParties } from '#contracts/deal/parties'
import { calendarKey } from '#contracts/calendar/state'
import { pinKey } from '#contracts/governance/state'
import { BATCH } from '#contracts/receivable/testing/story'
import { genesisEvents, type GenesisDocument } from '#contracts/genesis'
import { callerOf } from '#contracts/membership/caller'
import { registry } from '#contracts/registry'
import { testDatabase } from '#engines/testing/index'
import type { JsonObject } from '#proof/json'
import { verifyExport } from '#proof/verify-export'
import { EmbeddedLedger } from '../../embedded/embedded-ledger.ts'
import type { Executed } from '../../port.ts'
import { signTest, testCommand, testLedgerOptions } from '../../testing/fixture.ts'
import { contractRules } from '../contract-rules.ts'
import { nativeChecks } from '../verify-native.ts'
import { buildSuccessor } from '../../testing/successor.ts'
import { buildBundle } from './build-bundle.ts'
import { FolderBundleStore } from './store.ts'
import { ContractVersions } from './versions.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-versions-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Submits as the operator named; two operators never wait for one another here. */
const teller =
  (ledger: EmbeddedLedger) =>
  async (who: string, call: string, args: JsonObject): Promise<Executed> => {
    const [participant = '', operator = ''] = who.split(':')
    const over = { participant, keyId: `${operator}-key` }
    return ledger.submit(signTest(testCommand(ledger.chainId, call, args, over)))
  }
const refusalOf = ({ outcome }: Executed) => (outcome.accepted ? undefined : outcome.refusal)

it('two versions rule one ledger: a plan stays on the first until its parties agree, and old blocks replay', async () => {
  const [first, second] = [await buildBundle(), await buildSuccessor(join(folder, 'successor'))]
  expect(second.hash).not.toBe(first.hash)
  const store = new FolderBundleStore(join(folder, 'bundles'))
  for (const { text } of [first, second]) store.put(text)

  const { url } = await testDatabase()
  const { genesis, ...options } = testLedgerOptions(url)
  const { governance } = genesis.document as unknown as GenesisDocument
  const options0 = testLedgerOptions(url, { governance: { ...governance, bundle: first.hash } })
  const versions = () => new ContractVersions({ store, genesisBundle: first.hash })
  const open = () => EmbeddedLedger.open({ ...options, genesis: options0.genesis, registry: versions() })
  let ledger = await open()
  const lines: string[] = []
  try {
    let tell = teller(ledger)
    const does = async (who: string, call: string, args: JsonObject) => {
      const executed = await tell(who, call, args)
      expect(refusalOf(executed), `${who} ${call}`).toBeUndefined()
      return executed
    }
    const today = async () => ((await ledger.query([calendarKey.path])).values[0] as { date: string }).date
    /** Rolls ten days and closes them, for the object in one command. */
    const tenDays = async (objects: readonly string[]) => {
      let date = isoDate(await today())
      for (let day = 0; day < 10; day += 1) {
        date = addDays(date, 1)
        await does('operator:service', 'calendar.roll', { date })
      }
      const answers: (string | undefined)[] = []
      for (const object of objects) {
        answers.push(refusalOf(await tell('operator:service', 'calendar.closeDay', { object, date }))?.code)
      }
      return answers
    }
    const catchUp = async (object: string) => {
      const { asOf } = (await ledger.query([`calendar/object/${object}`])).values[0] as { asOf: string }
      const end = await today()
      for (let date = addDays(isoDate(asOf), 5); date < end; date = addDays(date, 5)) {
        await does('operator:service', 'calendar.closeDay', { object, date })
      }
      await does('operator:service', 'calendar.closeDay', { object, date: end })
    }

    // A plan is established, and a batch of receivables opened, under the first version.
    const { world } = new PlanStory().established()
    for (const { who, name, args } of world.calls) await does(who, name, args)
    const [pin] = (await ledger.query([pinKey(`deal:${DEAL}`).path])).values
    expect(pin).toEqual({ bundle: first.hash })
    await does('core:maker', 'receivable.openBatch', BATCH)
    const objects = [`deal:${DEAL}`, 'batch:b']
    expect(await tenDays(objects)).toEqual([undefined, undefined])

    // The institutions activate the second at a height a little ahead.
    const { height } = await ledger.head()
    const action = { kind: 'activateBundle', bundle: second.hash }
    const what = { proposal: 'v2', action, fromHeight: height + 8 }
    await does('manager:maker', 'governance.propose', {
      ...what,
      expiresOn: addDays(isoDate(await today()), 9),
      reason: 'five days',
    })
    for (const who of ['bank', 'custodian', 'exchange']) await does(`${who}:checker`, 'governance.approve', what)

    // The plan goes by the first, also after a restart, while a new plan and everything else go by the second.
    await ledger.close()
    ledger = await open()
    tell = teller(ledger)
    expect(await tenDays(objects)).toEqual([undefined, 'TOO_MANY_DAYS'])
    const move = { deal: DEAL, bundle: second.hash }
    await does('manager:maker', 'deal.moveVersion', move)
    for (const party of dealParties(world.read, DEAL)) await does(`${party}:checker`, 'deal.agreeVersion', move)
    expect(await tenDays([`deal:${DEAL}`])).toEqual(['TOO_MANY_DAYS'])
    await catchUp(`deal:${DEAL}`)

    for await (const line of ledger.export()) lines.push(line)
  } finally {
    await ledger.close()
  }

  // Every command of every block is decided again, each by the version of its time: the same roots.
  const founders = (document: JsonObject) => genesisEvents(document as unknown as GenesisDocument)
  const verify = (resolver: Parameters<typeof contractRules>[0]) =>
    verifyExport(lines, {}, contractRules(resolver, callerOf, founders), nativeChecks)
  const verdict = await verify(versions())
  expect(verdict).toMatchObject({ ok: true, summary: { unchecked: [] } })
  // By one version alone they are not.
  const alone = await verify(registry)
  expect(alone).toMatchObject({ ok: false, reason: expect.stringContaining('executed again') as string })
})
