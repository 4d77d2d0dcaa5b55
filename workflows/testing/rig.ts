import { randomBytes } from 'node:crypto'
import { Client, Connection } from '@temporalio/client'
import postgres from 'postgres'
import { SluiceClient } from '#client/client'
import type { Key } from '#contracts/kernel/state'
import { genesisEvents } from '#contracts/genesis'
import { callerOf } from '#contracts/membership/caller'
import { registry } from '#contracts/registry'
import { testGenesis, testSecretKey } from '#contracts/testing/consortium'
import { testDatabase, testTemporal } from '#engines/testing/index'
import { signingKey } from '#ledger-adapter/application/operator-key'
import { EmbeddedLedger } from '#ledger-adapter/embedded/embedded-ledger'
import type { Executed, Ledger } from '#ledger-adapter/port'
import { openSimulatedBanks } from '#node/bank/simulated'
import type { BankGateway, StatementLine } from '#node/bank/port'
import { Keyring } from '#node/keys/keyring'
import { buildCommand, memorySigner } from '#node/keys/signer'
import { NoticeBoard } from '#node/notices/notice-board'
import type { JsonObject } from '#proof/json'
import { createNodeApp } from '#services/app'
import { signerOf } from '#services/testing/node'
import { connectTemporal, type TemporalPort } from '../temporal-port.ts'
import { testBundle } from './bundle.ts'
import { startWorkers, type OrganisationWorker, type RunningWorkers } from '../worker.ts'

/** Everything real but the people: Postgres, Temporal, ledger, node with its HTTP port, and workers as a test asks. */
export interface Rig {
  readonly ledger: Ledger
  readonly notices: NoticeBoard
  readonly bankOf: (bank: string) => BankGateway
  readonly temporal: TemporalPort
  /** Temporal itself, for what the port does not offer. Workflow ids there begin with the scope and a colon. */
  readonly client: Client
  readonly scope: string
  readonly url: string
  as(operator: string): SluiceClient
  /** Signs as an operator and hands it to the ledger, past HTTP and workflows; insists that it is accepted. */
  does(operator: string, name: string, args: JsonObject): Promise<Executed>
  fact<T>(key: Key<T>): Promise<T | undefined>
  /** Workers of these organisations until they are stopped, or the rig is. */
  work(...organisations: OrganisationWorker[]): Promise<RunningWorkers>
  stop(): Promise<void>
}

/** All keys of one organisation of the test consortium. */
export function keyringOf(participant: string): Keyring {
  const { operators } = testGenesis().participants.find(({ id }) => id === participant)!
  const signers = operators.flatMap(({ id, keys }) =>
    keys.map(({ keyId, functions }) =>
      memorySigner({ participant, operator: id, keyId, functions }, testSecretKey(id)),
    ),
  )
  return new Keyring(participant, signers)
}

export async function startRig(
  options: {
    arrivals?: (account: string, period: string) => Promise<readonly Omit<StatementLine, 'reference'>[]>
  } = {},
): Promise<Rig> {
  const { url: databaseUrl } = await testDatabase()
  // A name of its own, hence a chain of its own: its queues and workflow ids are apart from those of other files.
  const document = testGenesis({ name: `Rig ${randomBytes(4).toString('hex')}` })
  const genesis = { document: document as unknown as JsonObject, events: genesisEvents(document) }
  const operatorKey = signingKey(testSecretKey('ledger'))
  const ledger = await EmbeddedLedger.open({ databaseUrl, genesis, registry, callerOf, operatorKey })
  const scope = ledger.chainId
  const sql = postgres(databaseUrl, { max: 2, onnotice: () => undefined })
  const notices = await NoticeBoard.open(sql)
  const bankOf = await openSimulatedBanks({ sql, arrivals: options.arrivals ?? (() => Promise.resolve([])) })
  const { address, namespace } = testTemporal()
  const temporal = await connectTemporal({ address, namespace, scope })
  const connection = await Connection.connect({ address })
  const complaints: string[] = []
  const complain = (where: string, error: unknown): void => void complaints.push(`${where}: ${String(error)}`)
  const node = await createNodeApp({
    ledger,
    databaseUrl,
    workflows: temporal,
    checkAnswers: true,
    onError: complain,
  })
  const url = await node.app.listen({ host: '127.0.0.1', port: 0 })
  const running: RunningWorkers[] = []
  let commands = 0
  return {
    ledger,
    notices,
    bankOf,
    temporal,
    client: new Client({ connection, namespace }),
    scope,
    url,
    as: (operator) => new SluiceClient({ url, signer: signerOf(operator) }),
    async does(operator, name, args) {
      const signed = await signedBytes(ledger.chainId, operator, name, args, `rig:${(commands += 1)}`)
      const executed = await ledger.submit(signed)
      if (executed.outcome.accepted) return executed
      throw new Error(`${operator} ${name} was refused: ${JSON.stringify(executed.outcome.refusal)}`)
    },
    fact: async <T>(key: Key<T>) => (await ledger.query([key.path])).values[0] as T | undefined,
    async work(...organisations) {
      const bundle = await testBundle()
      const workers = await startWorkers({ address, namespace, bundle, scope, organisations, onFailure: complain })
      running.push(workers)
      return workers
    },
    async stop() {
      await Promise.all(running.map((workers) => workers.stop()))
      await node.close()
      await Promise.all([temporal.close(), connection.close(), sql.end({ timeout: 5 })])
      await ledger.close()
      if (complaints.length > 0) throw new Error(`somebody complained: ${complaints.join('; ')}`)
    },
  }
}

/** A command signed with an operator's test key, as its person would have signed it. */
export async function signedBytes(
  chainId: string,
  operator: string,
  name: string,
  args: JsonObject,
  commandId: string,
  issuedAt = Date.now(),
): Promise<Uint8Array> {
  const [participant = ''] = operator.split(':')
  const as = keyringOf(participant).signers.find((signer) => signer.operator === operator)!
  const [contract = '', method = ''] = name.split('.')
  return as.sign(buildCommand({ chainId, contract, method, args, commandId, as, issuedAt }))
}

/** Waits for a fact, as long as the test may run. */
export async function until<T>(probe: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await probe()
    if (found !== undefined) return found
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
