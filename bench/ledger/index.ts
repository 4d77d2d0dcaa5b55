import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startPostgres } from '#engines/postgres'
import { EmbeddedLedger } from '#ledger-adapter/embedded/embedded-ledger'
import { verifyNative } from '#ledger-adapter/application/verify-native'
import { testCommand, testLedgerOptions, testOperatorKey, signTest } from '#ledger-adapter/testing/fixture'
import { fromBase64url } from '#proof/base64url'
import { genesisHash } from '#proof/block'
import { decodeSigned, signingBytes } from '#proof/command'
import { verifyReceiptObject } from '#proof/verify-receipt'
import { testPublicKey } from '#contracts/testing/consortium'
import { time, type Report } from '../report.ts'

const CALLS = 20_000
const IN_FLIGHT = 2_000
const LATENCY_CALLS = 300

/**
 * The embedded ledger in its first form. A call is a note: signed bytes in, durable answer out, one key written, one
 * counter raised, three topics; the state starts empty, so this is not yet the figure of a million keys. Signing is
 * done beforehand; 1% of receipts is verified afterwards, within the time.
 */
export async function measure(report: Report): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-bench-'))
  const postgres = await startPostgres({ dataDir: folder })
  try {
    await measureOn(await postgres.createDatabase('bench'), report)
  } finally {
    await postgres.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

async function measureOn(databaseUrl: string, report: Report): Promise<void> {
  const options = testLedgerOptions(databaseUrl)
  const ledger = await EmbeddedLedger.open(options)
  const { chainId } = ledger
  const trust = { chainId, genesisHash: genesisHash(options.genesis.document), operatorKey: testOperatorKey.publicKey }
  const note = (name: string) => {
    const issuedAt = Date.now()
    return testCommand(chainId, 'notes.put', { name, text: 'x' }, { issuedAt, expiresAt: issuedAt + 3_600_000 })
  }
  const bare = bareVerification(signTest(note('bare')))
  const calls = Array.from({ length: CALLS }, (_, n) => signTest(note(`n${n}`)))
  const started = performance.now()
  let next = 0
  const lane = async () => {
    for (let n = next++; n < CALLS; n = next++) {
      const { commandId } = await ledger.submit(calls[n]!)
      if (n % 100 !== 0) continue
      const verdict = verifyReceiptObject(await ledger.prove({ kind: 'command', commandId }), trust, verifyNative)
      if (!verdict.ok) throw new Error(`receipt of ${commandId}: ${verdict.reason}`)
    }
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane))
  const perSecond = (CALLS / (performance.now() - started)) * 1000
  const to = 'bare one-thread Ed25519 verification'
  const base = { goal: '≥ 4000/s', unit: 'calls/s' }
  const what = `${CALLS} notes from an empty state, ${IN_FLIGHT} in flight`
  report.add({ id: 'ledger.calls.embedded-note', what, value: perSecond, ...base, ratio: perSecond / bare, to })
  await measureLatency(ledger, (n) => signTest(note(`latency${n}`)), report)
  await ledger.close()
  const from = performance.now()
  const again = await EmbeddedLedger.open(options)
  const value = (performance.now() - from) / 1000
  await again.close()
  report.add({ id: 'ledger.restart-note', what: `after ${CALLS} notes`, value, unit: 's', goal: '≤ 5 s at 10⁶ keys' })
}

function bareVerification(bytes: Uint8Array): number {
  const { command, signature } = decodeSigned(bytes)
  const key = fromBase64url(testPublicKey('core:maker'))!
  const [message, raw] = [signingBytes(command), fromBase64url(signature)!]
  const { medianMs } = time(() => {
    for (let i = 0; i < 500; i += 1) if (!verifyNative(key, message, raw)) throw new Error('a bad signature')
  })
  return (500 / medianMs) * 1000
}

async function measureLatency(ledger: EmbeddedLedger, call: (n: number) => Uint8Array, report: Report): Promise<void> {
  const times: number[] = []
  for (let n = 0; n < LATENCY_CALLS; n += 1) {
    const bytes = call(n)
    const started = performance.now()
    await ledger.submit(bytes)
    times.push(performance.now() - started)
  }
  times.sort((a, b) => a - b)
  const at = (share: number) => times[Math.floor(times.length * share)]!
  const what = 'one call after another'
  report.add({ id: 'ledger.latency.embedded-note.p50', what, value: at(0.5), unit: 'ms', goal: '≤ 20 ms' })
  report.add({ id: 'ledger.latency.embedded-note.p99', what, value: at(0.99), unit: 'ms', goal: '≤ 200 ms' })
}
