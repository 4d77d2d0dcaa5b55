// An organisation is admitted to a network that runs, whatever is killed meanwhile; then it does what founders do.
import { randomInt } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sleep } from '#engines/say'
import { buildChanged } from '#ledger-adapter/testing/successor'
import { FolderBundleStore } from '#ledger-adapter/application/bundle/store'
import type { Member } from '../demo/consortium.ts'
import { asOperator } from './as-operator.ts'
import { manifestFile, nodeBundles } from './manifest.ts'
import { KeysToAdd } from './organisation-keys.ts'
import { describeNetwork } from './testing/cometbft.ts'
import { FOUNDERS, organisation, SluiceNetwork } from './testing/sluice-network.ts'

const seed = Number(process.env['SEED'] ?? randomInt(1 << 30))
let state = seed
/** Park and Miller's generator: enough to choose a moment. */
const random = (below: number): number => (state = (state * 48_271 + 11) % 0x7fffffff) % below

const MINUTE_MS = 60_000
const FRESH = organisation('fresh', '91110000MA00RAT34', 'investor', [
  { id: 'custody', kind: 'service', functions: ['service:servicing'] },
])
/** A rule that the next version of the contracts has otherwise: a reason must be longer. */
const CHANGED_RULE = ['expiresOn < today ||', 'expiresOn < today || reason.length < 5 ||'] as const

describeNetwork(`an organisation is admitted, seed ${seed}`, () => {
  const network = new SluiceNetwork()
  const { home } = network
  const admit = (file: string, ...more: string[]): string[] => ['admit', '--organisation', file, '--yes', ...more]
  let file: string

  beforeAll(async () => {
    console.log(`SEED=${seed}`)
    file = network.file('fresh.json', FRESH)
    await network.create('Admitting', FOUNDERS)
    await network.startUp()
  }, 4 * MINUTE_MS)
  afterAll(() => network.dispose(), MINUTE_MS)

  const manifestText = () => readFileSync(manifestFile(home), 'utf8')
  const as = async (operator: string) => asOperator(home, await network.manifest(), 'fresh', { operator })
  const followed = () => network.runs('follow', '--organisation', 'fresh', '--once')

  test(
    'killed at any moment and asked again, it goes on; a network that runs takes it up',
    async () => {
      for (let run = 0; run < 4; run += 1) {
        const asking = network.begin(...admit(file, '--host', 'east'))
        // Begun, and for the last ones far enough to have reached the ledger.
        const words = ['', '', 'approves', 'adds operator'][run]!
        while (!asking.said().includes(words) && asking.child.exitCode === null) await sleep(10)
        await Promise.race([sleep(words === '' ? 500 + random(4_000) : random(50)), asking.answer])
        asking.child.kill('SIGKILL')
        await asking.answer
      }
      let last = await network.sluice(...admit(file, '--host', 'east'))
      // Its host may be starting again at this moment, to serve it too: that is said, and it is asked once more.
      while (last.code !== 0) {
        expect(last.stderr).toContain('the node of east does not answer')
        last = await network.sluice(...admit(file, '--host', 'east'))
      }
      expect(last.stdout).toMatch(/fresh is a member( already)?, served by the node of east/)
      expect((await network.manifest()).organisations.at(-1)).toEqual({ id: 'fresh', node: 'east' })
      await network.said('served by the node of east (admitted)')
    },
    6 * MINUTE_MS,
  )

  test('it signs in and calls its node, and its stream is whole from position 0', async () => {
    for (const { id, functions } of FRESH.operators) {
      const { client } = await as(id)
      expect(await client.get('/v1/me')).toMatchObject({ participant: 'fresh', operator: id, roles: ['investor'], functions }) // prettier-ignore
    }
    // Nothing of it was done twice.
    const told = await network.runs('follow', '--organisation', 'fresh', '--once', '--json')
    const events = told.trim().split('\n').map((line) => JSON.parse(line) as { event: string; data: { participant?: string; operator?: string } }) // prettier-ignore
    const of = (event: string) => events.filter((one) => one.event === event && one.data.participant === 'fresh')
    expect(of('ParticipantAdmitted')).toHaveLength(1)
    expect(of('OperatorAdded').map(({ data }) => data.operator).sort()).toEqual(['admin', 'checker', 'custody', 'maker']) // prettier-ignore
    expect(await followed()).toMatch(/fresh, from the node of east: \d+ events from position 0 .*\n.*every topic proven complete/) // prettier-ignore
  })

  test(
    'asked again for the same it changes nothing; for anything else it names the field',
    async () => {
      const before = manifestText()
      expect(await network.runs(...admit(file))).toContain('fresh is a member already, served by the node of east: nothing changed') // prettier-ignore
      expect(await network.runs(...admit(network.file('north.json', FOUNDERS[0])))).toContain(
        'north is a member already',
      )
      const refuses = async (args: string[], words: string): Promise<void> =>
        expect(await network.sluice(...args)).toMatchObject({
          code: 2,
          stderr: expect.stringContaining(words) as string,
        })
      const other = (over: object, id = 'other.json') => admit(network.file(id, { ...FRESH, ...over }))
      await refuses(
        other({ name: { zh: 'fresh', en: 'Stale' } }),
        'at /name/en: Stale; fresh is a member already, with fresh on the ledger',
      )
      await refuses(
        other({ roles: ['factor'] }),
        'at /roles: factor; fresh is a member already, with investor on the ledger',
      )
      await refuses(
        other({ operators: FRESH.operators.slice(1) }),
        'at /operators: maker is on the ledger, and not in it',
      )
      await refuses(other({ id: 'twin' }), `at /uscc: ${FRESH.uscc} is that of fresh`)
      await refuses(admit(file, '--host', 'north'), '--host: fresh is served by the node of east already')
      await refuses(admit(network.file('new.json', organisation('new', '91310000MA1GPAC78', 'investor')), '--host', 'nowhere'), '--host: no node nowhere; there are north') // prettier-ignore
      expect(manifestText()).toBe(before)
    },
    6 * MINUTE_MS,
  )

  test(
    'after a change of the contracts it joins with a node of its own, which has every version',
    async () => {
      const next = await buildChanged(join(home, '..', 'next'), 'contracts/governance/propose.ts', ...CHANGED_RULE)
      for (const { id } of FOUNDERS) new FolderBundleStore(nodeBundles(home, id)).put(next.text)
      expect(await network.runs('activate', '--bundle', next.hash, '--yes')).toContain('decided')
      // Decided by the new version, and a block on it.
      expect(await network.runs('validator', '--organisation', 'west', '--power', '9', '--yes')).toContain('decided')
      await network.runs('join', '--organisation', 'fresh')
      expect(new FolderBundleStore(nodeBundles(home, 'fresh')).text(next.hash)).toBe(next.text)
      await network.said('(joined)')
      expect(await followed()).toContain('fresh, from the node of fresh')
      const rotate = await network.sluice('validator', '--organisation', 'fresh', '--rotate', '--yes')
      expect(rotate).toMatchObject({ code: 2, stderr: expect.stringContaining('the node of fresh has no vote') as string }) // prettier-ignore
    },
    6 * MINUTE_MS,
  )

  test(
    'governance gives it a vote, and its administrator goes on adding operators',
    async () => {
      expect(await network.runs('validator', '--organisation', 'fresh', '--yes')).toContain('it votes from the next')
      expect((await network.status()).find(({ name }) => name === 'fresh')?.comet?.votingPower).toBe(10)
      const more = { ...FRESH, operators: [...FRESH.operators, { id: 'auditor', kind: 'person', functions: ['viewer'] }] } // prettier-ignore
      // A run that was killed had made its key: that waits apart, and nobody signs in with it meanwhile.
      await (await KeysToAdd.of(home, 'fresh')).make({ ...more, usccBody: more.uscc.slice(0, 17) } as Member)
      expect(await followed()).toContain('every topic proven complete')
      const told = await network.runs(...admit(network.file('more.json', more)))
      expect(told).toBe(
        'admin of fresh adds operator auditor (viewer)\nfresh is a member, served by the node of fresh\n',
      )
      const { client } = await as('auditor')
      expect(await client.get('/v1/me')).toMatchObject({ operator: 'auditor', functions: ['viewer'] })
    },
    4 * MINUTE_MS,
  )
})
