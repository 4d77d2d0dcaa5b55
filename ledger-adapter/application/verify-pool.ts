import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { KeyObject } from 'node:crypto'
import { SIGNATURE_BYTES } from '#proof/ed25519'
import { preparedKey, SODIUM, verifyNative } from './verify-native.ts'

/** Fewer than these are checked where they are: a message to a thread and back costs as much as four of them. */
const WORTH_SENDING = 8
/** So many in one message: an answer for few is not kept waiting by many. */
const MAX_SENT = 256

/**
 * What a thread does: the libraries' verification as `verifyNative` asks for it, and nothing of our rules, which were
 * asked before (`preparedKey`). Plain text, so that the thread needs no loader of sources and no file of its own in a
 * bundle.
 */
const THREAD = `
const { parentPort, workerData } = require('node:worker_threads')
const { verify } = require('node:crypto')
const { crypto_sign_verify_detached: verifySodium } = require(workerData.sodium)
parentPort.on('message', ({ batch, keys, publicKeys, which, messages, signatures, size }) => {
  const held = new Uint8Array(which.length)
  for (let i = 0; i < which.length; i += 1) {
    const message = messages.subarray(i * size, (i + 1) * size)
    const signature = signatures.subarray(i * 64, i * 64 + 64)
    const holds = verifySodium(signature, message, publicKeys[which[i]]) || verify(null, message, keys[which[i]], signature)
    held[i] = holds ? 1 : 0
  }
  parentPort.postMessage({ batch, held })
})
`

interface Waiting {
  readonly publicKey: Uint8Array
  readonly key: KeyObject
  readonly message: Uint8Array
  readonly signature: Uint8Array
  readonly answer: (holds: boolean) => void
}

/**
 * Signature checks on threads beside the sequencer, gathered turn by turn of the event loop. The answers are those of
 * `verifyNative`; where a thread fails, they are given here.
 */
export class VerifyPool {
  private readonly waiting: Waiting[] = []
  private readonly sent = new Map<number, readonly Waiting[]>()
  private threads: Worker[] = []
  private isGathering = false
  private batches = 0
  private isClosed = false

  constructor(private readonly maxThreads = Math.max(1, Math.min(4, availableParallelism() - 1))) {}

  /** Whether the signature holds. All messages of one pool have one length, as digests under one tag have. */
  check(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): Promise<boolean> {
    const key = this.isClosed ? undefined : preparedKey(publicKey, signature)
    // Another curve, or not to be verified at all: the one rule answers.
    if (!key) return Promise.resolve(verifyNative(publicKey, message, signature))
    return new Promise((answer) => {
      this.waiting.push({ publicKey, key, message, signature, answer })
      if (this.isGathering) return
      this.isGathering = true
      setImmediate(() => this.flush())
    })
  }

  async close(): Promise<void> {
    this.isClosed = true
    const threads = this.threads
    this.threads = []
    for (const batch of this.sent.values()) here(batch)
    this.sent.clear()
    await Promise.all(threads.map((thread) => thread.terminate()))
  }

  private flush(): void {
    this.isGathering = false
    while (this.waiting.length > 0) {
      const batch = this.waiting.splice(0, MAX_SENT)
      if (batch.length < WORTH_SENDING || this.isClosed) here(batch)
      else this.send(batch)
    }
  }

  private send(batch: readonly Waiting[]): void {
    const size = batch[0]!.message.length
    const [messages, signatures] = [new Uint8Array(batch.length * size), new Uint8Array(batch.length * SIGNATURE_BYTES)]
    batch.forEach(({ message, signature }, i) => {
      if (message.length !== size) throw new RangeError('messages of one pool have one length')
      messages.set(message, i * size)
      signatures.set(signature, i * SIGNATURE_BYTES)
    })
    const id = (this.batches += 1)
    this.sent.set(id, batch)
    const thread = this.thread(id)
    if (this.sent.size === 1) for (const one of this.threads) one.ref()
    // Few keys sign many commands, and a key costs more to send than all else of its check.
    const each = new Map(batch.map(({ key, publicKey }) => [key, publicKey]))
    const keys = [...each.keys()]
    const publicKeys = Array.from(each.values(), (key) => Uint8Array.from(key)) // and not what each is a part of
    const numbers = new Map(keys.map((key, number) => [key, number]))
    const which = Uint16Array.from(batch, ({ key }) => numbers.get(key)!)
    const question = { batch: id, keys, publicKeys, which, messages, signatures, size }
    thread.postMessage(question, [messages.buffer, signatures.buffer])
  }

  private thread(turn: number): Worker {
    if (this.threads.length < this.maxThreads) {
      const thread = new Worker(THREAD, { eval: true, execArgv: [], workerData: { sodium: SODIUM } })
      thread.on('message', ({ batch, held }: { batch: number; held: Uint8Array }) => this.received(batch, held))
      thread.on('error', () => this.lose(thread))
      this.threads.push(thread)
      return thread
    }
    return this.threads[turn % this.threads.length]!
  }

  private received(id: number, held: Uint8Array): void {
    const batch = this.sent.get(id)
    this.sent.delete(id)
    batch?.forEach(({ answer }, i) => answer(held[i] === 1))
    // A thread that has nothing to do keeps no process alive.
    if (this.sent.size === 0) for (const thread of this.threads) thread.unref()
  }

  /** A thread that died: what was sent is answered here, and the next batch starts another. */
  private lose(thread: Worker): void {
    this.threads = this.threads.filter((one) => one !== thread)
    const open = [...this.sent.values()]
    this.sent.clear()
    for (const batch of open) here(batch)
  }
}

function here(batch: readonly Waiting[]): void {
  for (const { publicKey, message, signature, answer } of batch) answer(verifyNative(publicKey, message, signature))
}
