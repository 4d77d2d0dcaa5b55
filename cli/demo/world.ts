import { createHmac } from 'node:crypto'
import { accountIds } from '#contracts/deal/account-ids'
import { endOfMonth, isoDate } from '#domain/date'
import type { Say } from '#engines/say'
import type { Keyring } from '#node/keys/keyring'
import { bundleWorkflows } from '#workflows/bundle'
import { hostedOrganisation } from '../stack/hosted.ts'
import { startStack, type Engines, type Stack } from '../stack/stack.ts'
import { BusinessDays } from './business-days.ts'
import { CAST, MEMBERS } from './consortium.ts'
import { founders } from './founders.ts'
import type { LedgerKind } from './ledger-kinds.ts'
import { People } from './people.ts'
import { arrivalsOf, type Plan } from './plan.ts'
import type { RunRecord } from './run-record.ts'
import { workersOf } from './workers.ts'

/** The consortium with its keys, its ledger and all its services in this process. */
export interface World {
  readonly stack: Stack
  readonly people: People
  readonly days: BusinessDays
  readonly keyrings: ReadonlyMap<string, Keyring>
  /** 32 bytes for one purpose, derived from the run's secret. */
  readonly secretFor: (purpose: string) => Uint8Array
  /** Rejects when a worker, the node or its ledger has failed for good. */
  readonly stopped: Promise<never>
  readonly fail: (error: unknown) => void
}

export async function openWorld(options: {
  plan: Plan
  record: RunRecord
  /** Of this run: keys and files. */
  folder: string
  /** Still starting, perhaps: meanwhile keys are made and the workflows' code is bundled, and a first run begins sooner. */
  engines: Promise<Engines>
  ledger?: LedgerKind
  /** Names of further ledgers of the same members. */
  also?: readonly string[]
  port?: number
  say: Say
}): Promise<World> {
  const { plan, record, folder, say, port } = options
  const bundle = bundleWorkflows()
  bundle.catch(() => undefined) // awaited by the stack; a failure before that must not count as unhandled
  let fail: (error: unknown) => void = () => undefined
  const stopped = new Promise<never>((_, reject) => {
    fail = reject
  })
  stopped.catch(() => undefined) // whoever waits for something races against it
  const found = founders[options.ledger ?? 'embedded']
  const [engines, { keyrings, keysOf, openLedger, another }] = await Promise.all([
    options.engines.then((started) => {
      say(`${started.postgres.description}; ${started.temporal.description}`)
      return started
    }),
    found({ plan, record, folder, engines: options.engines, say, onFailed: fail }),
  ])
  const secretFor = (purpose: string): Uint8Array => createHmac('sha256', record.secret).update(purpose).digest()
  const starting = startStack({
    engines,
    bundle,
    name: record.run,
    dataDir: folder,
    openLedger,
    organisations: MEMBERS.map(({ id }) => hostedOrganisation(keyrings.get(id)!, keysOf(id), record.passphrase)),
    others: new Map((options.also ?? []).map((name) => [name, another(name)])),
    tokenSecret: secretFor('tokens'),
    arrivals: async (account, period) => {
      const amountFen = account === accountIds.collection(plan.deal) ? arrivalsOf(plan, period) : 0n
      return amountFen > 0n ? [{ valueDate: endOfMonth(isoDate(`${period}-01`)), amountFen }] : []
    },
    workersOf: (parts) => workersOf(parts, keyrings, plan.loans),
    ...(port === undefined ? {} : { port }),
    onFailure: (where, error) => {
      say(`${where}: ${error instanceof Error ? error.message : String(error)}`)
      if (where.startsWith('worker')) fail(error)
    },
  })
  const stack = await Promise.race([starting, stopped]).catch((error: unknown) => {
    void starting.then((late) => late.stop(), () => undefined) // prettier-ignore
    throw error
  })
  return {
    stack,
    people: new People(stack, keyrings),
    days: new BusinessDays(stack.ledger, keyrings.get(CAST.office)!),
    keyrings,
    secretFor,
    stopped,
    fail,
  }
}
