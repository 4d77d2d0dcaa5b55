// Who founds the ledger of the demonstration, and on what it runs: embedded in this process, or on four validators of
// which this process is one and the others are processes of their own.
import { join } from 'node:path'
import type { Say } from '#engines/say'
import { openKeyring, type Keyring } from '#node/keys/keyring'
import { CommandFailure } from '../failure.ts'
import { createNetwork } from '../network/create.ts'
import { cometHome, keysFolder, nodeBundles } from '../network/manifest.ts'
import { ledgerOnlyCommand, untilFailed } from '../network/node.ts'
import { networkVersions, openNodeLedger } from '../network/node-ledger.ts'
import { openNetwork } from '../network/run.ts'
import { ledgerOperatorKey, memberKeyrings } from '../stack/keys.ts'
import { embedded, type Engines, type StackOptions } from '../stack/stack.ts'
import { trustOf } from '../verify/trust.ts'
import { demoGenesis, keyIdOf, MEMBERS } from './consortium.ts'
import type { LedgerKind } from './ledger-kinds.ts'
import type { Plan } from './plan.ts'
import type { RunRecord } from './run-record.ts'

interface FoundersOptions {
  readonly plan: Plan
  readonly record: RunRecord
  /** Of this run: keys and files. */
  readonly folder: string
  /** They may still be starting. */
  readonly engines: Promise<Engines>
  readonly say: Say
  /** The ledger cannot go on. */
  readonly onFailed: (why: unknown) => void
}

interface Founders {
  readonly keyrings: ReadonlyMap<string, Keyring>
  /** Of a member's keys. */
  readonly keysOf: (member: string) => string
  readonly openLedger: StackOptions['openLedger']
  /** A further ledger of the same members, embedded. */
  readonly another: (name: string) => StackOptions['openLedger']
}

async function foundEmbedded({ plan, record, folder }: FoundersOptions): Promise<Founders> {
  const keys = join(folder, 'keys')
  const keyrings = await memberKeyrings(keys, MEMBERS, record.passphrase)
  const operatorKey = await ledgerOperatorKey(keys)
  const founded = (name: string): StackOptions['openLedger'] =>
    embedded(
      demoGenesis({
        name,
        startDate: plan.cutOff,
        ledgerOperatorPublicKey: operatorKey.publicKey,
        publicKeyOf: (participant, operator) => keyrings.get(participant)!.signer(keyIdOf(operator)).publicKey,
      }),
      operatorKey,
    )
  const another = (name: string) => founded(`${record.run}-${name}`)
  return { keyrings, keysOf: (member) => join(keys, member), openLedger: founded(record.run), another }
}

const VALIDATORS = 4

async function foundNetwork({
  plan,
  record,
  folder,
  engines,
  say,
  onFailed: fail,
}: FoundersOptions): Promise<Founders> {
  const home = join(folder, 'network')
  const { passphrase, run: name } = record
  const founded = { home, name, validators: VALIDATORS, members: MEMBERS, startDate: plan.cutOff, passphrase }
  const { manifest } = await createNetwork({ ...founded, clock: 'test' })
  const keyrings = await Promise.all(MEMBERS.map(({ id }) => openKeyring(keysFolder(home, id), id, passphrase)))
  const own = manifest.nodes[0]!.name
  const openLedger = async (databaseUrl: string) => {
    const commandOf = ledgerOnlyCommand(home)
    const { postgres } = await engines
    const names = manifest.nodes.map((node) => node.name)
    say(`starting ${VALIDATORS} validators: ${names.join(', ')}; a block of theirs takes a quarter of a second or more`)
    const network = await openNetwork({ home, postgres, say, commandOf, hosted: own })
    try {
      const onProblem = (where: string, error: unknown): void => say(`ledger: ${where}: ${String(error)}`)
      const versions = await networkVersions(home, own)
      const { onFailed, failed } = untilFailed()
      failed.catch(fail)
      const ledger = await openNodeLedger({ home, node: own, databaseUrl, registry: versions, onProblem, onFailed })
      await network.start()
      for (const { name, rpc } of network.nodes)
        say(`${name.padEnd(20)} ${name === own ? 'in this process' : 'a process of its own'}, CometBFT ${rpc}`)
      const validators = join(cometHome(home, own), 'config', 'genesis.json')
      const trust = await trustOf({ validators }, 'en')
      const bundles = nodeBundles(home, own)
      const trustArguments = ['--validators', validators, '--genesis', manifest.genesisHash, '--bundles', bundles]
      const close = async (): Promise<void> => {
        await network.stop() // CometBFT before its application
        await ledger.close()
      }
      return { ledger, versions, trust, trustArguments, close }
    } catch (error) {
      await network.stop()
      throw error
    }
  }
  const another = (name: string): never => {
    throw new CommandFailure(`${name}: further ledgers stand beside an embedded one`, 2)
  }
  const keysOf = (member: string) => keysFolder(home, member)
  return { keyrings: new Map(keyrings.map((keyring) => [keyring.participant, keyring])), keysOf, openLedger, another }
}

export const founders: Readonly<Record<LedgerKind, (options: FoundersOptions) => Promise<Founders>>> = {
  embedded: foundEmbedded,
  cometbft: foundNetwork,
}
