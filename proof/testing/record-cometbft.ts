/**
 * Records a real CometBFT chain for the light client's tests, once: four validators of the built-in kvstore
 * application on loopback, whose powers are changed on the way.
 *   npm run build && node dist/proof/testing/record-cometbft.js > testdata/cometbft/chain.json
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { claim } from '#engines/claim'
import { findCometbft } from '#engines/cometbft'
import { freePorts } from '#engines/ports'
import { spawnChild } from '#engines/process'
import { sleep } from '#engines/say'
import { lightBlockOfRpc, validatorsOfRpc } from '../cometbft/from-rpc.ts'

const NODES = 4
const { path: cometbft } = await findCometbft({ say: (words) => console.error(words) })
const folder = mkdtempSync(join(tmpdir(), 'sluice-cometbft-'))
execFileSync(cometbft, ['testnet', '--v', String(NODES), '--o', folder, '--populate-persistent-peers=false'])
const held = await claim(join(folder, 'recording.lock'), 'recording a chain')
const ports = await freePorts(NODES * 2)
const home = (node: number): string => join(folder, `node${node}`)
const idOf = (node: number): string =>
  execFileSync(cometbft, ['show-node-id', '--home', home(node)], { encoding: 'utf8' }).trim()
const peers = Array.from({ length: NODES }, (_, node) => `${idOf(node)}@127.0.0.1:${ports[node * 2]}`)

const nodes = await Promise.all(
  peers.map((_, node) =>
    spawnChild({
      name: `cometbft ${node}`,
      command: cometbft,
      args: [
        ...['node', '--home', home(node), '--proxy_app', 'kvstore'],
        ...[
          '--p2p.laddr',
          `tcp://127.0.0.1:${ports[node * 2]}`,
          '--rpc.laddr',
          `tcp://127.0.0.1:${ports[node * 2 + 1]}`,
        ],
        ...['--p2p.persistent_peers', peers.filter((__, other) => other !== node).join(',')],
      ],
      cwd: folder,
      env: process.env,
      logFile: join(folder, `node${node}.log`),
      stopSignal: 'SIGTERM',
      claim: held,
    }),
  ),
)

async function rpc(method: string, query: Record<string, string> = {}): Promise<never> {
  const answer = await fetch(`http://127.0.0.1:${ports[1]}/${method}?${new URLSearchParams(query).toString()}`)
  const { result, error } = (await answer.json()) as { result?: never; error?: unknown }
  if (result === undefined) throw new Error(`${method}: ${JSON.stringify(error)}`)
  return result
}

async function height(): Promise<number> {
  try {
    const { sync_info } = (await rpc('status')) as { sync_info: { latest_block_height: string } }
    return Number(sync_info.latest_block_height)
  } catch {
    return 0 // not up yet
  }
}

async function until(wanted: number): Promise<void> {
  while ((await height()) < wanted) await sleep(200)
}

try {
  await until(3)
  const { validators } = JSON.parse(readFileSync(join(home(0), 'config/genesis.json'), 'utf8')) as {
    validators: { pub_key: { value: string } }[]
  }
  // Powers 1, 1, 1, 1 → 2, 1, 1, 1 → 3, 2, 1, 1 → 3, 2, 1: the fourth leaves.
  const changes = [
    `${validators[0]!.pub_key.value}!2`,
    `${validators[1]!.pub_key.value}!3`,
    `${validators[3]!.pub_key.value}!0`,
  ]
  for (const change of changes) {
    await rpc('broadcast_tx_commit', { tx: `"val=ed25519!${change}"` })
    await until((await height()) + 3)
  }
  const last = await height()
  const { genesis } = (await rpc('genesis')) as { genesis: unknown }
  const blocks = []
  for (let at = 1; at < last; at += 1) {
    const [commit, set] = await Promise.all([
      rpc('commit', { height: String(at) }),
      rpc('validators', { height: String(at), per_page: '100' }),
    ])
    const { signed_header } = commit as { signed_header: { commit: { block_id: { hash: string } } } }
    const hash = signed_header.commit.block_id.hash.toLowerCase()
    blocks.push({ hash, ...lightBlockOfRpc(signed_header as never, validatorsOfRpc(set)) })
  }
  console.log(JSON.stringify({ made: 'CometBFT 0.38.25, kvstore', genesis, blocks }, null, 1))
} finally {
  await Promise.all(nodes.map((node) => node.stop()))
  held.release()
  rmSync(folder, { recursive: true, force: true })
}
