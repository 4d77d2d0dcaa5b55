import { createHash } from 'node:crypto'
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { claim } from '#engines/claim'
import { findCometbft } from '#engines/cometbft'
import { configFile, type StateSync } from '#engines/cometbft/config'
import { cometGenesis } from '#engines/cometbft/genesis'
import { addressOf, cometKey, NEW_VALIDATOR_STATE, nodeKeyFile, validatorKeyFile } from '#engines/cometbft/keys'
import { startComet } from '#engines/cometbft/run'
import { freePorts } from '#engines/ports'
import type { Child } from '#engines/process'
import { messageOf } from '#engines/say'
import { genesisEvents, type GenesisDocument } from '#contracts/genesis'
import { callerOf } from '#contracts/membership/caller'
import { testGenesis } from '#contracts/testing/consortium'
import { toBase64url } from '#proof/base64url'
import { chainIdOf } from '#proof/block'
import type { JsonObject } from '#proof/json'
import { predecessorOf } from '#proof/predecessor'
import { CometbftLedger } from '../cometbft/cometbft-ledger.ts'
import type { CometbftLedgerOptions } from '../cometbft/ledger-options.ts'
import { CometbftRpc } from '../cometbft/rpc.ts'
import { testRegistry } from './fixture.ts'

const quiet = () => undefined

/** The program, or why it cannot be had; with CI set there is no excuse. */
export async function cometbftProgram(): Promise<{ path: string } | { missing: string }> {
  try {
    return { path: (await findCometbft({ say: quiet })).path }
  } catch (error) {
    if (process.env['CI']) throw error
    return { missing: messageOf(error) }
  }
}

type CometKey = ReturnType<typeof cometKey>

/** A validator's public key as the ledger writes it. */
export const consensusKey = ({ publicKey }: Pick<CometKey, 'publicKey'>): string =>
  toBase64url(Buffer.from(publicKey, 'base64'))

/** The test consortium's ledger on one CometBFT validator, both of which a test can stop, kill and start again. */
export class SingleValidator {
  readonly chainId: string
  private readonly nodeKey = cometKey()
  private isDisposed = false
  private comet: Child | undefined
  private ledger: CometbftLedger | undefined
  private constructor(
    readonly home: string,
    /** The founding document, or one that continues a ledger. */
    readonly genesis: GenesisDocument,
    private readonly program: string,
    private readonly held: Awaited<ReturnType<typeof claim>>,
    /** Of its validator: what it votes with. */
    readonly key: CometKey,
    readonly ports: { readonly abci: number; readonly rpc: number; readonly p2p: number },
  ) {
    this.chainId = chainIdOf(genesis as unknown as JsonObject)
  }

  static async create(program: string, over: Partial<GenesisDocument> = {}): Promise<SingleValidator> {
    const key = cometKey()
    const founding = testGenesis(over)
    const validators = [{ participant: 'manager', publicKey: consensusKey(key), power: 10 }]
    return SingleValidator.make(program, { ...founding, governance: { ...founding.governance, validators } }, key)
  }

  private static async make(program: string, genesis: GenesisDocument, key: CometKey): Promise<SingleValidator> {
    const home = await mkdtemp(join(tmpdir(), 'sluice-validator-'))
    const [abci, rpc, p2p] = (await freePorts(3)) as [number, number, number]
    const held = await claim(join(home, 'claim.json'), 'a test')
    const one = new SingleValidator(home, genesis, program, held, key, { abci, rpc, p2p })
    one.writeHome()
    return one
  }

  /** The validator of this key for a chain of this genesis, which knows it already. */
  static of(program: string, document: JsonObject, key: CometKey): Promise<SingleValidator> {
    return SingleValidator.make(program, document as unknown as GenesisDocument, key)
  }

  /**
   * A node without a vote, of the chain of another, from which it takes a snapshot. It trusts the header at height 1 and
   * asks the other for all later ones.
   */
  static async joining(program: string, other: SingleValidator): Promise<SingleValidator> {
    const first = await new CometbftRpc(other.rpcUrl).call<{ block_id: { hash: string } }>('block', { height: '1' })
    const one = await SingleValidator.make(program, other.genesis, cometKey())
    const rpcServers = [other.rpcUrl, other.rpcUrl]
    one.writeConfig([other.peer], { rpcServers, trustHeight: 1, trustHash: first.block_id.hash })
    copyFileSync(join(other.home, 'config/genesis.json'), join(one.home, 'config/genesis.json'))
    return one
  }

  /** As another's configuration names it. */
  get peer(): string {
    return `${this.nodeKey.id}@127.0.0.1:${this.ports.p2p}`
  }

  get rpcUrl(): string {
    return `http://127.0.0.1:${this.ports.rpc}`
  }

  /** Whom a verifier trusts from the start. */
  get validators() {
    return { height: this.firstHeight, timeMs: 0, validators: [{ publicKey: consensusKey(this.key), power: 10 }] }
  }

  private get firstHeight(): number {
    return (predecessorOf(this.genesis as unknown as JsonObject)?.height ?? 0) + 1
  }

  private writeConfig(peers: readonly string[], stateSync?: StateSync): void {
    const { home, ports } = this
    const application = `tcp://127.0.0.1:${ports.abci}`
    const config = { moniker: 'one', application, p2pPort: ports.p2p, rpcPort: ports.rpc, peers }
    writeFileSync(join(home, 'config/config.toml'), configFile({ ...config, ...(stateSync && { stateSync }) }))
  }

  private writeHome(): void {
    const { home, chainId, genesis } = this
    for (const folder of ['config', 'data']) mkdirSync(join(home, folder), { recursive: true })
    const { key } = this
    const write = (name: string, text: string) => writeFileSync(join(home, name), text)
    const validator = { name: 'one', address: addressOf(key), publicKey: key.publicKey, power: 10 }
    this.writeConfig([])
    write('config/genesis.json', cometGenesis({ chainId, timeMs: Date.now(), validators: [validator], appState: genesis, initialHeight: this.firstHeight })) // prettier-ignore
    write('config/node_key.json', nodeKeyFile(this.nodeKey))
    write('config/priv_validator_key.json', validatorKeyFile(key))
    write('data/priv_validator_state.json', NEW_VALIDATOR_STATE)
  }

  /** CometBFT's genesis names another validator than this ledger's; the ledger must not begin. */
  replaceGenesisValidator(publicKey: string): void {
    const path = join(this.home, 'config/genesis.json')
    const document = JSON.parse(readFileSync(path, 'utf8')) as { validators: JsonObject[] }
    const [was] = document.validators
    const key = Buffer.from(publicKey, 'base64url')
    const address = createHash('sha256').update(key).digest('hex').slice(0, 40).toUpperCase()
    const value = key.toString('base64')
    document.validators = [{ ...was, address, pub_key: { type: 'tendermint/PubKeyEd25519', value } }]
    writeFileSync(path, JSON.stringify(document))
  }

  options(databaseUrl: string): CometbftLedgerOptions {
    const document = this.genesis as unknown as JsonObject
    return {
      databaseUrl,
      genesis: { document, events: genesisEvents(this.genesis) },
      registry: testRegistry,
      callerOf,
      listen: { port: this.ports.abci },
      rpc: [this.rpcUrl],
      lockPatienceMs: 20_000,
      limits: { resendMs: 2_000 },
    }
  }

  /** The application, then the validator; resolves when it answers. */
  async open(databaseUrl: string, over: Partial<CometbftLedgerOptions> = {}): Promise<CometbftLedger> {
    await this.stop()
    this.ledger = await CometbftLedger.open({ ...this.options(databaseUrl), ...over })
    await this.startComet()
    return this.ledger
  }

  async startComet(): Promise<void> {
    const { home, program, held } = this
    this.comet = await startComet({ name: 'one', program, home, claim: held, say: quiet })
    const rpc = new CometbftRpc(this.rpcUrl)
    for (;;) {
      if (!this.comet.running) throw new Error(`CometBFT ended: ${this.comet.tail(30)}`)
      const isUp = await rpc.call('status').then(
        () => true,
        () => false,
      )
      if (isUp) return
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  get running(): boolean {
    return this.comet?.running ?? false
  }

  log(lines = 30): string {
    return this.comet?.tail(lines) ?? ''
  }

  async killComet(): Promise<void> {
    const { comet } = this
    if (!comet) return
    comet.send('SIGKILL')
    await comet.exited
  }

  async stop(): Promise<void> {
    await this.killComet()
    await this.ledger?.close()
    this.ledger = undefined
  }

  async dispose(): Promise<void> {
    await this.stop()
    if (this.isDisposed) return
    this.isDisposed = true
    this.held.release()
    rmSync(this.home, { recursive: true, force: true })
  }
}
