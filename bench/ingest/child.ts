// The measured process: nothing in it but the ingest and the ledger it proposes on, so that its peak memory is theirs.
import { DEAL, planTerms } from '#contracts/deal/testing/plan'
import { addDays, isoDate } from '#domain/date'
import { EmbeddedLedger } from '#ledger-adapter/embedded/embedded-ledger'
import { signTest, testCommand, testLedgerOptions } from '#ledger-adapter/testing/fixture'
import { assetIdOf } from '#node/ingest/generate'
import { ingest, type IngestOptions } from '#node/ingest/ingest'
import { attestation, proposal } from '#node/ingest/recompute'
import { TapeStore } from '#node/ingest/store'
import { Tape } from '#node/ingest/tape'
import { verifyAssetProof } from '#proof/asset'
import { assetReceipt } from '#proof/asset-receipt'
import { canonicalBytes } from '#proof/canonical'
import { hashJson } from '#proof/hash'
import type { Json, JsonObject } from '#proof/json'
import type { KeyReceipt } from '#proof/receipt'
import { batchKeyOf } from '#proof/verify-asset'
import { quantile } from '../report.ts'

export interface Quantiles {
  readonly median: number
  readonly p99: number
}

export interface Measured {
  readonly tapeMs: number
  readonly peakMiB: number
  readonly warmUpdateMs: number
  readonly coldUpdateMs: number
  readonly changed: number
  /** Of so many assets of the tape. */
  readonly proofs: number
  readonly proveMs: Quantiles
  readonly verifyMs: Quantiles
  readonly proofBytes: number
  /** With the batch, its path to the state root of this small ledger, and the signed header. */
  readonly receiptBytes: number
}

export interface Work {
  readonly tapesUrl: string
  readonly ledgerUrl: string
  readonly folder: string
  readonly cutOff: string
  readonly receivables: number
  readonly poolFen: string
  readonly pool: string
  readonly updates: readonly string[]
}

const work = JSON.parse(process.argv[2]!) as Work
const cutOff = isoDate(work.cutOff)
const store = await TapeStore.open(work.tapesUrl)
const ledger = await EmbeddedLedger.open(testLedgerOptions(work.ledgerUrl))

async function does(participant: string, keyId: string, call: string, args: JsonObject): Promise<void> {
  const { outcome } = await ledger.submit(signTest(testCommand(ledger.chainId, call, args, { participant, keyId })))
  if (!outcome.accepted) throw new Error(`${call} was refused: ${JSON.stringify(outcome.refusal)}`)
}

/** From the file to the root on the ledger, in milliseconds. */
async function measured(options: Pick<IngestOptions, 'file' | 'kind' | 'asOf'>) {
  const start = performance.now()
  const done = await ingest({ store, folder: work.folder, deal: DEAL, ...options })
  await does('originator', 'maker-key', 'asset-registry.proposeBatch', proposal(done))
  return { done, ms: performance.now() - start }
}

async function nextDay(date: string): Promise<void> {
  await does('operator', 'service-key', 'calendar.roll', { date })
  await does('operator', 'service-key', 'calendar.closeDay', { object: `deal:${DEAL}`, date })
}

const terms = planTerms(BigInt(work.poolFen)) as unknown as Json
await does('manager', 'maker-key', 'deal.propose', {
  deal: DEAL,
  terms,
  termsHash: hashJson(terms),
  investors: ['investor-a', 'investor-b'],
})
const tape = await measured({ file: work.pool, kind: 'initial', asOf: cutOff })
const peakMiB = process.resourceUsage().maxRSS / 1024
await does('custodian', 'checker-key', 'asset-registry.attest', attestation(tape.done))

const updateMs: number[] = []
let changed = 0
for (const [i, file] of work.updates.entries()) {
  const asOf = addDays(cutOff, i + 1)
  await nextDay(asOf)
  // The second day is a process that starts anew: its tree is read from the file.
  if (i === 1) Tape.forget(work.folder, (await store.latest(DEAL))!)
  const update = await measured({ file, kind: 'update', asOf })
  await does('custodian', 'checker-key', 'asset-registry.attest', attestation(update.done))
  updateMs.push(update.ms)
  changed = update.done.changed
}

const PROOFS = 1_000
const quantiles = (times: number[]): Quantiles => {
  times.sort((a, b) => a - b)
  return { median: quantile(times, 0.5), p99: quantile(times, 0.99) }
}
const [proveMs, verifyMs]: [number[], number[]] = [[], []]
let proofBytes = 0
for (let i = 0; i < PROOFS; i += 1) {
  const asset = assetIdOf((i * 7919) % work.receivables)
  const start = performance.now()
  const proof = await Tape.prove(store, work.folder, DEAL, asset)
  const produced = performance.now()
  verifyAssetProof(proof)
  proveMs.push(produced - start)
  verifyMs.push(performance.now() - produced)
  proofBytes = Math.max(proofBytes, Buffer.byteLength(JSON.stringify(proof)))
}
const last = await Tape.prove(store, work.folder, DEAL, assetIdOf(1))
const inState = await ledger.prove({ kind: 'key', key: batchKeyOf(DEAL, last.version) })
const receipt = assetReceipt(inState as unknown as KeyReceipt, last)
const [warmUpdateMs = 0, coldUpdateMs = 0] = updateMs
const answer: Measured = {
  tapeMs: tape.ms,
  peakMiB,
  warmUpdateMs,
  coldUpdateMs,
  changed,
  proofs: PROOFS,
  proveMs: quantiles(proveMs),
  verifyMs: quantiles(verifyMs),
  proofBytes,
  receiptBytes: canonicalBytes(receipt as unknown as Json).length,
}
process.stdout.write(JSON.stringify(answer))
await ledger.close()
await store.close()
