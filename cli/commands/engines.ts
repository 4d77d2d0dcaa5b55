import type { Command } from 'commander'
import { diagnose } from '#engines/doctor'
import { CommandFailure } from '../failure.ts'

/** `sluice engines doctor`: how each server would be found, without starting, downloading or building anything. */
export function register(program: Command): void {
  const engines = program.command('engines').description('the servers on this machine: Postgres, Temporal')
  engines
    .command('doctor')
    .description('say how each server would be found; exit 1 when one cannot be')
    .action(async () => {
      const findings = await diagnose()
      for (const { engine, available, how } of findings) {
        process.stdout.write(`${available ? 'ok     ' : 'MISSING'}  ${engine.padEnd(9)}  ${how}\n`)
      }
      const missing = findings.filter(({ available, optional }) => !available && !optional).map(({ engine }) => engine)
      if (missing.length > 0) throw new CommandFailure(`no way to ${missing.join(', ')} on this machine`)
    })
}
