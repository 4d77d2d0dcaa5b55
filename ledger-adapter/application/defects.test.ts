import { Type } from 'typebox'
import { expect, it } from 'vitest'
import { genesisEvents } from '#contracts/genesis'
import { eventType, PUBLIC } from '#contracts/kernel/event'
import { Registry, type ContractVersion, type Execution } from '#contracts/kernel/execute'
import { contract, method } from '#contracts/kernel/method'
import { refusals } from '#contracts/kernel/refusal'
import { callerOf } from '#contracts/membership/caller'
import { CONTRACTS } from '#contracts/registry'
import { testGenesis } from '#contracts/testing/consortium'
import { chainIdOf, genesisHash } from '#proof/block'
import type { JsonObject } from '#proof/json'
import { signTest, testCommand } from '../testing/fixture.ts'
import { decodeCandidate } from './admission.ts'
import { buildBlock, buildGenesis, type ApplicationRules, type DefectListener } from './build-block.ts'
import { SandboxedContracts } from './bundle/sandbox.ts'
import { bundleHash } from './bundle/build-bundle.ts'
import { CommittedState } from './state.ts'
import { verifyNative } from './verify-native.ts'

const document = testGenesis()
const json = document as unknown as JsonObject
const chainId = chainIdOf(json)
const NOW = 1_900_000_000_000

const Written = Type.Object({ key: Type.String(), topic: Type.String() })
const written = eventType({
  contract: 'flaws',
  event: 'Written',
  schema: Written,
  apply: ({ key }) => [{ op: 'put', key, value: '应收账款' }],
})
const refuse = refusals({ NO: 'conflict' })

/** Contracts of an engine that words its errors in its own way. */
function engine(words: string): Registry {
  const rest = { contract: 'flaws', sentence: { zh: '测试', en: 'test' }, by: { functions: ['maker'] as const } }
  const flaws = contract({
    name: 'flaws',
    methods: [
      method({ ...rest, method: 'write', args: Written, decide: (_, { args }) => [written.of(args, [args.topic])] }),
      method({ ...rest, method: 'refuse', args: Type.Object({}), decide: () => refuse('NO', { because: '不行' }) }),
      method({
        ...rest,
        method: 'throw',
        args: Type.Object({}),
        decide: () => {
          throw new TypeError(words)
        },
      }),
    ],
    events: [written],
    disclosure: { fields: 'public' },
  })
  return new Registry([...CONTRACTS, flaws])
}

async function decide(
  registry: ApplicationRules['registry'],
  calls: readonly (readonly [string, JsonObject])[],
  onDefect: DefectListener = () => undefined,
) {
  const rules: ApplicationRules = { chainId, genesisHash: genesisHash(json), registry, callerOf, check: verifyNative, onDefect } // prettier-ignore
  const state = new CommittedState(() => Promise.resolve(new Map()))
  const founding = { ...rules, registry: engine('') }
  const first = await buildGenesis(founding, state, genesisEvents(document))
  state.adopt(first.tree, first.changes)
  const candidates = calls.map(([name, args], n) =>
    decodeCandidate(
      signTest(testCommand(chainId, `flaws.${name}`, args, { commandId: `c${n}`, issuedAt: NOW })),
      chainId,
    ),
  )
  const previous = { height: 0, headerHash: first.headerHash, timeMs: 0 }
  const { block, refused } = await buildBlock(rules, state, previous, { timeMs: NOW, candidates, due: [] })
  expect(refused).toEqual([])
  return block!
}

const outcomes = (block: Awaited<ReturnType<typeof decide>>) =>
  block.results.map((result) => (result.accepted ? 'accepted' : result.refusal))
const DEFECT = { code: 'INVARIANT', kind: 'invariant', details: {} }

it('a defect has one result on every engine, and its words are for the log alone', async () => {
  const told: unknown[] = []
  const calls = [['throw', {}], ['refuse', {}], ['write', { key: 'a', topic: PUBLIC }]] as const // prettier-ignore
  const [one, other] = await Promise.all([
    decide(engine("Cannot read properties of undefined (reading 'x')"), calls, (defect) => told.push(defect)),
    decide(engine("undefined is not an object (evaluating 'a.x')"), calls),
  ])
  expect(outcomes(one)).toEqual([DEFECT, { code: 'NO', kind: 'conflict', details: { because: '不行' } }, 'accepted'])
  expect(other.headerHash).toBe(one.headerHash)
  const problem = "TypeError: Cannot read properties of undefined (reading 'x')"
  expect(told).toEqual([{ command: expect.objectContaining({ method: 'throw', commandId: 'c0' }), height: 1, problem }])
})

it('what a version of the contracts says of its own defects is not recorded either', async () => {
  const answer: Execution = { accepted: false, refusal: { ...DEFECT, kind: 'invariant', details: { message: 'mine' } } }
  const text = `var contracts = { protocol: 1, executeText: () => '${JSON.stringify(answer)}', declaredReadsText: () => '[]', writesText: () => '[]',
    descriptionText: () => '${JSON.stringify({ contracts: [{ methods: [{ name: 'flaws.throw' }] }] })}' }`
  const version: ContractVersion = SandboxedContracts.load(bundleHash(text), text)
  const told: string[] = []
  const block = await decide({ versionFor: () => version }, [['throw', {}]], ({ problem }) => told.push(problem))
  expect(outcomes(block)).toEqual([DEFECT])
  expect(told).toEqual([JSON.stringify(answer.refusal)])
})

it('keys and topics are ASCII that is seen; what is kept under them may be any text', async () => {
  const names = ['应收', 'é', 'a b', 'a\u0000', '😀', '', 'x'.repeat(401)]
  const block = await decide(engine(''), [
    ['write', { key: 'notes/~!x', topic: 'deal/~!x' }],
    ...names.flatMap((name) => [
      ['write', { key: name, topic: PUBLIC }] as const,
      ['write', { key: 'a', topic: name }] as const,
    ]),
  ])
  expect(outcomes(block)).toEqual(['accepted', ...names.flatMap(() => [DEFECT, DEFECT])])
})
