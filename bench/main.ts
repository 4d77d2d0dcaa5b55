/**
 * `npm run bench -- NAME [--json FILE]`: runs bench/NAME/index.ts, one line a figure. Ends with 1 when a figure could not be
 * measured, after all others were.
 */
import { existsSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { Report } from './report.ts'

interface Bench {
  readonly measure: (report: Report) => Promise<void> | void
}

const here = dirname(fileURLToPath(import.meta.url))
const entry = (name: string): string => join(here, name, 'index.js')
const names = readdirSync(here, { withFileTypes: true })
  .filter((item) => item.isDirectory() && existsSync(entry(item.name)))
  .map(({ name }) => name)

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({ options: { json: { type: 'string' } }, allowPositionals: true })
  const unknown = positionals.find((name) => !names.includes(name))
  if (positionals.length === 0 || unknown !== undefined) {
    process.stderr.write(`bench: ${unknown ?? 'no name'}; one or more of ${names.join(', ')}\n`)
    return 2
  }
  const report = new Report()
  for (const name of positionals) {
    const bench = (await import(pathToFileURL(entry(name)).href)) as Bench
    await bench.measure(report)
  }
  if (values.json !== undefined) await report.write(values.json)
  if (report.lacking.length === 0) return 0
  process.stderr.write(`bench: not measured: ${report.lacking.join(', ')}\n`)
  return 1
}

process.exitCode = await main()
