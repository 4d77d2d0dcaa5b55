import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { cometKey, validatorKeyFile } from '#engines/cometbft/keys'
import { readManifest, writeManifest, type Manifest } from './manifest.ts'
import { nextKey, nextKeyFile, publicKeyIn, settleKeys, votingKeyFile } from './validator-key.ts'

const [first, second, other] = [cometKey(), cometKey(), cometKey()]
const ports = { p2p: 1, rpc: 2, abci: 3, http: 4 }
const MANIFEST: Manifest = {
  format: 'sluice/network/v1',
  name: 'Keys',
  chainId: 'keys',
  genesisHash: '',
  createdAtMs: 0,
  asked: { validators: 1, clock: 'test', startDate: '2026-01-05', organisations: '' },
  nodes: [{ name: 'north', isValidator: true, peerId: 'ab'.repeat(20), publicKey: first.publicKey, ports }],
  organisations: [{ id: 'north', node: 'north' }],
}

let home: string
let rpc: Server
/** Whom consensus counts for the next block; undefined: it does not answer. */
let counted: string[] | undefined
let rests = 0
const said: string[] = []

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'sluice-keys-'))
  mkdirSync(dirname(votingKeyFile(home, 'north')), { recursive: true })
  writeFileSync(votingKeyFile(home, 'north'), validatorKeyFile(first), { mode: 0o600 })
  await writeManifest(home, MANIFEST)
  rests = 0
  said.length = 0
  rpc = createServer((_, response) => {
    if (!counted) return void response.destroy()
    const validators = counted.map((value) => ({ pub_key: { type: 'tendermint/PubKeyEd25519', value }, voting_power: '10' })) // prettier-ignore
    response.end(JSON.stringify({ result: { validators, total: String(validators.length) } }))
  }).listen(0, '127.0.0.1')
  await once(rpc, 'listening')
})
afterEach(() => {
  rpc.close()
  rmSync(home, { recursive: true, force: true })
})

const settle = (rest: (change: () => Promise<void>) => Promise<void> = (change) => change()) =>
  settleKeys(
    home,
    [
      {
        name: 'north',
        rpc: `http://127.0.0.1:${(rpc.address() as AddressInfo).port}`,
        whileCometRests: (change) => ((rests += 1), rest(change)),
      },
    ],
    (line) => void said.push(line),
  )
const there = async () => [
  await publicKeyIn(votingKeyFile(home, 'north')),
  await publicKeyIn(nextKeyFile(home, 'north')),
  (await readManifest(home)).nodes[0]!.publicKey,
]
const waiting = () => writeFileSync(nextKeyFile(home, 'north'), validatorKeyFile(second), { mode: 0o600 })

describe('the key that follows', () => {
  it('is made once, for its owner alone', async () => {
    const made = await nextKey(home, 'north')
    const text = readFileSync(nextKeyFile(home, 'north'), 'utf8')
    expect(await nextKey(home, 'north')).toBe(made)
    expect(readFileSync(nextKeyFile(home, 'north'), 'utf8')).toBe(text)
    expect(statSync(nextKeyFile(home, 'north')).mode & 0o777).toBe(0o600)
    expect(made).not.toBe(first.publicKey)
  })

  it.each([
    ['before it is decided', [first, other]],
    ['when neither is counted: its vote was taken away', [other]],
    ['when both are counted', [first, second]],
    ['when consensus does not answer', undefined],
  ])('waits %s', async (_, keys) => {
    waiting()
    counted = keys?.map(({ publicKey }) => publicKey)
    await settle()
    expect(await there()).toEqual([first.publicKey, second.publicKey, first.publicKey])
    expect(rests).toBe(0)
  })

  it('takes the place of the one that is counted no longer, while CometBFT rests', async () => {
    waiting()
    counted = [second.publicKey, other.publicKey]
    let inPlace: string | undefined
    await settle(async (change) => {
      inPlace = await publicKeyIn(votingKeyFile(home, 'north'))
      await change()
    })
    expect(inPlace).toBe(first.publicKey)
    expect(await there()).toEqual([second.publicKey, undefined, second.publicKey])
    expect(statSync(votingKeyFile(home, 'north')).mode & 0o777).toBe(0o600)
    await settle()
    expect(rests).toBe(1)
  })

  it('goes on from wherever it was cut short', async () => {
    waiting()
    counted = [second.publicKey]
    // The process ended while CometBFT rested: nothing has changed, and the next one does it.
    await settle(() => Promise.reject(new Error('ended')))
    expect(said).toContain('north: ended')
    expect(await there()).toEqual([first.publicKey, second.publicKey, first.publicKey])
    await settle()
    // It ended between the swap and the manifest: consensus need not be asked again.
    await writeManifest(home, MANIFEST)
    counted = undefined
    await settle()
    expect(await there()).toEqual([second.publicKey, undefined, second.publicKey])
  })

  it('a file that holds no key is named, and the network goes on', async () => {
    writeFileSync(nextKeyFile(home, 'north'), '{}')
    counted = [first.publicKey]
    await settle()
    expect(said.join()).toContain('priv_validator_key.next.json: not the key of a validator')
    expect(rests).toBe(0)
  })
})
