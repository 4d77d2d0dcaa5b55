// The workers of a node that an organisation runs for itself, on real loans: what the servicer reports comes from its own
// tape, and each party has what the period asks of it.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { batchKey, versionText } from '#contracts/asset-registry/state'
import { accountIds } from '#contracts/deal/account-ids'
import { CUT_OFF, DEAL } from '#contracts/deal/testing/plan'
import { periodDates } from '#contracts/servicing/period'
import { distributionKey, periodKey } from '#contracts/servicing/state'
import { monthlyTotals } from '#domain/tape/replay'
import { ContentStore } from '#node/exchange/content-store'
import type { CustodianActivities, ServicerActivities } from '#workflows/activities/period-types'
import { FiledPlan, tapeLoans } from '#workflows/testing/filed-plan'
import { keyringOf, startRig, until, type Rig } from '#workflows/testing/rig'
import type { OrganisationWorker } from '#workflows/worker'
import { loanTapeFile } from './loan-tape.ts'
import { organisationWorker } from './organisation-worker.ts'

const PERIOD = '2011-01'
const folder = mkdtempSync(join(tmpdir(), 'sluice-worker-'))
const files = new ContentStore(join(folder, 'files'))
const tape = loanTapeFile(join(folder, 'originator'), DEAL)
let rig: Rig
let plan: FiledPlan
let collected: bigint
let ids: ReadonlySet<string>

/** As a node makes it: nothing is handed over but where the organisation keeps its tape. */
const worker = (participant: string, at = files): OrganisationWorker => {
  const { ledger, bankOf, notices } = rig
  const tapeFolderOf = (of: string): string => join(folder, of)
  return organisationWorker({ ledger, files: at, bankOf, notices, tapeFolderOf }, keyringOf(participant))
}
const servicer = () => worker('originator').activities as ServicerActivities
const custodian = (at: ContentStore) => worker('custodian', at).activities as CustodianActivities

function writeTape(change: (rows: string[]) => string[]): void {
  const lines = gunzipSync(readFileSync('testdata/tape/lc-2007-2010.csv.gz')).toString('utf8').trimEnd().split('\n')
  const issued = lines.slice(1).filter((line) => ids.has(line.split('"')[1]!))
  mkdirSync(dirname(tape), { recursive: true })
  writeFileSync(tape, gzipSync([lines[0], ...change(issued), ''].join('\n')))
}

beforeAll(async () => {
  const loans = await tapeLoans()
  ids = new Set(loans.map(({ loan }) => loan.id))
  const { principal, interest, lateFee, recovery } = monthlyTotals(loans, CUT_OFF).get(PERIOD)!
  collected = principal + interest + lateFee + recovery
  plan = await FiledPlan.of(loans, files)
  const { collectedTo } = periodDates(plan.terms, 0)!
  const arrival = { valueDate: collectedTo, amountFen: collected }
  rig = await startRig({
    arrivals: async (account, period) =>
      account === accountIds.collection(DEAL) && period === PERIOD ? [arrival] : [],
  })
  await plan.established().on(rig)
})
afterAll(async () => {
  await rig?.stop()
  rmSync(folder, { recursive: true })
})

test('an activity whose tape or file the organisation has not names it', async () => {
  const report = () => servicer().prepareReport({ deal: DEAL, period: PERIOD, index: 0, asOf: plan.dates.collectedTo })
  await expect(report()).rejects.toThrow(`originator has no loan tape of ${DEAL}: its servicing reports are made from ${tape}`) // prettier-ignore
  writeTape(([first, second, ...rest]) => [second!, first!, ...rest])
  await expect(report()).rejects.toThrow(`the loan tape of originator is not the pool of ${DEAL}: slot 0 is `)
  const empty = new ContentStore(join(folder, 'empty'))
  const { contentHash } = (await rig.fact(batchKey(DEAL, versionText(1))))!
  const absent = `the file of asset batch 1 of ${DEAL}, ${contentHash}, is not at this node`
  await expect(custodian(empty).recomputeBatch({ deal: DEAL, version: 1 })).rejects.toThrow(absent)
})

test('workers with nothing but their own tapes carry a period to its figures', async () => {
  writeTape((rows) => rows)
  const parts = {
    originator: 'servicer-period',
    bank: 'bank-period',
    custodian: 'custodian-period',
    manager: 'plan-period',
  }
  await rig.work(...Object.keys(parts).map((participant) => worker(participant)))
  await plan.at(plan.dates.collectedTo).on(rig)
  for (const party of Object.keys(parts))
    await rig.as(`${party}:service`).post(`/v1/deals/${DEAL}/periods/${PERIOD}/runs`)
  const { totalFen } = await until(async () => {
    const found = await rig.fact(periodKey(DEAL, PERIOD))
    return found?.state === 'calculated' ? found : undefined
  })
  expect(await rig.fact(distributionKey(DEAL, PERIOD))).toBeDefined()
  expect(totalFen).toBe(collected.toString())
})
