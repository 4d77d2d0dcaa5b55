// `sluice network` as a user runs it, whole: create, up, status, an organisation that joins while all of it runs and
// follows its stream from position 0 without a vote, and governance that gives it one.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { FolderBundleStore } from '#ledger-adapter/application/bundle/store'
import { buildChanged } from '#ledger-adapter/testing/successor'
import { nodeBundles } from './manifest.ts'
import { describeNetwork } from './testing/cometbft.ts'
import { FOUNDERS, organisation, SluiceNetwork } from './testing/sluice-network.ts'

/** As a busy machine needs for what a quiet one does in a third of it. */
const MINUTE_MS = 180_000
/** A rule that the next version of the contracts has otherwise: a short reason is refused. */
const CHANGED_RULE = ['expiresOn < today ||', 'expiresOn < today || reason.length < 200 ||'] as const
const ORGANISATIONS = [...FOUNDERS, organisation('watcher', '11100000MB0REG123', 'regulator')]

describeNetwork('sluice network', () => {
  const network = new SluiceNetwork()
  const { home } = network
  const sluice = network.sluice.bind(network)
  const runs = network.runs.bind(network)
  const status = network.status.bind(network)

  beforeAll(async () => {
    await network.create('Whole', ORGANISATIONS)
    await network.startUp()
  }, 4 * MINUTE_MS)

  afterAll(() => network.dispose(), MINUTE_MS)

  test('four nodes are well, and say so', async () => {
    let told = await sluice('status')
    while (told.code !== 0) told = await sluice('status') // their APIs come up one after another
    expect(told.stdout.split('\n').filter((line) => line.includes('votes'))).toHaveLength(4)
  })

  test('who has no node of its own cannot vote; who is nobody cannot do anything', async () => {
    expect(await sluice('validator', '--organisation', 'watcher')).toMatchObject({ code: 2, stderr: expect.stringContaining('watcher has no node of its own') as string }) // prettier-ignore
    for (const command of ['join', 'follow'])
      expect(await sluice(command, '--organisation', 'nobody')).toMatchObject({ code: 2, stderr: expect.stringContaining('no organisation nobody; there are north, east') as string }) // prettier-ignore
  })

  test('a regulator joins while all runs: it follows without a vote, its stream whole from position 0', async () => {
    expect(await runs('join', '--organisation', 'watcher')).toMatch(
      /none of the other nodes has a snapshot .*: it executes every block from the first\nwatcher has a node of its own now/,
    )
    await network.said('(joined)')
    const told = await runs('follow', '--organisation', 'watcher', '--once')
    expect(told).toMatch(
      /watcher, from the node of watcher: \d+ events from position 0 to block \d+\n.*every topic proven complete/,
    )
    const own = (await runs('follow', '--organisation', 'watcher', '--once', '--json')).trim().split('\n')
    expect(told).toContain(`${own.length} events`)
    // Genesis is what it begins with: the organisations' admission, in the order of the document.
    expect(own.map((line) => (JSON.parse(line) as { cursor: string }).cursor).every((cursor) => /^\d+\.\d+\.\d+$/.test(cursor))).toBe(true) // prettier-ignore
    expect((await status()).find(({ name }) => name === 'watcher')?.comet?.votingPower).toBe(0)
    expect(await runs('join', '--organisation', 'watcher')).toContain('has a node of its own already')
  })

  test('governance gives it a vote', async () => {
    const told = await runs('validator', '--organisation', 'watcher', '--yes')
    expect(told).toMatch(
      /north proposes .*power 10 for the validator of watcher\nnorth approves\neast approves\nsouth approves: decided/,
    )
    for (let power = 0; power !== 10;)
      power = (await status()).find(({ name }) => name === 'watcher')?.comet?.votingPower ?? 0
    expect(await runs('follow', '--organisation', 'watcher', '--once')).toContain('every topic proven complete')
  })

  test('another version of the contracts rules from its height, once every node has it', async () => {
    const next = await buildChanged(join(home, '..', 'next'), 'contracts/governance/propose.ts', ...CHANGED_RULE)
    const put = (node: string) => new FolderBundleStore(nodeBundles(home, node)).put(next.text)
    for (const node of ['north', 'east', 'south', 'west']) put(node)
    const activate = ['activate', '--bundle', next.hash, '--yes']
    expect(await sluice(...activate)).toMatchObject({ code: 2, stderr: expect.stringContaining(`no bundle ${next.hash} at watcher;`) as string }) // prettier-ignore
    put('watcher')
    const power = (n: string) => ['validator', '--organisation', 'watcher', '--yes', '--power', n]
    expect(await runs(...power('9'))).toContain('decided') // by the first version
    expect(await runs(...activate)).toMatch(/south approves: decided\nit rules from the next block on/)
    const refused = await sluice(...power('10'))
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('north: ') as string })
    expect(refused.stderr).toContain('BAD_EXPIRY')
    for (const organisation of ['north', 'west', 'watcher'])
      expect(await runs('follow', '--organisation', organisation, '--once')).toContain('every topic proven complete')
  })

  test(
    'Ctrl-C ends it in good order, and the next start has it all',
    async () => {
      const before = await runs('follow', '--organisation', 'watcher', '--once', '--json')
      expect(await network.stopUp(), network.upSaid.slice(-4000)).toBe(130)
      const { code, stderr } = await sluice('follow', '--organisation', 'watcher', '--once')
      expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining('is `sluice network up` running?') as string }) // prettier-ignore
      // One of them has lost its database: it executes every block again, over the change of versions.
      await network.dropDatabase('watcher')
      await network.startUp()
      expect(await runs('follow', '--organisation', 'watcher', '--once', '--json')).toBe(before)
    },
    4 * MINUTE_MS,
  )

  test('no key or passphrase is said aloud', () => {
    for (const { id } of ORGANISATIONS) {
      const passphrase = readFileSync(join(home, 'organisations', id, 'passphrase'), 'utf8').trim()
      expect(network.upSaid).not.toContain(passphrase)
    }
  })
})
