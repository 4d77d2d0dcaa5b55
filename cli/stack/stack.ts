import { join } from 'node:path'
import postgres from 'postgres'
import { genesisEvents, type GenesisDocument } from '#contracts/genesis'
import { callerOf } from '#contracts/membership/caller'
import { startPostgres, type PostgresEngine } from '#engines/postgres'
import { startTemporal, type TemporalEngine } from '#engines/temporal'
import type { Say } from '#engines/say'
import type { SigningKey } from '#ledger-adapter/application/operator-key'
import { EmbeddedLedger } from '#ledger-adapter/embedded/embedded-ledger'
import type { ContractVersions } from '#ledger-adapter/application/bundle/versions'
import type { Ledger } from '#ledger-adapter/port'
import { openSimulatedBanks } from '#node/bank/simulated'
import type { BankGateway, StatementLine } from '#node/bank/port'
import { ContentStore } from '#node/exchange/content-store'
import { FileExchange } from '#node/exchange/exchange'
import { membershipKeys } from '#node/exchange/membership-keys'
import { RecipientBook } from '#node/exchange/recipients'
import type { HistorySource } from '#node/history/source'
import { NoticeBoard } from '#node/notices/notice-board'
import { chainIdOf, genesisHash } from '#proof/block'
import type { JsonObject } from '#proof/json'
import type { AnyTrust } from '#proof/receipt'
import { createNodeApp, ledgerPath } from '#services/app'
import type { LedgerAppOptions } from '#services/ledger-app'
import { nodeVersions } from './bundles.ts'
import { recipientOfHosted, type HostedOrganisation } from './hosted.ts'
import { logDefect } from './log-defect.ts'
import { exchangeFolder, openTapes } from './tapes.ts'
import { bundleWorkflows } from '#workflows/bundle'
import { connectTemporal, type TemporalPort } from '#workflows/temporal-port'
import { startWorkers, type OrganisationWorker, type RunningWorkers, type WorkerBundle } from '#workflows/worker'

export interface Engines {
  readonly postgres: PostgresEngine
  readonly temporal: TemporalEngine
}

/** What a stack needs of them: an organisation's process is told where they are. */
export interface EnginesAtHand {
  readonly postgres: Pick<PostgresEngine, 'createDatabase'>
  readonly temporal: Pick<TemporalEngine, 'address' | 'namespace'>
}

/** Postgres and Temporal, side by side; the data below the folder survives. */
export async function startEngines(dataDir: string, say: Say): Promise<Engines> {
  const [pg, temporal] = await Promise.allSettled([
    startPostgres({ dataDir: join(dataDir, 'postgres'), say }),
    startTemporal({ dataDir: join(dataDir, 'temporal'), say }),
  ])
  if (pg.status === 'fulfilled' && temporal.status === 'fulfilled')
    return { postgres: pg.value, temporal: temporal.value }
  if (pg.status === 'fulfilled') await pg.value.stop()
  if (temporal.status === 'fulfilled') await temporal.value.stop()
  throw pg.status === 'rejected' ? pg.reason : (temporal as PromiseRejectedResult).reason
}

/** What the workers of an organisation may need to be made. */
export interface WorkerParts {
  readonly ledger: Ledger
  readonly files: ContentStore
  readonly bankOf: (bank: string) => BankGateway
  readonly notices: NoticeBoard
  /** Where an organisation of this node keeps its tape. */
  readonly tapeFolderOf: (participant: string) => string | undefined
}

export interface StackOptions {
  readonly engines: EnginesAtHand
  /** The workflows' code, where the caller has it or has begun to bundle it already. */
  readonly bundle?: Promise<WorkerBundle>
  /** Names the database; another name is another ledger. */
  readonly name: string
  readonly dataDir: string
  /** Opens the ledger over this stack's database. */
  readonly openLedger: (databaseUrl: string, onFailure?: StackOptions['onFailure']) => Promise<OpenedLedger>
  readonly tokenSecret: Uint8Array
  /** The outer edge: what obligors pay, as a bank's statement would show it. */
  readonly arrivals: (account: string, period: string) => Promise<readonly Omit<StatementLine, 'reference'>[]>
  readonly workersOf: (parts: WorkerParts) => readonly OrganisationWorker[]
  /** Whose tapes this node keeps and proves assets from, and for whom it says where files are encrypted to. */
  readonly organisations?: readonly HostedOrganisation[]
  /** Further ledgers of this node, by what tells their databases apart. */
  readonly others?: ReadonlyMap<string, StackOptions['openLedger']>
  readonly port?: number
  readonly onFailure: (where: string, error: unknown) => void
}

/** A ledger that runs, and how it is ended. */
export interface OpenedLedger {
  readonly ledger: Ledger
  /** Of its contracts. */
  readonly versions: ContractVersions
  /** Whom its receipts are checked against. */
  readonly trust: AnyTrust
  /** The same trust, said to `sluice verify`. */
  readonly trustArguments: readonly string[]
  /** Of a network: what its members' nodes may fetch. */
  readonly history?: HistorySource
  close(): Promise<void>
}

/** The embedded ledger: this process sequences, and signs headers with this key. @param bundles the folder of its contracts' versions */
export const embedded =
  (genesis: GenesisDocument, operatorKey: SigningKey, bundles?: string): StackOptions['openLedger'] =>
  async (databaseUrl, onFailure) => {
    const document = genesis as unknown as JsonObject
    const versions = nodeVersions(genesis, bundles)
    const ledger = await EmbeddedLedger.open({
      databaseUrl,
      genesis: { document, events: genesisEvents(genesis) },
      registry: versions,
      callerOf,
      operatorKey,
      ...(onFailure && { onDefect: logDefect(onFailure) }),
    })
    const [chainId, hash] = [chainIdOf(document), genesisHash(document)]
    return {
      ledger,
      versions,
      trust: { chainId, genesisHash: hash, operatorKey: operatorKey.publicKey },
      trustArguments: ['--chain', chainId, '--genesis', hash, '--operator-key', operatorKey.publicKey],
      close: () => ledger.close(),
    }
  }

/** A ledger, and the node, services and workers of some organisations on it, over engines that run. */
export interface Stack {
  readonly ledger: Ledger
  readonly files: ContentStore
  readonly bankOf: (bank: string) => BankGateway
  readonly notices: NoticeBoard
  readonly temporal: TemporalPort
  readonly trust: AnyTrust
  readonly trustArguments: readonly string[]
  readonly url: string
  /** Of further ledgers: where they are served, and the trust in them, said to `sluice verify`. */
  readonly others: readonly { readonly url: string; readonly trustArguments: readonly string[] }[]
  stop(): Promise<void>
}

export async function startStack(options: StackOptions): Promise<Stack> {
  const { engines, name, dataDir, onFailure } = options
  const undo: (() => Promise<unknown>)[] = []
  const stop = async (): Promise<void> => {
    for (const step of undo.splice(0).reverse()) await step()
  }
  try {
    const bundling = options.bundle ?? bundleWorkflows()
    bundling.catch(() => undefined) // awaited below; a failure before that must not count as unhandled
    const databaseUrl = await engines.postgres.createDatabase(name.replaceAll('-', '_'))
    const { ledger, versions, trust, trustArguments, history, close } = await options.openLedger(databaseUrl, onFailure)
    undo.push(close)
    const sql = postgres(databaseUrl, { max: 2, onnotice: () => undefined })
    undo.push(() => sql.end({ timeout: 5 }))
    const bankOf = await openSimulatedBanks({ sql, arrivals: options.arrivals })
    const notices = await NoticeBoard.open(sql)
    const files = new ContentStore(join(dataDir, 'files'))
    const { address, namespace } = engines.temporal
    const temporal = await connectTemporal({ address, namespace, scope: ledger.chainId })
    undo.push(() => temporal.close())
    const { exchange, recipients, tapes } = await openExchange(options, ledger, databaseUrl)
    undo.push(() => tapes.close())
    const tapeFolderOf: WorkerParts['tapeFolderOf'] = (participant) => tapes.places.get(participant)?.folder
    const others = await openOthers(options, undo)
    const app = await createNodeApp({
      ledger,
      databaseUrl,
      workflows: temporal,
      notices,
      exchange,
      recipients,
      assets: tapes.assets,
      ...(history && { history }),
      others: others.map(({ served }) => served),
      audience: name,
      tokenSecret: options.tokenSecret,
      descriptionOf: (bundle) => versions.description(bundle),
      onError: onFailure,
    })
    undo.push(() => app.close())
    const workers: RunningWorkers = await startWorkers({
      address,
      namespace,
      bundle: await bundling,
      scope: ledger.chainId,
      organisations: options.workersOf({ ledger, files, bankOf, notices, tapeFolderOf }),
      onFailure: (participant, error) => onFailure(`worker of ${participant}`, error),
    })
    undo.push(() => workers.stop())
    const url = await app.app.listen({ host: '127.0.0.1', port: options.port ?? 0 })
    const further = others.map(({ served, trustArguments }) => ({
      url: url + ledgerPath(served.ledger.chainId),
      trustArguments,
    }))
    return { ledger, files, bankOf, notices, temporal, trust, trustArguments, url, others: further, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** What passes between organisations beside the ledger, and the tapes for which it does. */
async function openExchange(
  { dataDir, organisations = [], onFailure }: StackOptions,
  ledger: Ledger,
  databaseUrl: string,
) {
  const keyOf = membershipKeys(ledger)
  const exchange = new FileExchange(exchangeFolder(dataDir), keyOf)
  const hosted = organisations.map((each) => [each.keyring.participant, recipientOfHosted(each)] as const)
  const participants = hosted.map(([participant]) => participant)
  const onError = (error: unknown): void => onFailure('tapes', error)
  const tapes = await openTapes({ databaseUrl, dataDir, participants, ledger, exchange, onError })
  return { exchange, recipients: new RecipientBook(new Map(hosted), keyOf), tapes }
}

/** Each further ledger in a database of its own; its workflows are told apart by its chain's id. */
async function openOthers({ engines, name, others, onFailure }: StackOptions, undo: (() => Promise<unknown>)[]) {
  const opened: { served: LedgerAppOptions; trustArguments: readonly string[] }[] = []
  const { address, namespace } = engines.temporal
  for (const [suffix, open] of others ?? []) {
    const databaseUrl = await engines.postgres.createDatabase(`${name}-${suffix}`.replaceAll('-', '_'))
    const { ledger, versions, trustArguments, close } = await open(databaseUrl, onFailure)
    undo.push(close)
    const workflows = await connectTemporal({ address, namespace, scope: ledger.chainId })
    undo.push(() => workflows.close())
    const descriptionOf: LedgerAppOptions['descriptionOf'] = (bundle) => versions.description(bundle)
    opened.push({ served: { ledger, databaseUrl, workflows, descriptionOf }, trustArguments })
  }
  return opened
}
