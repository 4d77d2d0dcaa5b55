import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { DEFAULT_PARAMETERS } from '#contracts/governance/state'
import type { Command } from '#proof/command'
import { decodeCandidate, type Candidate } from '../application/admission.ts'
import { LedgerError, type Executed } from '../port.ts'
import { signTest, testCommand } from '../testing/fixture.ts'
import { decodeBundle } from './bundle.ts'
import { Bundler, DEFAULT_LIMITS, type BundlerDeps } from './bundler.ts'
import type { Fate } from './machine.ts'
import { RpcError, RpcUnreachable, type Broadcast, type CometbftRpc } from './rpc.ts'
import { Transactions } from './transactions.ts'

const CHAIN = 'test-00000000'
const MINUTE = 60_000

/** Stands where CometBFT's RPC does: notes what it is sent, and answers as it is told. */
class StubRpc {
  /** The commands of each transaction that came. */
  readonly sent: string[][] = []
  constructor(public answer: (ids: readonly string[]) => Partial<Broadcast> | Error = () => ({})) {}

  async broadcast(tx: Uint8Array): Promise<Broadcast> {
    const ids = decodeBundle(tx).map((bytes) => decodeCandidate(bytes, CHAIN).command.commandId)
    this.sent.push(ids)
    const answer = this.answer(ids)
    if (answer instanceof Error) throw answer
    return { state: 'inFlight', log: '', ...answer }
  }
}

/** What became of a submit, seen without waiting for it. */
interface Seen {
  readonly id: string
  readonly candidate: Candidate
  executed?: Executed
  error?: LedgerError
}

let bundler: Bundler
const problems: unknown[] = []
const recorded = new Map<string, Executed | LedgerError>()
let passedMs = 0

const start = (rpcs: readonly StubRpc[], limits: Partial<BundlerDeps['limits']> = {}, parameters = {}) => {
  bundler = new Bundler({
    rpcs: rpcs as unknown as CometbftRpc[],
    transactions: new Transactions(CHAIN),
    limits: { ...DEFAULT_LIMITS, ...limits },
    now: () => Date.now(),
    parameters: () => ({ ...DEFAULT_PARAMETERS, ...parameters }),
    recorded: async ({ command }) => {
      const found = recorded.get(command.commandId)
      if (found instanceof Error) throw found
      return found
    },
    isPast: ({ command }) => passedMs > command.expiresAt,
    onProblem: (error) => problems.push(error),
  })
}

const send = (over: Partial<Command> = {}): Seen => {
  const bytes = signTest(testCommand(CHAIN, 'notes.put', { name: 'n', text: '' }, over))
  const candidate = decodeCandidate(bytes, CHAIN)
  const seen: Seen = { id: candidate.command.commandId, candidate }
  bundler.send(candidate, bytes).then(
    (executed) => (seen.executed = executed),
    (error: LedgerError) => (seen.error = error),
  )
  return seen
}

const executedOf = ({ id, candidate }: Seen): Executed => ({
  participant: candidate.command.participant,
  commandId: id,
  digest: candidate.digest,
  position: { height: 1, index: 0 },
  outcome: { accepted: true, events: [] },
})

/** A block in which these were executed, and those had another fate. */
const block = (timeMs: number, executed: readonly Seen[], fates: readonly Fate[] = []) => {
  passedMs = timeMs
  const finalized = { height: 1, stateRoot: '', block: undefined, fates, validators: [] }
  bundler.settle({ height: 1, timeMs, finalized }, executed.map(executedOf))
}

const refusal = (code: string): Partial<Broadcast> => ({ state: 'refused', log: JSON.stringify({ code, details: {} }) })
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms)
const GATHER = DEFAULT_LIMITS.gatherMs + 1

beforeEach(() => {
  vi.useFakeTimers()
  problems.length = 0
  recorded.clear()
  passedMs = 0
})
afterEach(() => {
  bundler.close('the test is over')
  vi.useRealTimers()
})

describe('what is sent', () => {
  it('gathers into one transaction, in turn by participant, and is answered by the block', async () => {
    const own = new StubRpc()
    start([own])
    const [first, second] = [send(), send()]
    const other = send({ participant: 'supplier-1' })
    await pass(GATHER)
    expect(own.sent).toEqual([[first.id, other.id, second.id]])
    block(Date.now(), [first, other])
    await pass(0)
    expect([first.executed, other.executed]).toEqual([executedOf(first), executedOf(other)])
    expect([second.executed, second.error]).toEqual([undefined, undefined])
  })

  it('under one id by two participants is two commands, and each is answered by its own', async () => {
    start([new StubRpc()])
    const [one, other] = ['core', 'supplier-1'].map((participant) => send({ participant, commandId: 'same' })) as [Seen, Seen] // prettier-ignore
    await pass(GATHER)
    block(Date.now(), [other])
    await pass(0)
    expect([one.executed, one.error, other.executed]).toEqual([undefined, undefined, executedOf(other)])
    block(Date.now(), [one])
    await pass(0)
    expect(one.executed).toEqual(executedOf(one))
  })

  it('goes in as many transactions as one block may hold commands', async () => {
    const own = new StubRpc()
    start([own], {}, { maxBlockCommands: 2 })
    const all = Array.from({ length: 5 }, () => send().id)
    await pass(GATHER)
    expect(own.sent).toEqual([all.slice(0, 2), all.slice(2, 4), all.slice(4)])
  })

  it('is sent again through the next node, the same bytes, as long as no block has it', async () => {
    const nodes = [new StubRpc(), new StubRpc(), new StubRpc()] as const
    start(nodes)
    const one = send()
    const places = () => nodes.map(({ sent }) => sent.length)
    await pass(GATHER)
    expect(places()).toEqual([1, 0, 0])
    await pass(DEFAULT_LIMITS.resendMs + 500)
    expect(places()).toEqual([1, 1, 0])
    await pass(DEFAULT_LIMITS.resendMs + 500)
    expect(places()).toEqual([1, 1, 1])
    for (const { sent } of nodes) expect(sent).toEqual([[one.id]])
    block(Date.now(), [one])
    await pass(0)
    expect(one.executed).toEqual(executedOf(one))
    await pass(2 * DEFAULT_LIMITS.resendMs)
    expect(places()).toEqual([1, 1, 1])
    expect(problems).toEqual([])
  })

  it('waits for its turn while the mempool is full or the store away, and no longer than its patience', async () => {
    const own = new StubRpc(() => ({ state: 'later' }))
    start([own])
    const one = send({ expiresAt: Date.now() + 10 * MINUTE })
    await pass(DEFAULT_LIMITS.resendMs + 500)
    expect(own.sent.length).toBe(2)
    await pass(DEFAULT_LIMITS.patienceMs)
    expect(one.error).toMatchObject({ stage: 'commit', code: 'NO_CONSENSUS', outcomeKnown: false })
    const another = send()
    await pass(GATHER)
    own.answer = () => ({})
    await pass(DEFAULT_LIMITS.resendMs + 500)
    block(Date.now(), [another])
    await pass(0)
    expect(another.executed).toBeDefined()
  })

  it('of which two would be too many for its author is refused at once', async () => {
    start([new StubRpc()], {}, { maxQueuedPerParticipant: 1 })
    const one = send()
    expect(() => send()).toThrow('QUOTA')
    await pass(GATHER)
    block(Date.now(), [one])
    expect(() => send()).not.toThrow()
  })
})

describe('an address that fails', () => {
  const failures: Readonly<Record<string, Error>> = {
    'answers with an error of its own': new RpcError('broadcast_tx_sync', 'tx too large'),
    'does not answer': new RpcUnreachable('http://127.0.0.1:1', 'ECONNREFUSED'),
    'answers what nobody foresaw': new TypeError('not a function'),
  }
  it.each(Object.entries(failures))('that %s is told of once and passed over for a while', async (_what, failure) => {
    const nodes = [new StubRpc(() => failure), new StubRpc()] as const
    start(nodes)
    const one = send()
    await pass(GATHER)
    expect(nodes.map(({ sent }) => sent)).toEqual([[[one.id]], [[one.id]]])
    const second = send()
    await pass(GATHER)
    expect(nodes[1].sent.at(-1)).toEqual([second.id])
    expect(nodes[0].sent).toHaveLength(1)
    expect(problems).toEqual([failure])
    block(Date.now(), [one, second])
    await pass(0)
    expect([one.executed, second.executed]).toEqual([executedOf(one), executedOf(second)])
    // Its pause over and well again, the own node is the first that is asked.
    nodes[0].answer = () => ({})
    await pass(5_000)
    const third = send()
    await pass(GATHER)
    expect(nodes[0].sent.at(-1)).toEqual([third.id])
    expect(problems).toEqual([failure])
  })

  it('and all others too: each command waits, and goes on when one is back', async () => {
    const failing = () => new RpcError('broadcast_tx_sync', 'no')
    const nodes = [new StubRpc(failing), new StubRpc(failing)] as const
    start(nodes)
    const one = send()
    await pass(GATHER)
    expect(nodes.map(({ sent }) => sent.length)).toEqual([1, 1])
    await pass(1_000)
    expect(nodes.map(({ sent }) => sent.length)).toEqual([1, 1]) // not again and again
    for (const node of nodes) node.answer = () => ({})
    await pass(DEFAULT_LIMITS.resendMs)
    expect(nodes.flatMap(({ sent }) => sent)).toHaveLength(3)
    block(Date.now(), [one])
    await pass(0)
    expect(one.executed).toBeDefined()
    expect(problems).toHaveLength(2)
  })
})

describe('what CheckTx refuses', () => {
  it('in a bundle is sent again alone, and decides over nobody else', async () => {
    let bad = ''
    const own = new StubRpc((ids) => (ids.includes(bad) ? refusal('BAD_SIGNATURE') : {}))
    start([own])
    const [good, refused] = [send(), send()]
    bad = refused.id
    await pass(GATHER)
    await pass(GATHER)
    expect(own.sent).toEqual([[good.id, refused.id], [good.id], [refused.id]])
    expect(refused.error).toMatchObject({ stage: 'admission', code: 'BAD_SIGNATURE', outcomeKnown: true })
    block(Date.now(), [good])
    await pass(0)
    expect(good.executed).toBeDefined()
  })

  it('and is recorded already is answered with its record, or with the conflict', async () => {
    const own = new StubRpc(() => refusal('RECORDED'))
    start([own])
    const [same, other] = [send(), send()]
    recorded.set(same.id, executedOf(same))
    recorded.set(other.id, new LedgerError('admission', 'COMMAND_ID_CONFLICT', true))
    await pass(GATHER)
    expect(same.executed).toEqual(executedOf(same))
    expect(other.error).toMatchObject({ code: 'COMMAND_ID_CONFLICT' })
  })

  it('while nobody can say whether it is recorded waits, and is sent again', async () => {
    const own = new StubRpc(() => refusal('RECORDED'))
    start([own])
    const one = send()
    recorded.set(one.id, new LedgerError('read', 'STORE_UNAVAILABLE', true))
    await pass(GATHER)
    expect(one.error).toBeUndefined()
    recorded.set(one.id, executedOf(one))
    await pass(DEFAULT_LIMITS.resendMs + 500)
    expect(one.executed).toEqual(executedOf(one))
  })

  it('may yet be executed when a copy is on its way, and that is what its author is told', async () => {
    const own = new StubRpc()
    start([own])
    const one = send()
    await pass(GATHER)
    own.answer = () => refusal('UNKNOWN_KEY')
    await pass(DEFAULT_LIMITS.resendMs + 500)
    expect(one.error).toMatchObject({ code: 'UNKNOWN_KEY', outcomeKnown: false })
  })

  it('at another member’s node has no answer yet: nobody else decides over it', async () => {
    const nodes = [
      new StubRpc(() => new RpcUnreachable('', 'gone')),
      new StubRpc(() => refusal('BAD_SIGNATURE')),
    ] as const
    start(nodes)
    const [one, two] = [send(), send()]
    await pass(GATHER)
    await pass(GATHER)
    // Together, then each alone; and no answer from either.
    expect(nodes[1].sent).toEqual([[one.id, two.id], [one.id], [two.id]])
    expect([one.error, two.error]).toEqual([undefined, undefined])
    nodes[0].answer = () => ({})
    await pass(3 * DEFAULT_LIMITS.resendMs)
    expect(nodes[0].sent.slice(1)).toEqual([[one.id], [two.id]])
    block(Date.now(), [one, two])
    await pass(0)
    expect([one.executed, two.executed]).toEqual([executedOf(one), executedOf(two)])
  })

  it.each(['', 'not JSON', '{"code":"toString"}', '{"code":"OTHER","details":{}}', 'null'])(
    'with a log that says nothing (%j) was not taken, and that is all',
    async (log) => {
      start([new StubRpc(() => ({ state: 'refused', log }))])
      const one = send()
      await pass(GATHER)
      expect(one.error).toMatchObject({ code: 'NO_CONSENSUS', outcomeKnown: true })
    },
  )
})

describe('what runs out of time', () => {
  it('by a clock may still be executed, and by the time of a block never', async () => {
    const own = new StubRpc(() => refusal('EXPIRED'))
    start([own])
    const early = send({ expiresAt: Date.now() + 1 })
    await pass(GATHER)
    expect(early.error).toMatchObject({ code: 'EXPIRED', outcomeKnown: false })
    passedMs = Date.now() + MINUTE
    const late = send({ expiresAt: Date.now() + 1 })
    await pass(GATHER)
    expect(late.error).toMatchObject({ code: 'EXPIRED', outcomeKnown: true })
  })

  it('while it waits is not sent again, and is over when a block says so', async () => {
    const own = new StubRpc()
    start([own])
    const expiresAt = Date.now() + 2_000
    const one = send({ expiresAt })
    await pass(3 * DEFAULT_LIMITS.resendMs)
    expect(own.sent).toHaveLength(1)
    block(expiresAt, [])
    await pass(0)
    expect(one.error).toBeUndefined()
    block(expiresAt + 1, [])
    await pass(0)
    expect(one.error).toMatchObject({ stage: 'commit', code: 'EXPIRED', outcomeKnown: true })
  })
})

describe('what a block refuses', () => {
  it('is refused for good when it was the only copy, is sent again when it came too early', async () => {
    const own = new StubRpc()
    start([own])
    const [one, early] = [send(), send()]
    await pass(GATHER)
    const fate = (seen: Seen, code: 'UNKNOWN_KEY' | 'NOT_YET_VALID'): Fate => ({
      candidate: seen.candidate,
      error: new LedgerError('admission', code, true),
    })
    block(Date.now(), [], [fate(one, 'UNKNOWN_KEY'), fate(early, 'NOT_YET_VALID')])
    await pass(GATHER)
    expect(one.error).toMatchObject({ code: 'UNKNOWN_KEY', outcomeKnown: true })
    expect(own.sent).toEqual([[one.id, early.id], [early.id]])
    block(Date.now(), [], [fate(early, 'UNKNOWN_KEY')])
    await pass(0)
    expect(early.error).toMatchObject({ code: 'UNKNOWN_KEY', outcomeKnown: false })
  })

  it('under an id that another command has spent is a conflict', async () => {
    start([new StubRpc()])
    const one = send()
    await pass(GATHER)
    bundler.settle(
      {
        height: 1,
        timeMs: Date.now(),
        finalized: { height: 1, stateRoot: '', block: undefined, fates: [], validators: [] },
      },
      [{ ...executedOf(one), digest: 'f'.repeat(64) }],
    )
    await pass(0)
    expect(one.error).toMatchObject({ code: 'COMMAND_ID_CONFLICT', outcomeKnown: true })
  })
})

it('closed, it answers everybody who waits, and says whose command may have been sent', async () => {
  const own = new StubRpc()
  start([own])
  const sent = send()
  await pass(GATHER)
  const unsent = send()
  bundler.close('enough')
  await pass(0)
  expect(sent.error).toMatchObject({ code: 'CLOSED', outcomeKnown: false })
  expect(unsent.error).toMatchObject({ code: 'CLOSED', outcomeKnown: true })
  expect(() => send()).toThrow('CLOSED')
})
