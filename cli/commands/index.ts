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
    name: 'demo',
    summary: 'one plan from a loan tape to paid holders, one receivable from issue to split',
    load: () => import('./demo.ts'),
  },
  {
    name: 'dev',
    summary: 'keep a consortium running on this machine, and say how to try it',
    load: () => import('./dev.ts'),
  },
  {
    name: 'call',
    summary: 'call the node of `dev` as one of its operators',
    load: () => import('./call.ts'),
  },
  {
    name: 'network',
    summary: 'a consortium on this machine: several validators, each with its own node',
    load: () => import('./network.ts'),
  },
  {
    name: 'ledger',
    summary: 'end an embedded ledger, so that a network can go on from it',
    load: () => import('./ledger.ts'),
  },
  {
    name: 'engines',
    summary: 'the servers on this machine: Postgres, Temporal',
    load: () => import('./engines.ts'),
  },
  {
    name: 'run',
    summary: 'run a deal to its end: what each tranche is paid, date by date',
    load: () => import('./run.ts'),
  },
  {
    name: 'grid',
    summary: 'run a deal under combinations of prepayment, default and recovery',
    load: () => import('./grid.ts'),
  },
  {
    name: 'conformance',
    summary: 'run conformance vector files through the domain engine',
    load: () => import('./conformance.ts'),
  },
  {
    name: 'ingest',
    summary: 'take a tape of receivables over: checked, in Postgres, with its root',
    load: () => import('./ingest.ts'),
  },
  {
    name: 'tape',
    summary: 'hand an ingested tape on: propose, offer, pull, recompute, attest or reject',
    load: () => import('./tape.ts'),
  },
  {
    name: 'bundle',
    summary: 'versions of the contracts: build, show, compare with a ledger, keep for a node',
    load: () => import('./bundle.ts'),
  },
  {
    name: 'verify',
    summary: 'verify a receipt or a whole exported ledger from its file alone',
    load: () => import('./verify.ts'),
  },
]
