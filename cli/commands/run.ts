import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { Option, type Command } from 'commander'
import { parseAssumptions, parsePool } from '#domain/deal/pool-file'
import { parseTerms } from '#domain/deal/validate'
import type { DealTerms } from '#domain/deal/terms'
import { yuanFromFen } from '#domain/money'
import { toJson } from '#domain/waterfall/codec'
import { explain, explanationText } from '#domain/waterfall/explain'
import { run, type RunResult } from '#domain/waterfall/run'
import { simulate, type Scenario } from '#domain/waterfall/simulate'

/** A file that is no JSON, or whose JSON does not fit: named with its path and the place in it. */
export class InputError extends Error {
  override readonly name = 'InputError'
}

/** Reads and checks a JSON file. @throws InputError naming the file */
export async function readInput<T>(file: string, parse: (json: unknown) => T): Promise<T> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    throw new InputError(`${file}: cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  }
  try {
    return parse(JSON.parse(text))
  } catch (error) {
    throw new InputError(`${file}: ${error instanceof Error ? error.message : String(error)}`)
  }
}

export interface RunFiles {
  readonly pool?: string
  readonly assume?: string
}

/** `deal.json` has `deal.pool.json` and `deal.assume.json` beside it where no other files are named. */
const beside = (terms: string, kind: string): string => terms.replace(/(\.json)?$/, `.${kind}.json`)

export async function loadRun(termsFile: string, files: RunFiles) {
  const terms = await readInput(termsFile, parseTerms)
  const pool = await readInput(files.pool ?? beside(termsFile, 'pool'), parsePool)
  const assume = files.assume ?? beside(termsFile, 'assume')
  const wanted = files.assume !== undefined || existsSync(assume)
  const scenario: Scenario = wanted ? await readInput(assume, parseAssumptions) : {}
  return { terms, pool, scenario }
}

export type Loaded = Awaited<ReturnType<typeof loadRun>>

export function runLoaded({ terms, pool, scenario }: Loaded): RunResult {
  const keep = { keepStates: true }
  return pool.kind === 'assets'
    ? simulate(terms, [pool.pool], scenario, keep)
    : run(terms, [pool.pool], { ...keep, ...(scenario.indexCurves && { indexCurves: scenario.indexCurves }) })
}

const pad = (text: string, width: number): string => text.padStart(width)

/** One line per payment date: what came in, fees, and per tranche interest, principal and closing factor. */
export function runTable(terms: DealTerms, result: RunResult): string[] {
  const heads = terms.tranches.flatMap(({ id }) => [`${id} interest`, `${id} principal`, `${id} factor`])
  const header = ['date', 'status', 'in', 'fees', ...heads]
  const rows = result.periods.map((period) => [
    period.payDate,
    period.statusAfter,
    yuanFromFen(period.cash.in),
    yuanFromFen(period.fees.reduce((sum, { paid }) => sum + paid, 0n)),
    ...period.tranches.flatMap(({ interestPaid, residualPaid, principalPaid, factor }) => [
      yuanFromFen(interestPaid + residualPaid),
      yuanFromFen(principalPaid),
      (Number((factor.numerator * 1_000_000n) / factor.denominator) / 1e6).toFixed(6),
    ]),
  ])
  const widths = header.map((head, i) => Math.max(head.length, ...rows.map((row) => row[i]!.length)))
  return [header, ...rows].map((row) => row.map((cell, i) => pad(cell, widths[i]!)).join('  '))
}

function explainAll(terms: DealTerms, result: RunResult, language: 'zh' | 'en'): string[] {
  return result.periods.flatMap((period) =>
    period.tranches
      .filter(({ interestPaid, principalPaid, residualPaid }) => interestPaid + principalPaid + residualPaid > 0n)
      .map(({ id }) => explanationText(explain(terms, period, { to: { kind: 'tranche', id } }), language)),
  )
}

export function register(program: Command): void {
  program
    .command('run')
    .description('run a deal to its end: what each tranche is paid, date by date')
    .argument('<terms>', 'deal terms in JSON (docs/DEAL-TERMS.md)')
    .option('--pool <file>', 'assets or flows of the pool; default: NAME.pool.json beside the terms')
    .option('--assume <file>', 'assumptions, index curves, assets on offer; default: NAME.assume.json beside the terms')
    .option('--explain', 'for each payment the tree of amounts it came from')
    .addOption(new Option('--language <code>', 'language of the explanations').choices(['zh', 'en']).default('en'))
    .option('--json', 'everything as JSON, amounts in fen as text')
    .action(async (termsFile: string, options: RunFiles & { explain?: true; json?: true; language: string }) => {
      const loaded = await loadRun(termsFile, options)
      const result = runLoaded(loaded)
      const print = (line: string) => process.stdout.write(`${line}\n`)
      const language = options.language === 'zh' ? 'zh' : 'en'
      if (options.json) {
        const trees = options.explain
          ? result.periods.map((period) => ({
              payDate: period.payDate,
              payments: period.tranches
                .filter(({ id }) => period.lines.some(({ to }) => to.kind === 'tranche' && to.id === id))
                .map(({ id }) => explain(loaded.terms, period, { to: { kind: 'tranche', id } })),
            }))
          : undefined
        const periods = result.periods.map(({ state: _state, ...period }) => period)
        const { events, end, tranches, pools } = result
        print(
          JSON.stringify(
            toJson({ dealId: loaded.terms.dealId, end, events, periods, tranches, pools, explain: trees }),
            null,
            1,
          ),
        )
        return
      }
      for (const line of runTable(loaded.terms, result)) print(line)
      for (const { date, event, from, to, clause } of result.events)
        print(`${date}  ${event}${from === to ? '' : `: ${from} → ${to}`}${clause ? ` [clause ${clause}]` : ''}`)
      print(`end ${result.end.date}: ${result.end.why}`)
      if (options.explain) for (const text of explainAll(loaded.terms, result, language)) print(`\n${text}`)
    })
}
