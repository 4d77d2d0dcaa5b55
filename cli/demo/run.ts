import { mkdir, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { fenString, parseFen, sumFen, yuanFromFen } from '#domain/money'
import { dataFolder } from '#engines/paths'
import type { Say } from '#engines/say'
import { startEngines, type Engines } from '../stack/stack.ts'
import { Figures } from './figures.ts'
import type { LedgerKind } from './ledger-kinds.ts'
import { issue } from './issuance.ts'
import { servePlan } from './periods.ts'
import type { Plan } from './plan.ts'
import { passReceivable } from './receivable.ts'
import { openRun, saveRun, subjectOf } from './run-record.ts'
import { listen } from './subscribers.ts'
import { tableHead, tableRow } from './table.ts'
import { exportLedger, verifyApart } from './verify-apart.ts'
import { openWorld, type World } from './world.ts'

export interface DemoOptions {
  /** Its file, for what is printed. */
  readonly tape: string
  /** Read and checked before this module is even loaded: a bad tape starts and changes nothing. */
  readonly plan: Plan
  /** When the command was given, epoch milliseconds. */
  readonly began: number
  /** What drives the ledger; the embedded sequencer unless said otherwise. */
  readonly ledger?: LedgerKind
  /** Where the figures go as JSON. */
  readonly json?: string
  /** Figures; to stdout. */
  readonly print: Say
  /** Progress; to stderr. */
  readonly say: Say
}

/** `sluice demo`: one plan from the tape to paid holders, and one receivable from issue to split and transfer. */
export async function runDemo(options: DemoOptions): Promise<void> {
  const { plan, began, print, say } = options
  print(`${basename(options.tape)}, issued ${plan.window.from} to ${plan.window.to}, cut-off ${plan.cutOff}:`)
  print(`  ${plan.loans.length} loans, ${yuanFromFen(plan.poolFen)} yuan, ${plan.months.length} months to come`)

  const { ledger = 'embedded' } = options
  const home = dataFolder(ledger === 'embedded' ? 'demo' : `demo-${ledger}`)
  const { record, resumed } = await openRun(home, subjectOf(plan))
  say(resumed ? `taking up ${record.run}, which was interrupted` : `beginning ${record.run}`)
  const folder = join(home, record.run)
  await mkdir(folder, { recursive: true })
  const engines = startEngines(home, say)
  try {
    const world = await openWorld({ plan, record, folder, engines, ledger, say })
    try {
      await Promise.race([tellStory({ world, plan, folder, options, began }), world.stopped])
    } finally {
      await world.stack.stop()
    }
    await saveRun(home, { ...record, state: 'finished' })
  } finally {
    const stop = ({ temporal, postgres }: Engines) => Promise.all([temporal.stop(), postgres.stop()])
    await engines.then(stop, () => undefined) // what could not start has said so above, and left nothing behind
  }
}

interface Story {
  readonly world: World
  readonly plan: Plan
  readonly folder: string
  readonly options: DemoOptions
  readonly began: number
}

async function tellStory({ world, plan, folder, options, began }: Story): Promise<void> {
  const { print, say } = options
  const { stack, people, days, stopped, secretFor } = world
  const tell = (line: string): void => print(`  ${line}`)
  print(`ledger ${stack.ledger.chainId}, API ${stack.url}`)
  const listening = listen(people, stack, world.fail)

  print('Issuance')
  await issue({ plan, people, stack, saltSecret: secretFor('salts'), tell })

  print('Receivable')
  await passReceivable({ people, stack, days, invoiceSecret: secretFor('invoices'), stopped, tell })

  print('Servicing (yuan)')
  print(tableHead())
  const figures = new Figures(stack.ledger, plan.deal)
  await servePlan({
    plan,
    people,
    stack,
    days,
    stopped,
    onPeriod: async (period) => {
      await figures.readOn()
      print(tableRow(figures.periods.row(period)!))
      say(`${period} of ${plan.months.at(-1)}, ${((Date.now() - began) / 1000).toFixed(0)} s`)
    },
  })
  await figures.readOn()
  requireConserved(figures)

  print('Streams')
  const head = await stack.ledger.head()
  for (const { name, finish } of listening) {
    const { events, topics } = await finish(head.height)
    tell(`${name}: ${events} events of ${topics} topics received, every hash recomputed, every topic proven complete`)
  }

  print('Cash of the plan since establishment (yuan), from the cash contract')
  tell(`in  ${yuanFromFen(figures.cash.paidIn)}`)
  for (const [party, fen] of Object.entries(figures.cash.paidOut)) tell(`out ${yuanFromFen(BigInt(fen))} ${party}`)
  tell(`sum in = sum out = ${yuanFromFen(figures.cash.paidOutFen)}`)

  print('Verification in another process, from the exported file alone')
  const file = join(folder, 'ledger.jsonl')
  await exportLedger(stack.ledger, file)
  const { said, summary } = await verifyApart(file, stack.trustArguments)
  for (const line of said.split('\n')) tell(line)

  const seconds = (Date.now() - began) / 1000
  print(`${summary.commands} commands in ${summary.height} blocks, ${seconds.toFixed(1)} s`)
  if (options.json !== undefined) {
    const result = {
      window: [plan.window.from, plan.window.to],
      loans: plan.loans.length,
      poolFen: fenString(plan.poolFen),
      months: figures.months,
      totals: figures.totals,
      cleanUpFen: fenString(figures.periods.cleanUpFen),
      paidIn: fenString(figures.cash.paidIn),
      paidOut: figures.cash.paidOut,
      calls: summary.commands,
      blocks: summary.height,
      seconds,
    }
    await writeFile(options.json, `${JSON.stringify(result, null, 2)}\n`)
  }
}

/** What came in is what went out, to the fen; and it is what the servicer reported and the clean-up brought. */
function requireConserved(figures: Figures): void {
  const { paidIn, paidOutFen } = figures.cash
  if (paidIn !== paidOutFen) throw new Error(`the plan received ${paidIn} fen and paid ${paidOutFen}`)
  const { principal, interest, lateFee, recovery } = figures.totals
  const reported = sumFen([principal, interest, lateFee, recovery].map(parseFen)) + figures.periods.cleanUpFen
  if (paidIn !== reported) throw new Error(`the plan received ${paidIn} fen, ${reported} were reported`)
}
