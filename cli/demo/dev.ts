import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { dataFolder } from '#engines/paths'
import { onShutdown } from '#engines/process'
import type { Say } from '#engines/say'
import { yuanFromFen } from '#domain/money'
import { startEngines, type Stack } from '../stack/stack.ts'
import { addressFile } from './address.ts'
import { CAST, MEMBERS } from './consortium.ts'
import { issue } from './issuance.ts'
import { servePlan } from './periods.ts'
import { preparePlan, type Window } from './plan.ts'
import { passReceivable } from './receivable.ts'
import { openRun, subjectOf } from './run-record.ts'
import { openWorld } from './world.ts'

export interface DevOptions {
  readonly tape: string
  readonly window: Window
  readonly months: number
  /** Names of further ledgers that the node serves. */
  readonly also: readonly string[]
  readonly port?: number
  readonly print: Say
  readonly say: Say
}

/** `sluice dev`: the consortium with a plan in servicing and a receivable split, kept running until Ctrl-C. */
export async function runDev(options: DevOptions): Promise<never> {
  const { print, say, months, also, port } = options
  const plan = await preparePlan(options.tape, options.window)
  const home = dataFolder('dev')
  const { record, resumed } = await openRun(home, subjectOf(plan))
  const folder = join(home, record.run)
  await mkdir(folder, { recursive: true })
  const starting = startEngines(home, say)
  const world = await openWorld({
    plan,
    record,
    folder,
    engines: starting,
    also,
    say,
    ...(port === undefined ? {} : { port }),
  })
  const { stack, people, days, stopped, secretFor } = world
  const engines = await starting
  onShutdown('the node', () => stack.stop())
  await writeFile(addressFile(), `${JSON.stringify({ url: stack.url, folder })}\n`)
  print(`${resumed ? 'taken up again' : 'a new ledger'}: ${stack.ledger.chainId}`)
  print(
    `plan of ${plan.loans.length} loans, ${yuanFromFen(plan.poolFen)} yuan; the first ${months} months are served …`,
  )
  const tell = (line: string): void => say(line)
  await issue({ plan, people, stack, saltSecret: secretFor('salts'), tell })
  await passReceivable({ people, stack, days, invoiceSecret: secretFor('invoices'), stopped, tell })
  await servePlan({ plan, people, stack, days, stopped, onPeriod: async (period) => say(`${period} paid`) }, months)
  for (const line of howToTry(stack, plan.deal, engines.temporal.address, engines.postgres.url)) print(line)
  setInterval(() => undefined, 1 << 30) // the servers are children and do not keep this process alive
  return stopped
}

const call = 'npm run --silent sluice -- call'

const howToTry = (
  { url, others, trustArguments }: Stack,
  deal: string,
  temporal: string,
  database: string,
): string[] => [
  '',
  `API       ${url}   (described at ${url}/openapi.json)`,
  `page      ${url}/verify   (sign commands, verify receipts)`,
  `trust     ${trustArguments.join(' ')}   (for \`sluice verify FILE\`)`,
  ...others.map((other) => `ledger    ${other.url}   (its page at ${other.url}/verify)`),
  `stream    ${url.replace('http', 'ws')}/v1/stream`,
  `Temporal  ${temporal}`,
  `Postgres  ${database.replace(/:[^:@/]+@/, ':…@')}`,
  '',
  'Try, from another terminal (WHO is participant/operator):',
  `  curl -s ${url}/v1/head`,
  `  ${call} ${CAST.juniorInvestor}/maker GET /v1/deals/${deal}`,
  `  ${call} ${CAST.planManager}/maker GET /v1/deals/${deal}/periods`,
  `  ${call} ${CAST.firstSupplier}/maker GET /v1/holdings`,
  `  ${call} ${CAST.regulator}/supervisor GET /v1/participants`,
  '',
  `Participants: ${MEMBERS.map(({ id, operators }) => `${id} (${operators.map((each) => each.id).join(', ')})`).join('; ')}`,
  '',
  'Ctrl-C stops everything; the next start takes it up where it stood.',
]
