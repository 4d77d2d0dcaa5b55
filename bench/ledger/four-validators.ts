import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { claim, type Claim } from '#engines/claim'
import { findCometbft } from '#engines/cometbft'
import { configFile } from '#engines/cometbft/config'
import { cometGenesis } from '#engines/cometbft/genesis'
import { addressOf, cometKey, NEW_VALIDATOR_STATE, nodeKeyFile, validatorKeyFile } from '#engines/cometbft/keys'
import { startComet } from '#engines/cometbft/run'
import { freePorts } from '#engines/ports'
import type { Child } from '#engines/process'
import { testGenesis } from '#contracts/testing/consortium'
import { CometbftRpc } from '#ledger-adapter/cometbft/rpc'
import type { ConsensusPlace } from '#ledger-adapter/testing/ledger-child'
import { consensusKey } from '#ledger-adapter/testing/single-validator'
import { chainIdOf } from '#proof/block'
import type { JsonObject } from '#proof/json'

export const VALIDATORS = 4
const quiet = () => undefined
const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

interface Place extends ConsensusPlace {
  readonly home: string
}

/** Four CometBFT processes of one chain on this machine; each finds its application at its port. */
export class FourValidators {
  private readonly children: Child[] = []
  private stopping: Promise<void> | undefined
  private constructor(
    readonly places: readonly Place[],
    readonly validators: readonly { readonly publicKey: string; readonly power: number }[],
    private readonly program: string,
    private readonly held: Claim,
  ) {}

  static async create(folder: string): Promise<FourValidators> {
    const program = (await findCometbft({ say: quiet })).path
    mkdirSync(folder, { recursive: true })
    const held = await claim(join(folder, 'claim.json'), 'a bench')
    const ports = await freePorts(VALIDATORS * 3)
    const members = Array.from({ length: VALIDATORS }, (_, n) => {
      const [abci, rpc, p2p] = ports.slice(n * 3) as [number, number, number]
      return { name: `v${n}`, home: join(folder, `v${n}`), key: cometKey(), nodeKey: cometKey(), abci, rpc, p2p }
    })
    const { governance } = testGenesis()
    const decided = members.map(({ key }) => ({ participant: 'manager', publicKey: consensusKey(key), power: 10 }))
    const founding = { ...governance, validators: decided }
    const document = testGenesis({ governance: founding }) as unknown as JsonObject
    const validators = members.map(({ name, key }) => ({ name, address: addressOf(key), publicKey: key.publicKey, power: 10 })) // prettier-ignore
    const genesis = cometGenesis({ chainId: chainIdOf(document), timeMs: Date.now(), validators, appState: document })
    for (const one of members) {
      for (const part of ['config', 'data']) mkdirSync(join(one.home, part), { recursive: true })
      const write = (name: string, text: string) => writeFileSync(join(one.home, name), text)
      const peers = members.filter((other) => other !== one).map(({ nodeKey, p2p }) => `${nodeKey.id}@127.0.0.1:${p2p}`)
      const application = `tcp://127.0.0.1:${one.abci}`
      write('config/config.toml', configFile({ moniker: one.name, application, p2pPort: one.p2p, rpcPort: one.rpc, peers })) // prettier-ignore
      write('config/genesis.json', genesis)
      write('config/node_key.json', nodeKeyFile(one.nodeKey))
      write('config/priv_validator_key.json', validatorKeyFile(one.key))
      write('data/priv_validator_state.json', NEW_VALIDATOR_STATE)
    }
    const trusted = members
      .map(({ key }) => ({ publicKey: consensusKey(key), power: 10, id: key.id }))
      .sort((a, b) => (a.id < b.id ? -1 : 1))
      .map(({ publicKey, power }) => ({ publicKey, power }))
    const places = members.map(({ home, abci, rpc }) => ({ home, abciPort: abci, rpcUrl: `http://127.0.0.1:${rpc}`, governance: founding })) // prettier-ignore
    return new FourValidators(places, trusted, program, held)
  }

  async start(): Promise<void> {
    const { program, held } = this
    for (const { home } of this.places) {
      this.children.push(await startComet({ name: home, program, home, claim: held, say: quiet }))
    }
    for (const { rpcUrl } of this.places) {
      const rpc = new CometbftRpc(rpcUrl)
      const isUp = () => rpc.call('status').then(() => true, quiet)
      while (!(await isUp())) {
        const dead = this.children.find((child) => !child.running)
        if (dead) throw new Error(`CometBFT ended: ${dead.tail()}`)
        await pause(50)
      }
    }
  }

  /** Again it does nothing. */
  stop(): Promise<void> {
    return (this.stopping ??= this.stopAll())
  }

  private async stopAll(): Promise<void> {
    await Promise.all(this.children.map((child) => child.stop(3_000)))
    this.held.release()
  }
}
