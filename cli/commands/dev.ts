import { InvalidArgumentError, type Command } from 'commander'
import { sayOnStderr } from '#engines/say'
import { runDev } from '../demo/dev.ts'
import { DEFAULT_TAPE } from '../demo/plan.ts'
import { whole } from '../whole.ts'

interface Options {
  readonly tape: string
  readonly from: string
  readonly to: string
  readonly months: number
  readonly also: readonly string[]
  readonly port?: number
}

export function register(program: Command): void {
  program
    .command('dev')
    .description('keep a consortium running on this machine: ledger, node, services, workers')
    .option('--tape <file>', 'loan tape, CSV, gzip when its name ends in .gz', DEFAULT_TAPE)
    .option('--from <month>', 'first month of issue of the loans', '2010-12')
    .option('--to <month>', 'last month of issue; its last day is the cut-off', '2010-12')
    .option('--months <n>', 'months to serve before waiting for you', whole, 3)
    .option('--also <name>', 'a further ledger of the same members; may be given several times', another, [])
    .option('--port <port>', 'port of the API; a free one by default', whole)
    .action(async ({ tape, from, to, months, also, port }: Options) => {
      const print = (line: string): void => void process.stdout.write(`${line}\n`)
      const window = { from, to }
      await runDev({ tape, window, months, also, print, say: sayOnStderr, ...(port === undefined ? {} : { port }) })
    })
}

function another(name: string, before: readonly string[]): readonly string[] {
  if (!/^[a-z][a-z0-9-]{0,19}$/.test(name))
    throw new InvalidArgumentError('small letters, digits and dashes are expected')
  if (before.includes(name)) throw new InvalidArgumentError(`${name} is there twice`)
  return [...before, name]
}
