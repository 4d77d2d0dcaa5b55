import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { BATCH, FACE, invoice, ISSUE } from '#contracts/receivable/testing/story'
import type { Holding } from '#contracts/receivable/state'
import type { JsonObject } from '#proof/json'
import type { Executed, Ledger } from '../port.ts'
import { signTest, testCommand } from '../testing/fixture.ts'
import type { LedgerHarness } from './harness.ts'
import { expectIntact, submitUntilAnswered } from './load.ts'

const HOLDERS = ['supplier-1', 'supplier-2', 'factor'] as const
const IDS = 60

interface Piece {
  owner: string
  fen: number
  state: 'held' | 'reserved' | 'ended'
  offer?: { to: string; as: string } | undefined
}

/** One command as the simulation draws it; numbers pick holdings, known or not. */
type Step =
  | { do: 'split'; by: string; holding: string; parts: readonly { id: string; share: number }[]; off: number }
  | { do: 'proposeTransfer'; by: string; holding: string; to: string; as: string }
  | { do: 'acceptTransfer' | 'withdrawTransfer'; by: string; holding: string }

/** Written from DOMAIN.md §3, without the contract's code: who holds how many fen under which id. */
class Model {
  readonly pieces = new Map<string, Piece>()

  /** The code of the refusal, or undefined when the command is to be accepted. */
  take(step: Step, parts: readonly { id: string; fen: number }[]): string | undefined {
    const piece = this.pieces.get(step.holding)
    if (!piece) return 'HOLDING_NOT_FOUND'
    const isOwner = piece.owner === step.by
    switch (step.do) {
      case 'split': {
        if (!isOwner) return 'NOT_THE_HOLDER'
        if (piece.state !== 'held') return 'WRONG_STATE'
        for (const [n, { id }] of parts.entries()) {
          if (parts.findIndex((other) => other.id === id) !== n) return 'DUPLICATE_HOLDING'
          if (this.pieces.has(id)) return 'HOLDING_EXISTS'
        }
        if (parts.reduce((sum, { fen }) => sum + fen, 0) !== piece.fen) return 'PARTS_DO_NOT_SUM'
        piece.state = 'ended'
        for (const { id, fen } of parts) this.pieces.set(id, { owner: step.by, fen, state: 'held' })
        return undefined
      }
      case 'proposeTransfer':
        if (!isOwner) return 'NOT_THE_HOLDER'
        if (piece.state !== 'held') return 'WRONG_STATE'
        if (step.to === step.by) return 'WRONG_RECIPIENT'
        if (this.pieces.has(step.as)) return 'HOLDING_EXISTS'
        piece.state = 'reserved'
        piece.offer = { to: step.to, as: step.as }
        return undefined
      case 'acceptTransfer': {
        const { offer } = piece
        if (offer && offer.to !== step.by) return 'NOT_THE_RECIPIENT'
        if (!offer) return 'WRONG_STATE'
        if (this.pieces.has(offer.as)) return 'HOLDING_EXISTS'
        piece.state = 'ended'
        piece.offer = undefined
        this.pieces.set(offer.as, { owner: step.by, fen: piece.fen, state: 'held' })
        return undefined
      }
      case 'withdrawTransfer':
        if (!isOwner && piece.offer?.to !== step.by) return 'NOT_THE_HOLDER'
        if (!piece.offer) return 'WRONG_STATE'
        piece.state = 'held'
        piece.offer = undefined
        return undefined
    }
  }
}

const id = fc.oneof({ weight: 1, arbitrary: fc.constant('h') }, { weight: 20, arbitrary: fc.nat(IDS).map((n) => `p${n}`) }) // prettier-ignore
const by = fc.constantFrom(...HOLDERS)
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constant('split' as const),
    by,
    holding: id,
    parts: fc.array(fc.record({ id, share: fc.integer({ min: 1, max: 9 }) }), { minLength: 2, maxLength: 4 }),
    off: fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 1, -1),
  }),
  fc.record({ do: fc.constant('proposeTransfer' as const), by, holding: id, to: by, as: id }),
  fc.record({ do: fc.constantFrom('acceptTransfer' as const, 'withdrawTransfer' as const), by, holding: id }),
)

/**
 * Thousands of random commands, sent many at a time, against the model, which takes them in the order that the ledger
 * gave them. Run it from a driver's own `*.int.test.ts`; fast-check prints the seed of a failure.
 */
export function ledgerSimulation(name: string, prepare: () => Promise<LedgerHarness>, { runs = 4 } = {}): void {
  describe(`${name}: a ledger against a model`, () => {
    let harness: LedgerHarness
    let ledger: Ledger
    beforeEach(async () => {
      harness = await prepare()
      ledger = await harness.open()
    })
    afterEach(() => harness.dispose())

    const send = (operator: string, call: string, args: JsonObject): Promise<Executed> => {
      const [participant = '', key = ''] = operator.split(':')
      const command = testCommand(ledger.chainId, call, args, { participant, keyId: `${key}-key` })
      return submitUntilAnswered(() => ledger, signTest(command))
    }

    it('accepts and refuses what the model does, and ends in its state', async () => {
      let run = 0
      const seen = new Map<string, number>()
      await send('core:maker', 'receivable.openBatch', BATCH)
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 500, maxLength: 700, size: 'max' }), async (steps) => {
          const prefix = `s${(run += 1)}.`
          const own = (short: string) => prefix + short
          const issue = { ...ISSUE, receivable: own('r'), invoices: [invoice(prefix, FACE)] }
          await send('core:maker', 'receivable.issue', issue)
          await send('core:checker', 'receivable.approve', { receivable: own('r') })
          await send('supplier-1:maker', 'receivable.accept', { receivable: own('r'), holding: own('h') })
          const model = new Model()
          model.pieces.set('h', { owner: 'supplier-1', fen: Number(FACE), state: 'held' })
          for (let at = 0; at < steps.length; at += 20) {
            const sent = steps.slice(at, at + 20).map((one) => aimed(model, one))
            const answers = await Promise.all(
              sent.map(async ({ one, parts }) => ({
                one,
                parts,
                executed: await send(`${one.by}:maker`, `receivable.${one.do}`, argsOf(one, parts, own)),
              })),
            )
            answers.sort(({ executed: { position: a } }, { executed: { position: b } }) => a.height - b.height || a.index - b.index) // prettier-ignore
            for (const { one, parts, executed } of answers) {
              const want = model.take(one, parts) ?? 'accepted'
              const got = executed.outcome.accepted ? 'accepted' : executed.outcome.refusal.code
              expect(got, JSON.stringify({ one, parts })).toBe(want)
              seen.set(`${one.do} ${got}`, (seen.get(`${one.do} ${got}`) ?? 0) + 1)
            }
          }
          const ids = [...model.pieces.keys()]
          const { values } = await ledger.query(ids.map((short) => `receivable/holding/${own(short)}`))
          values.forEach((value, n) => {
            const { owner, from, to, state } = value as unknown as Holding
            const piece = model.pieces.get(ids[n]!)!
            const isEnded = state === 'split' || state === 'transferred'
            expect({ owner, fen: Number(to) - Number(from) + 1, state: isEnded ? 'ended' : state }).toEqual({
              owner: piece.owner,
              fen: piece.fen,
              state: piece.state,
            })
          })
        }),
        { numRuns: runs, endOnFailure: true },
      )
      for (const call of ['split', 'proposeTransfer', 'acceptTransfer', 'withdrawTransfer']) {
        expect(seen.get(`${call} accepted`) ?? 0, call).toBeGreaterThan(0)
        expect(seen.get(`${call} WRONG_STATE`) ?? 0, call).toBeGreaterThan(0)
      }
      await expectIntact(harness, ledger, [])
    })
  })
}

/** Most of what is drawn is aimed at holdings that are there, by who may; the rest stays as wild as it was drawn. */
function aimed(model: Model, drawn: Step): { one: Step; parts: readonly { id: string; fen: number }[] } {
  const known = [...model.pieces]
  const pick = Number(drawn.holding.slice(1) || 0)
  const wanted = drawn.do === 'acceptTransfer' || drawn.do === 'withdrawTransfer' ? 'reserved' : 'held'
  const fit = known.filter(([, { state }]) => state === wanted)
  const pool = pick % 5 === 0 ? known : fit
  const [holding, piece] = pick % 13 === 0 ? [] : (pool[pick % Math.max(pool.length, 1)] ?? [])
  const who = drawn.do === 'acceptTransfer' ? piece?.offer?.to : piece?.owner
  const one = { ...drawn, holding: holding ?? drawn.holding, by: pick % 7 === 0 ? drawn.by : (who ?? drawn.by) }
  if (one.do !== 'split') return { one, parts: [] }
  const total = one.parts.reduce((sum, { share }) => sum + share, 0)
  const fen = piece?.fen ?? 1_000
  const parts = one.parts.map(({ id: part, share }) => ({
    id: part,
    fen: Math.max(1, Math.floor((fen * share) / total)),
  }))
  const last = parts.at(-1)!
  last.fen = Math.max(1, fen - parts.slice(0, -1).reduce((sum, part) => sum + part.fen, 0)) + Math.max(0, one.off)
  return { one, parts }
}

function argsOf(one: Step, parts: readonly { id: string; fen: number }[], own: (short: string) => string): JsonObject {
  const holding = own(one.holding)
  if (one.do === 'split') return { holding, parts: parts.map((part) => ({ id: own(part.id), fen: String(part.fen) })) }
  if (one.do !== 'proposeTransfer') return { holding }
  return { holding, recipient: one.to, newHolding: own(one.as), until: '2011-01-05' }
}
