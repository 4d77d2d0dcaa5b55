import { Worker } from 'node:worker_threads'
import type { EmbeddedLedger } from '#ledger-adapter/embedded/embedded-ledger'
import type { JsonObject } from '#proof/json'
import { SODIUM, nativeChecks } from '#ledger-adapter/application/verify-native'
import { verifyReceiptObject } from '#proof/verify-receipt'
import type { Trust } from '#proof/receipt'
import type { SplitWorld } from './world.ts'

/**
 * The named limit that calls are compared with: Node's own verification, as since the first run, so that runs compare. The
 * ledger asks libsodium first (ADR 048), which is faster; what that does alone has a row of its own.
 */
export const VERIFICATION = 'bare two-thread Ed25519 verification by OpenSSL'
export const ROUNDS = 4

/** How many calls wait for their answers at once. */
const IN_FLIGHT = 2_000

/**
 * Signed bytes in, durable answer out, for all the commands; of every hundredth the receipt is proved within the time, and
 * verified afterwards. The generator runs on the same cores.
 * @returns calls per second
 */
async function callsPerSecond(ledger: EmbeddedLedger, commands: readonly Uint8Array[], trust: Trust): Promise<number> {
  const started = performance.now()
  const receipts: JsonObject[] = []
  let next = 0
  const lane = async () => {
    for (let n = next++; n < commands.length; n = next++) {
      const { participant, commandId, outcome } = await ledger.submit(commands[n]!)
      if (!outcome.accepted) throw new Error(JSON.stringify(outcome.refusal))
      if (n % 100 === 0) receipts.push(await ledger.prove({ kind: 'command', participant, commandId }))
    }
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane))
  const perSecond = (commands.length / (performance.now() - started)) * 1000
  for (const receipt of receipts) {
    const verdict = verifyReceiptObject(receipt, trust, nativeChecks)
    if (!verdict.ok) throw new Error(`${JSON.stringify(receipt)}: ${verdict.reason}`)
  }
  return perSecond
}

const VERIFIER = `
const { parentPort, workerData: { count, sodium } } = require('node:worker_threads')
const { generateKeyPairSync, sign, verify } = require('node:crypto')
const { publicKey, privateKey } = generateKeyPairSync('ed25519')
const bytes = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32)
const message = Buffer.alloc(50, 7)
const signature = sign(null, message, privateKey)
const verifySodium = sodium && require(sodium).crypto_sign_verify_detached
const holds = verifySodium
  ? () => verifySodium(signature, message, bytes)
  : () => verify(null, message, publicKey, signature)
for (let i = 0; i < 200; i += 1) holds()
parentPort.postMessage('ready')
parentPort.on('message', () => {
  for (let i = 0; i < count; i += 1) if (!holds()) throw new Error('bad')
  parentPort.postMessage('done')
  parentPort.close()
})
`

/** Ed25519 verifications a second on two threads that do nothing else. */
export async function bareVerifications(by: 'OpenSSL' | 'libsodium', count = 10_000): Promise<number> {
  const workerData = { count, sodium: by === 'libsodium' ? SODIUM : undefined }
  const workers = [0, 1].map(() => new Worker(VERIFIER, { eval: true, workerData }))
  const said = (worker: Worker) =>
    new Promise<void>((resolve, reject) => {
      worker.once('message', () => resolve())
      worker.once('error', reject)
    })
  await Promise.all(workers.map(said))
  const started = performance.now()
  const done = workers.map(said)
  for (const worker of workers) worker.postMessage('go')
  await Promise.all(done)
  return ((2 * count) / (performance.now() - started)) * 1000
}

export interface Rate {
  readonly perSecond: number
  /** To what this machine verified at the same time. */
  readonly ratio: number
  readonly cpuMicros: number
}

/** Calls and bare verification in turns, so that what else the machine does meets both alike. @param calls in a round */
export async function rate(ledger: EmbeddedLedger, world: SplitWorld, trust: Trust, calls: number): Promise<Rate> {
  let [seconds, cpu] = [0, 0]
  const bare = [await bareVerifications('OpenSSL')]
  for (let round = 0; round < ROUNDS; round += 1) {
    const commands = Array.from({ length: calls }, () => world.next())
    const before = process.cpuUsage()
    seconds += calls / (await callsPerSecond(ledger, commands, trust))
    const { user, system } = process.cpuUsage(before)
    cpu += user + system
    bare.push(await bareVerifications('OpenSSL'))
  }
  const perSecond = (calls * ROUNDS) / seconds
  const verifications = bare.length / bare.reduce((sum, one) => sum + 1 / one, 0)
  return { perSecond, ratio: perSecond / verifications, cpuMicros: cpu / (calls * ROUNDS) }
}
