// One period of a plan over real loans, each party's part a workflow of its own: a payer refuses the figures once, and
// the custodian's bank voids the instruction once, before the holders are paid.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { accountKey, instructionKey } from '#contracts/cash/state'
import { accountIds } from '#contracts/deal/account-ids'
import { holderPaymentKey } from '#contracts/securities/state'
import { periodDates } from '#contracts/servicing/period'
import { distributionKey, periodKey, type Period, type PeriodState } from '#contracts/servicing/state'
import { monthlyTotals, type LoanFlows } from '#domain/tape/replay'
import { CUT_OFF, DEAL } from '#contracts/deal/testing/plan'
import { ContentStore } from '#node/exchange/content-store'
import { createBankActivities } from './activities/bank.ts'
import { createLedgerActivities } from './activities/ledger.ts'
import { createCustodianActivities, createServicerActivities } from './activities/pool.ts'
import { FiledPlan, tapeLoans } from './testing/filed-plan.ts'
import { expectReplayable } from './testing/histories.ts'
import { keyringOf, startRig, until, type Rig } from './testing/rig.ts'
import type { OrganisationWorker } from './worker.ts'

const PERIOD = '2011-01'
const PARTS = {
  originator: 'servicer-period',
  bank: 'bank-period',
  custodian: 'custodian-period',
  manager: 'plan-period',
  depository: 'depository-period',
}
type Party = keyof typeof PARTS
const HOLDERS = ['investor-a', 'investor-b', 'originator']

let rig: Rig
let loans: LoanFlows[]
let plan: FiledPlan
let folder: string
let organisation: (participant: Party) => OrganisationWorker
let collected: bigint

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-period-'))
  const files = new ContentStore(folder)
  loans = await tapeLoans()
  const { principal, interest, lateFee, recovery } = monthlyTotals(loans, CUT_OFF).get(PERIOD)!
  collected = principal + interest + lateFee + recovery
  plan = await FiledPlan.of(loans, files)
  const { collectedTo } = periodDates(plan.terms, 0)!
  rig = await startRig({
    arrivals: async (account, period) =>
      account === accountIds.collection(DEAL) && period === PERIOD
        ? [{ valueDate: collectedTo, amountFen: collected }]
        : [],
  })
  await plan.established().on(rig)
  const { ledger, bankOf } = rig
  const own: Record<Party, object> = {
    originator: createServicerActivities({ ledger, files, loansOf: () => loans }),
    bank: createBankActivities({ ledger, bank: bankOf('bank') }),
    custodian: {
      ...createBankActivities({ ledger, bank: bankOf('custodian') }),
      ...createCustodianActivities({ ledger, files, bank: bankOf('custodian') }),
    },
    manager: {},
    depository: createBankActivities({ ledger, bank: bankOf('depository') }),
  }
  organisation = (participant) => ({
    participant,
    activities: { ...createLedgerActivities({ ledger, keyring: keyringOf(participant) }), ...own[participant] },
  })
})
afterAll(async () => {
  await rig.stop()
  rmSync(folder, { recursive: true })
})

const standing = (state: PeriodState, attempt: number): Promise<Period> =>
  until(async () => {
    const found = await rig.fact(periodKey(DEAL, PERIOD))
    return found?.state === state && found.attempt === attempt ? found : undefined
  })

const approve = async (attempt: number): Promise<string> => {
  await standing('calculated', attempt)
  const { resultHash } = (await rig.fact(distributionKey(DEAL, PERIOD)))!
  await rig.does('manager:payer', 'servicing.approveInstructions', { deal: DEAL, period: PERIOD, resultHash })
  return (await standing('released', attempt)).instruction!
}

const sum = (legs: readonly { readonly amountFen: string }[]): bigint =>
  legs.reduce((total, { amountFen }) => total + BigInt(amountFen), 0n)

const postedFen = async (account: string): Promise<bigint> =>
  BigInt((await rig.fact(accountKey(account)))?.postedFen ?? '0')

test('a period with a refusal and a voided instruction pays each holder once, to the fen', async () => {
  await rig.work(organisation('originator'), organisation('bank'), organisation('depository'))
  const manager = await rig.work(organisation('manager'))
  const custodian = await rig.work(organisation('custodian'))
  await plan.at(plan.dates.collectedTo).on(rig)
  const ids = new Map<Party, string>()
  for (const party of Object.keys(PARTS) as Party[]) {
    const path = `/v1/deals/${DEAL}/periods/${PERIOD}/runs`
    const { workflowId } = await rig.as(`${party}:service`).post<{ workflowId: string }>(path)
    // Asked twice, it runs once.
    expect(await rig.as(`${party}:service`).post(path)).toEqual({ workflowId })
    ids.set(party, workflowId)
  }

  // The payer does not like the figures: they are calculated again, and come to the same.
  await standing('calculated', 1)
  const first = (await rig.fact(distributionKey(DEAL, PERIOD)))!
  const refusal = { deal: DEAL, period: PERIOD, reason: 'the auditor has a question' }
  await rig.does('manager:payer', 'servicing.refuseInstructions', refusal)
  await standing('calculated', 2)
  expect((await rig.fact(distributionKey(DEAL, PERIOD)))!.legs).toEqual(first.legs)

  // The custodian's bank voids what was released while neither the custodian nor the manager is at work.
  await custodian.stop()
  const voided = await approve(2)
  await manager.stop()
  await plan.at(plan.dates.payDate).on(rig)
  await rig.does('custodian:service', 'cash.void', { instruction: voided, reason: 'account number changed' })
  await rig.work(organisation('custodian'), organisation('manager'))
  const paid = await approve(3)
  expect(paid).not.toBe(voided)

  for (const party of ids.keys()) await rig.temporal.result(ids.get(party)!)
  expect((await rig.fact(periodKey(DEAL, PERIOD)))!.state).toBe('settled')
  expect((await rig.fact(instructionKey(voided)))!.state).toBe('voided')
  expect((await rig.fact(instructionKey(paid)))!.state).toBe('posted')

  // What came in was transferred whole; what the distribution gives to the depository is what holders received, no more.
  expect(collected).toBeGreaterThan(0n)
  expect(await postedFen(accountIds.collection(DEAL))).toBe(0n)
  const payments = await Promise.all(HOLDERS.map((holder) => rig.fact(holderPaymentKey(DEAL, PERIOD, holder))))
  const instructions = await Promise.all(
    payments.flatMap((payment) => (payment ? [rig.fact(instructionKey(payment.instruction))] : [])),
  )
  expect(instructions.map((instruction) => instruction!.state)).toEqual(instructions.map(() => 'posted'))
  const holderLegs = instructions.flatMap((instruction) => instruction!.legs)
  const depositoryAccounts = new Set(holderLegs.map(({ from }) => from))
  const { legs } = (await rig.fact(distributionKey(DEAL, PERIOD)))!
  const toHolders = sum(holderLegs)
  expect(toHolders).toBeGreaterThan(0n)
  expect(sum(legs.filter(({ to }) => depositoryAccounts.has(to)))).toBe(toHolders)
  for (const account of depositoryAccounts) expect(await postedFen(account)).toBe(0n)
  const received = new Set(holderLegs.map(({ to }) => to))
  for (const account of received) {
    expect(await postedFen(account)).toBe(sum(holderLegs.filter(({ to }) => to === account)))
  }

  for (const [party, workflowId] of ids) await expectReplayable(rig, PARTS[party], workflowId)
})
