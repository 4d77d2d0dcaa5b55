import type { EmbeddedLedgerOptions } from '#ledger-adapter/embedded/embedded-ledger'
import { testOperatorKey, testLedgerOptions, signTest, testCommand } from '#ledger-adapter/testing/fixture'
import type { Executed, Ledger } from '#ledger-adapter/port'
import { genesisHash } from '#proof/block'
import type { JsonObject } from '#proof/json'

/** Parts of one split while the state is being filled: the most that the contract allows. */
const WIDE = 200
const LIFETIME_MS = 20 * 60 * 60 * 1000
/** Fen of the holdings that the measured calls split. */
export const PIECE_FEN = 1_000n

export const ledgerOptions = (databaseUrl: string): EmbeddedLedgerOptions => testLedgerOptions(databaseUrl)

export const trustOf = ({ genesis }: EmbeddedLedgerOptions, chainId: string) => ({
  chainId,
  genesisHash: genesisHash(genesis.document),
  operatorKey: testOperatorKey.publicKey,
})

/** Either driver. */
export type SplitLedger = Pick<Ledger, 'chainId' | 'submit'>

/** A ledger with one receivable, whose holdings the benchmark cuts into ever more of them: nothing but real calls. */
export class SplitWorld {
  /** Holdings of `PIECE_FEN` that nobody has split yet. */
  private readonly whole: string[] = []
  private calls = 0
  private commands = 0
  private keys = 0
  private receivables = 0

  /** @param lanes wide splits that wait for their answers at once */
  constructor(
    private readonly ledger: SplitLedger,
    private readonly lanes = 40,
  ) {}

  /** Keys of the state that the calls of this world have written. */
  get keysWritten(): number {
    return this.keys
  }

  /** Commands signed for the ledger, each of which it has executed once its caller has the answer. */
  get executed(): number {
    return this.commands
  }

  get holdingsLeft(): number {
    return this.whole.length
  }

  private sign(participant: string, operator: string, call: string, args: JsonObject): Uint8Array {
    this.commands += 1
    const issuedAt = Date.now()
    const over = { participant, keyId: `${operator}-key`, issuedAt, expiresAt: issuedAt + LIFETIME_MS }
    return signTest(testCommand(this.ledger.chainId, call, args, over))
  }

  private async must(bytes: Uint8Array): Promise<Executed> {
    const executed = await this.ledger.submit(bytes)
    if (!executed.outcome.accepted) throw new Error(JSON.stringify(executed.outcome.refusal))
    this.keys += 1
    return executed
  }

  private split(holding: string, count: number, fen: bigint): { bytes: Uint8Array; ids: string[] } {
    const ids = Array.from({ length: count }, (_, i) => `${holding}.${i.toString(36)}`)
    const parts = ids.map((id) => ({ id, fen: String(fen) }))
    return { bytes: this.sign('supplier-1', 'maker', 'receivable.split', { holding, parts }), ids }
  }

  /** Opens the batch if need be, issues the receivable and cuts it in three wide layers until about `keys` keys stand. */
  async fill(keys: number): Promise<void> {
    const thirds = Math.ceil(keys / (WIDE + 1))
    const seconds = Math.ceil(thirds / WIDE)
    const piece = PIECE_FEN * BigInt(WIDE)
    const face = String(piece * BigInt(WIDE) * BigInt(seconds))
    const tenorCaps = [{ from: '2010-01-01', inPrincipleMonths: 6, atMostMonths: 12 }]
    const batch = { batch: 'b', minimumSplitFen: '1', maximumTiers: null, tenorCaps, closers: ['core'] }
    const n = (this.receivables += 1)
    if (n === 1) await this.must(this.sign('core', 'maker', 'receivable.openBatch', batch))
    const receivable = `r${n}`
    const holding = `h${n}`
    const invoices = [{ commitment: String(n).padStart(64, '0'), amountFen: face, assignedFen: face }]
    const drawn = { supplier: 'supplier-1', faceFen: face, maturity: '2011-06-30', longTenorReason: null, documents: null } // prettier-ignore
    await this.must(this.sign('core', 'maker', 'receivable.issue', { receivable, batch: 'b', ...drawn, invoices }))
    await this.must(this.sign('core', 'checker', 'receivable.approve', { receivable }))
    await this.must(this.sign('supplier-1', 'maker', 'receivable.accept', { receivable, holding }))
    const first = this.split(holding, Math.max(2, seconds), piece * BigInt(WIDE))
    if (seconds > 1) await this.must(first.bytes)
    const tops = seconds > 1 ? first.ids : [holding]
    const second = tops.map((holding) => this.split(holding, WIDE, piece))
    await this.all(second.map(({ bytes }) => bytes), WIDE) // prettier-ignore
    const middle = second.flatMap(({ ids }) => ids).slice(0, thirds)
    for (let from = 0; from < middle.length; from += 500) {
      const wide = middle.slice(from, from + 500).map((holding) => this.split(holding, WIDE, PIECE_FEN))
      await this.all(wide.map(({ bytes }) => bytes), WIDE) // prettier-ignore
      for (const { ids } of wide) for (const id of ids) this.whole.push(id)
    }
  }

  private async all(commands: readonly Uint8Array[], keysEach: number): Promise<void> {
    let next = 0
    const lane = async () => {
      for (let n = next++; n < commands.length; n = next++) await this.must(commands[n]!)
    }
    await Promise.all(Array.from({ length: this.lanes }, lane))
    this.keys += commands.length * keysEach
  }

  /** The next measured call, signed: a holding cut in two. Spread over the state, not one neighbourhood. */
  next(): Uint8Array {
    const at = (this.calls++ * 7_919) % this.whole.length
    const holding = this.whole[at]!
    this.whole[at] = this.whole.at(-1)!
    this.whole.pop()
    this.keys += 3
    return this.split(holding, 2, PIECE_FEN / 2n).bytes
  }
}
