import { expect } from 'vitest'
import { LEDGER_ERROR_CODES, LedgerError, type Executed, type Ledger } from '../port.ts'
import { signTest, testCommand } from '../testing/fixture.ts'
import { BATCH, invoice } from '#contracts/receivable/testing/story'
import type { Holding } from '#contracts/receivable/state'
import type { JsonObject } from '#proof/json'
import type { LedgerHarness } from './harness.ts'

const FACE = 1_000_000
const PAUSE_MS = 20

/** May be sent again with the same bytes: the outcome is open, or nothing happened for a reason that passes. */
export const isRetriable = (error: unknown): error is LedgerError =>
  error instanceof LedgerError && (!error.outcomeKnown || LEDGER_ERROR_CODES[error.code] === 'transient')

export const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

/** Sends the same bytes until there is an answer. @throws what is not passing; what keeps failing after `patienceMs` */
export async function submitUntilAnswered(
  ledger: () => Ledger,
  bytes: Uint8Array,
  patienceMs = 60_000,
): Promise<Executed> {
  const until = Date.now() + patienceMs
  for (;;) {
    try {
      return await ledger().submit(bytes)
    } catch (error) {
      if (!isRetriable(error) || Date.now() > until) throw error
      await pause(PAUSE_MS)
    }
  }
}

interface Sent {
  readonly bytes: Uint8Array
  /** Undefined until acknowledged. */
  executed?: Executed
}

/**
 * Suppliers that split receivables without end, each lane its own: what is left of a holding is cut again. A lane sends
 * the next command when the one before is acknowledged, and repeats the same bytes until then. Some lanes run always,
 * others only in a rush: then so many wait that the ledger builds a block while the one before is being stored.
 */
export class SplitLoad {
  readonly sent = new Map<string, Sent>()
  readonly receivables: string[] = []
  private isOver = false
  private lanes: Promise<unknown> | undefined
  private isRushing = false
  private wake: () => void = () => undefined
  private rushBegins = new Promise<void>((resolve) => (this.wake = resolve))

  /** @param run names all ids, so that several loads share a ledger */
  constructor(
    private readonly ledger: () => Ledger,
    private readonly run: string,
    private readonly laneCount = 6,
    private readonly rushLanes = 0,
  ) {}

  /** All lanes run. */
  rush(): void {
    this.isRushing = true
    this.wake()
  }

  /** The lanes of the rush rest, each when it has finished the command that it is at. */
  calm(): void {
    if (!this.isRushing) return // those that rest would wait for a promise that nobody keeps any more
    this.isRushing = false
    this.rushBegins = new Promise((resolve) => (this.wake = resolve))
  }

  get acknowledged(): number {
    let count = 0
    for (const { executed } of this.sent.values()) if (executed) count += 1
    return count
  }

  /** Opens the batch, then all lanes at once. */
  start(): void {
    this.lanes = this.open().then(() =>
      Promise.all(
        Array.from({ length: this.laneCount + this.rushLanes }, (_, n) =>
          this.lane(`${this.run}.${n}`, n, n >= this.laneCount),
        ),
      ),
    )
    this.lanes.catch(() => undefined) // told by stop
  }

  /** Lets every lane finish the command that it is at. @throws what a lane did not survive */
  async stop(): Promise<void> {
    this.isOver = true
    this.wake()
    await this.lanes
  }

  /** Waits for so many more acknowledged commands. @throws what a lane did not survive */
  async progress(more: number): Promise<void> {
    const want = this.acknowledged + more
    let isOver = false
    const ended = this.lanes?.finally(() => (isOver = true))
    ended?.catch(() => undefined)
    while (this.acknowledged < want && !isOver) await pause(5)
    if (isOver) await ended
  }

  private async open(): Promise<void> {
    await this.does('core:maker', 'receivable.openBatch', { ...BATCH, batch: this.run })
  }

  /** Whether to go on, once a lane of the rush may. */
  private async mayGoOn(onlyInRush: boolean): Promise<boolean> {
    while (onlyInRush && !this.isRushing && !this.isOver) await this.rushBegins
    return !this.isOver
  }

  private async lane(name: string, number: number, onlyInRush: boolean): Promise<void> {
    if (!(await this.mayGoOn(onlyInRush))) return
    const supplier = number % 2 === 0 ? 'supplier-1' : 'supplier-2'
    const issue = {
      receivable: name,
      batch: this.run,
      supplier,
      faceFen: String(FACE),
      maturity: '2011-06-30',
      longTenorReason: null,
      documents: null,
      invoices: [invoice(name, String(FACE))],
    }
    await this.does('core:maker', 'receivable.issue', issue)
    await this.does('core:checker', 'receivable.approve', { receivable: name })
    await this.does(`${supplier}:maker`, 'receivable.accept', { receivable: name, holding: `${name}.0` })
    this.receivables.push(name)
    let left = FACE
    for (let n = 0; left > 1 && (await this.mayGoOn(onlyInRush)); n += 1) {
      left -= 1
      const parts = [
        { id: `${name}.cut${n + 1}`, fen: '1' },
        { id: `${name}.${n + 1}`, fen: String(left) },
      ]
      await this.does(`${supplier}:maker`, 'receivable.split', { holding: `${name}.${n}`, parts })
    }
  }

  private async does(operator: string, call: string, args: JsonObject): Promise<void> {
    const [participant = '', key = ''] = operator.split(':')
    const who = { participant, keyId: `${key}-key` }
    const command = testCommand(this.ledger().chainId, call, args, {
      ...who,
      commandId: `${this.run}.${this.sent.size}`,
      expiresAt: Date.now() + 3_600_000,
    })
    const sent: Sent = { bytes: signTest(command) }
    this.sent.set(command.commandId, sent)
    sent.executed = await submitUntilAnswered(this.ledger, sent.bytes)
    expect(sent.executed.outcome, call).toMatchObject({ accepted: true })
  }
}

/**
 * What must hold of a ledger after whatever befell it: each acknowledged command stands where it was said to stand and
 * is answered the same again, once; the export verifies; every fen of every receivable is in exactly one hand.
 */
export async function expectIntact(harness: LedgerHarness, ledger: Ledger, loads: readonly SplitLoad[]): Promise<void> {
  for (const { sent } of loads) {
    const known = [...sent].flatMap(([id, { bytes, executed }]) => (executed ? [{ id, bytes, executed }] : []))
    for (let at = 0; at < known.length; at += 100) {
      await Promise.all(
        known.slice(at, at + 100).map(async ({ id, bytes, executed }) => {
          expect(await ledger.outcome(executed), id).toEqual(executed)
          expect(await ledger.submit(bytes), id).toEqual(executed)
        }),
      )
    }
  }
  const lines: string[] = []
  for await (const line of ledger.export()) lines.push(line)
  const verdict = await harness.verifyExport(lines)
  expect(verdict).toMatchObject({ ok: true })
  const ids = lines.flatMap((line) => {
    const value = JSON.parse(line) as { kind: string; signed: { command: { commandId: string } } }
    return value.kind === 'command' ? [value.signed.command.commandId] : []
  })
  expect(new Set(ids).size, 'every command once').toBe(ids.length)
  const present = new Set(ids)
  for (const { sent } of loads) {
    for (const [id, { executed }] of sent) if (executed) expect(present.has(id), id).toBe(true)
  }
  expectPartitions(lines, loads)
}

/** From the export alone: the live holdings of each receivable cover it without gap or overlap. */
function expectPartitions(lines: readonly string[], loads: readonly SplitLoad[]): void {
  const holdings = new Map<string, Holding>()
  for (const line of lines) {
    const change = JSON.parse(line) as { kind: string; key: string; value: Holding }
    if (change.kind === 'put' && change.key.startsWith('receivable/holding/')) holdings.set(change.key, change.value)
  }
  const live = new Map<string, Holding[]>()
  for (const holding of holdings.values()) {
    if (holding.state !== 'held' && holding.state !== 'reserved') continue
    live.set(holding.receivable, [...(live.get(holding.receivable) ?? []), holding])
  }
  for (const name of loads.flatMap(({ receivables }) => receivables)) {
    const runs = (live.get(name) ?? []).map(({ from, to }) => [Number(from), Number(to)] as const)
    runs.sort(([a], [b]) => a - b)
    let next = 1
    for (const [from, to] of runs) {
      expect(from, name).toBe(next)
      next = to + 1
    }
    expect(next, name).toBe(FACE + 1)
  }
}
