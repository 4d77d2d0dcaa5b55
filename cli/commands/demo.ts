import type { Command } from 'commander'
import { sayOnStderr } from '#engines/say'
import { LEDGER_KINDS } from '../demo/ledger-kinds.ts'
import { DEFAULT_TAPE, preparePlan } from '../demo/plan.ts'
import { CommandFailure } from '../failure.ts'

interface Options {
  readonly tape: string
  readonly from: string
  readonly to: string
  readonly json?: string
  readonly ledger: string
}

export function register(program: Command): void {
  program
    .command('demo')
    .description('one plan from a loan tape to paid holders, one receivable from issue to split; ends by itself')
    .option('--tape <file>', 'loan tape, CSV, gzip when its name ends in .gz', DEFAULT_TAPE)
    .option('--from <month>', 'first month of issue of the loans', '2010-07')
    .option('--to <month>', 'last month of issue; its last day is the cut-off', '2010-12')
    .option('--ledger <kind>', `${LEDGER_KINDS.join(' or ')}: cometbft runs four validators`, 'embedded')
    .option('--json <file>', 'write the figures there, amounts in fen')
    .action(async ({ tape, from, to, json, ledger }: Options) => {
      const kind = LEDGER_KINDS.find((each) => each === ledger)
      if (!kind) throw new CommandFailure(`--ledger must be ${LEDGER_KINDS.join(' or ')}, not ${ledger}`, 2)
      const print = (line: string): void => void process.stdout.write(`${line}\n`)
      const began = Date.now()
      const plan = await preparePlan(tape, { from, to })
      // Loaded once there is something to run: a wrong option or a bad tape is told at once.
      const { runDemo } = await import('../demo/run.ts')
      await runDemo({
        tape,
        plan,
        began,
        ledger: kind,
        print,
        say: sayOnStderr,
        ...(json === undefined ? {} : { json }),
      })
    })
}
