// Each of four validators gets another key while the network runs under load and processes are killed in between
// (docs/adr/035).
import { randomInt } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Proofs } from '#client/proofs'
import { sleep } from '#engines/say'
import { CometbftRpc, consensusValidators } from '#ledger-adapter/cometbft/rpc'
import { canonicalBytes } from '#proof/canonical'
import { validatorAddress } from '#proof/cometbft/index'
import { verifyReceipt } from '#proof/verify-receipt'
import { trustFollowed, trustOf } from '../verify/trust.ts'
import { asOperator } from './as-operator.ts'
import { cometHome, consensusKey } from './manifest.ts'
import { describeNetwork } from './testing/cometbft.ts'
import { FOUNDERS, SluiceNetwork, type Running } from './testing/sluice-network.ts'
import { SteadyLoad } from './testing/steady-load.ts'
import { nextKeyFile } from './validator-key.ts'

const seed = Number(process.env['SEED'] ?? randomInt(1 << 30))
let state = seed
/** Park and Miller's generator: enough to choose a victim and a moment. */
const random = (below: number): number => (state = (state * 48_271 + 11) % 0x7fffffff) % below

const MINUTE_MS = 60_000
const order = FOUNDERS.map(({ id }) => id)
for (let last = order.length - 1; last > 0; last -= 1) {
  const other = random(last + 1)
  ;[order[last], order[other]] = [order[other]!, order[last]!]
}
const [first, second, third, fourth] = order as [string, string, string, string]

describeNetwork(`four validators get other keys, seed ${seed}`, () => {
  const network = new SluiceNetwork()
  const founders = new Map<string, string>()
  let load: SteadyLoad

  beforeAll(async () => {
    console.log(`SEED=${seed}: ${order.join(', ')}`)
    await network.create('Rotating', FOUNDERS)
    for (const { name, publicKey } of (await network.manifest()).nodes) founders.set(name, consensusKey(publicKey))
    await network.startUp()
    load = await SteadyLoad.start(network.home)
  }, 4 * MINUTE_MS)

  afterAll(async () => {
    await load?.stop()
    await network.dispose()
  }, MINUTE_MS)

  const keyOf = async (name: string) => consensusKey((await network.manifest()).nodes.find((node) => node.name === name)!.publicKey) // prettier-ignore
  const rpcOf = async (name: string) => new CometbftRpc(`http://127.0.0.1:${(await network.manifest()).nodes.find((node) => node.name === name)!.ports.rpc}`) // prettier-ignore
  const rotate = (name: string): string[] => ['validator', '--organisation', name, '--rotate', '--yes']
  async function saidBy(run: Running, words: string): Promise<void> {
    for (; !run.said().includes(words); await sleep(20)) expect(run.child.exitCode, run.said()).toBeNull()
  }

  /** Whoever signed the latest block that this node has, by address. */
  async function signersOf(name: string): Promise<string[]> {
    const commit = await (
      await rpcOf(name)
    ).call<{
      signed_header: { commit: { signatures: { validator_address: string; block_id_flag: number }[] } }
    }>('commit')
    const { signatures } = commit.signed_header.commit
    return signatures.filter((one) => one.block_id_flag === 2).map((one) => one.validator_address)
  }

  /** Its old key is out, its new one in and at work; four are counted on every node, and commits go on. */
  async function requireRotated(name: string, before: string): Promise<void> {
    while ((await keyOf(name)) === before || existsSync(nextKeyFile(network.home, name))) await sleep(100)
    const own = await keyOf(name)
    const keys = (await network.manifest()).nodes.map(({ publicKey }) => consensusKey(publicKey))
    expect(keys).not.toContain(before)
    for (const { name: each } of (await network.manifest()).nodes) {
      const counted = async () =>
        (await consensusValidators(await rpcOf(each)).catch(() => [])).map(({ publicKey }) => publicKey)
      while (!(await counted()).includes(own)) await sleep(100)
      expect((await counted()).sort()).toEqual([...keys].sort())
    }
    const address = validatorAddress(own).toUpperCase()
    while (!(await signersOf(name).catch((): string[] => [])).includes(address)) await load.more(1)
    await load.more(10)
  }

  test(
    'the one who asks for it is killed again and again, and at last goes through with it',
    async () => {
      const before = founders.get(first)!
      for (let run = 0; run < 3; run += 1) {
        const asking = network.begin(...rotate(first))
        await Promise.race([sleep(1_000 + random(4_000)), asking.answer])
        asking.child.kill('SIGKILL')
        await asking.answer
      }
      // What the last one left is gone on with, or another begins.
      expect(await network.runs(...rotate(first))).toMatch(
        new RegExp(`${first} votes with key [\\w-]{43} from the next`),
      )
      await requireRotated(first, before)
    },
    6 * MINUTE_MS,
  )

  test(
    'killed after the decision, it goes on with the key that was decided on',
    async () => {
      const before = await keyOf(second)
      const asking = network.begin(...rotate(second))
      await saidBy(asking, ': decided')
      asking.child.kill('SIGKILL')
      network.kill(`cometbft of ${second}`)
      await requireRotated(second, before)
    },
    6 * MINUTE_MS,
  )

  test(
    "the validator's node is killed between the decision and the swap",
    async () => {
      const before = await keyOf(third)
      const asking = network.begin(...rotate(third))
      await saidBy(asking, ': decided')
      await sleep(random(1_500))
      network.kill(`node of ${third}`)
      await requireRotated(third, before)
      await asking.answer
    },
    6 * MINUTE_MS,
  )

  test(
    'all that runs the network is killed between the decision and the swap',
    async () => {
      const before = await keyOf(fourth)
      const asking = network.begin(...rotate(fourth))
      await saidBy(asking, ': decided')
      await sleep(random(1_500))
      await network.stopUp('SIGKILL')
      await network.startUp()
      await requireRotated(fourth, before)
      asking.child.kill()
      await asking.answer
    },
    8 * MINUTE_MS,
  )

  test(
    'four were counted at every height; nobody voted twice; every acknowledged command is where it was said to be',
    async () => {
      await load.stop()
      const rpc = await rpcOf(first)
      const latest = Number((await rpc.call<{ signed_header: { header: { height: string } } }>('commit')).signed_header.header.height) // prettier-ignore
      for (let height = 1; height <= latest; height += 1)
        expect((await consensusValidators(rpc, height)).map(({ power }) => power)).toEqual([10, 10, 10, 10])
      const founding = await consensusValidators(rpc, 1)
      expect(founding.map(({ publicKey }) => publicKey).sort()).toEqual([...founders.values()].sort())
      for (const { publicKey } of await consensusValidators(rpc))
        expect([...founders.values()]).not.toContain(publicKey)

      const told = await network.runs('follow', '--organisation', 'north', '--once', '--json')
      expect(told).not.toContain('MisbehaviourReported')
      expect(told.match(/"ValidatorKeyRotated"/g)!.length).toBeGreaterThanOrEqual(4)
      const all = [...load.acknowledged]
      for (const { name } of (await network.manifest()).nodes) {
        const { client } = await asOperatorAt(name)
        for (let sample = 0; sample < 20; sample += 1) {
          const [id, position] = all[random(all.length)]!
          expect(await client.get(`/v1/commands/${id}`), `${id} at ${name}`).toMatchObject({ position })
        }
      }
    },
    4 * MINUTE_MS,
  )

  const asOperatorAt = async (name: string) => {
    const manifest = await network.manifest()
    const at = manifest.nodes.find((node) => node.name === name)!
    return asOperator(network.home, manifest, 'north', { operator: 'calendar' }, { at })
  }

  test('a receipt verifies from genesis by following the validators, and not without', async () => {
    const { client } = await asOperatorAt(fourth)
    const proofs = new Proofs(client)
    const genesis = await trustOf({ validators: join(cometHome(network.home, first), 'config', 'genesis.json') }, 'en')
    const followed = await trustFollowed(genesis, (from) => proofs.validators({ from }), 'en')
    const ids = [...load.acknowledged.keys()]
    for (const id of [ids[0]!, ids.at(-1)!]) {
      const bytes = canonicalBytes((await proofs.command(id)) as never)
      expect(verifyReceipt(bytes, followed)).toMatchObject({ ok: true })
      // None of those who signed it is among the founders' keys.
      expect(verifyReceipt(bytes, genesis)).toMatchObject({ ok: false, reason: 'TOO_LITTLE_OVERLAP' })
    }
  })

  test('who has no node of its own has no key to be followed', async () => {
    const refused = await network.sluice('validator', '--organisation', 'nobody', '--rotate', '--yes')
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('nobody has no node of its own') as string }) // prettier-ignore
    const both = await network.sluice('validator', '--organisation', first, '--rotate', '--power', '1', '--yes')
    expect(both.stderr).toContain("option '--rotate' cannot be used with option '--power <n>'")
  })
})
