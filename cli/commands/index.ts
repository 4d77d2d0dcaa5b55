import type { Command } from 'commander'

/** What `cli/commands/NAME.ts` exports. */
export interface CommandModule {
  /** Adds the command NAME to the program. */
  register(program: Command): void
}

/**
 * Every command, in the order of the help. A line is enough to add one; its module is loaded only when it is asked for.
 */
export const COMMANDS: readonly {
  readonly name: string
  readonly summary: string
  readonly load: () => Promise<CommandModule>
}[] = [
  {
    name: 'engines',
    summary: 'the servers on this machine: Postgres, Temporal',
    load: () => import('./engines.ts'),
  },
  {
    name: 'verify',
    summary: 'verify an exported ledger from its file alone',
    load: () => import('./verify.ts'),
  },
]
