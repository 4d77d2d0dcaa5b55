import type { Command } from 'commander'
import type { KeyFunction } from '#contracts/kernel/method'
import { forgetAsset } from '#node/ingest/settle'
import { askOnTerminal } from '../stack/ask.ts'
import { attest, pullPackage, recomputeBatch, reject } from '../tape/custodian.ts'
import { batchesOf, waiting } from '../tape/on-ledger.ts'
import { partyOf } from '../tape/party.ts'
import { mebibytes, rootLines } from '../tape/progress.ts'
import { offer, propose } from '../tape/servicer.ts'
import { settledLine, statusLines, statusOf } from '../tape/status.ts'
import { withTape, type OpenTape } from '../tape/tape.ts'
import { CommandFailure } from '../failure.ts'

interface Flags {
  readonly of: string
  readonly deal: string
  readonly network?: string
  readonly operator?: string
  readonly yes?: true
  readonly lang?: string
  readonly at?: string
}

const print = (line: string): void => void process.stdout.write(`${line}\n`)
const each = (value: string, before: readonly string[] = []): string[] => [...before, value]

/** `sluice tape`: a batch on its way from the servicer over the exchange to the custodian's signature. */
export function register(program: Command): void {
  const tape = program
    .command('tape')
    .description('propose a tape that was ingested, hand its package on, recompute it, and attest or reject')
  servicer(tape)
  custodian(tape)
  both(tape)
}

const command = (parent: Command, name: string, what: string): Command =>
  parent
    .command(name)
    .description(what)
    .requiredOption('--of <organisation>', 'whose tape, at the node that serves it')
    .requiredOption('--deal <id>', 'the plan')
    .option('--network <dir>', 'of `sluice network`; the node of `sluice dev` without it')
    .option('--operator <id>', 'who signs; the first whose key is good for it by default')

const signed = (parent: Command, name: string, what: string): Command =>
  command(parent, name, what)
    .option('--yes', 'sign what is shown without asking')
    .option('--lang <zh|en>', 'the language of units and words; by LANG when not given')

async function opened<T>(flags: Flags, scope: KeyFunction, use: (tape: OpenTape) => Promise<T>): Promise<T> {
  const { of, deal, network, operator, yes, lang } = flags
  const party = await partyOf({
    of,
    ...(network === undefined ? {} : { network }),
    wanted: operator === undefined ? { function: scope } : { operator },
    ask: askOnTerminal({ ...(yes && { yes }), ...(lang !== undefined && { lang }) }),
  })
  return withTape(party, deal, use)
}

function servicer(tape: Command): void {
  signed(tape, 'propose', 'servicer: propose what was ingested on the ledger').action((flags: Flags) =>
    opened(flags, 'maker', async (open) => {
      const { version, before } = await propose(open)
      print(
        `version ${version.version} of ${flags.deal} ${before ? `was proposed already: ${before.state}` : 'is proposed'}`,
      )
      for (const line of rootLines(version.root, version.changed)) print(line)
    }),
  )
  command(tape, 'offer', 'servicer: encrypt the package for the custodian and hold it ready at this node')
    .argument('<file>', 'the file that was ingested')
    .option('--to <participant>', 'who may pull it; the plan’s custodian by default; may be given several times', each)
    .action((file: string, flags: Flags & { to?: string[] }) =>
      opened(flags, 'maker', async (open) => {
        const { version, manifest } = await offer(open, file, flags.to ?? [])
        print(`version ${version.version} of ${flags.deal} is held ready for ${manifest.to.join(', ')}`)
        print(`  package   ${manifest.content}, ${mebibytes(manifest.size)} MiB encrypted`)
        print(`  at        ${open.party.url}`)
      }),
    )
}

function custodian(tape: Command): void {
  // Not --version: that is the program's own.
  const version = ['--at <n>', 'version of the tape; the one that waits by default'] as const
  command(tape, 'pull', 'custodian: fetch the package from the node that offers it; goes on where it was cut short')
    .option(...version)
    .option('--from <url>', 'that node’s address; by default the proposer’s, as the network knows it')
    .action((flags: Flags & { from?: string }) =>
      opened(flags, 'checker', async (open) => {
        const batch = await batchOf(open, flags)
        const { path } = await pullPackage(open, batch, flags.from)
        print(`the package of version ${batch.version} of ${flags.deal} is here, whole, and signed for`)
        print(`  package   ${batch.contentHash}`)
        print(`  in        ${path}`)
      }),
    )
  command(tape, 'recompute', 'custodian: come to the root from the package alone, and compare; nothing is signed')
    .option(...version)
    .action((flags: Flags) =>
      opened(flags, 'checker', async (open) => {
        const found = await recomputeBatch(open, await batchOf(open, flags))
        if ('differs' in found) throw new CommandFailure(found.differs, 1, { cause: found.error })
        print(`version ${found.done.version} of ${flags.deal} comes out as proposed`)
        for (const line of rootLines(found.done.root, found.done.changed)) print(line)
      }),
    )
  signed(tape, 'attest', 'custodian: recompute, and sign the root where it is the one proposed')
    .option(...version)
    .action((flags: Flags) =>
      opened(flags, 'checker', async (open) => {
        const { version: number, root, changed } = await attest(open, await batchOf(open, flags))
        print(`version ${number} of ${flags.deal} is effective`)
        for (const line of rootLines(root, changed)) print(line)
      }),
    )
  signed(tape, 'reject', 'custodian: turn the batch down; the servicer proposes another version')
    .option(...version)
    .option('--reason <text>', 'why, in words that hold nothing of a person; what was recomputed otherwise by default')
    .action((flags: Flags & { reason?: string }) =>
      opened(flags, 'checker', async (open) => {
        const batch = await batchOf(open, flags)
        const reason = await reject(open, batch, flags.reason)
        print(`version ${batch.version} of ${flags.deal} is rejected: ${reason}`)
      }),
    )
}

function both(tape: Command): void {
  command(tape, 'status', 'every version: on the ledger, on this tape, and where its package is')
    .option('--json', 'as JSON')
    .action((flags: Flags & { json?: true }) =>
      opened(flags, 'viewer', async (open) => {
        const all = await statusOf(open)
        if (flags.json) print(JSON.stringify({ deal: flags.deal, versions: all }))
        else for (const line of statusLines(flags.deal, all)) print(line)
      }),
    )
  command(
    tape,
    'settle',
    'bring the tape in line with the ledger, as its node does by itself: a rejected version is taken back',
  ).action((flags: Flags) =>
    opened(flags, 'viewer', async ({ settled }) => {
      for (const batch of settled) print(settledLine(batch))
      if (settled.length === 0) print('nothing to settle')
    }),
  )
  command(tape, 'forget', 'delete an asset’s terms and the salt of their commitment; every other stays proven')
    .argument('<asset>', 'its id')
    .action((asset: string, flags: Flags) =>
      opened(flags, 'viewer', async ({ store, deal }) => {
        await forgetAsset(store, deal, asset)
        print(`${asset} is forgotten on the tape that ${flags.of} holds of ${deal}`)
      }),
    )
}

async function batchOf({ party, deal }: OpenTape, { at }: Flags) {
  const number = at === undefined ? undefined : Number(at)
  if (number !== undefined && !(Number.isInteger(number) && number > 0))
    throw new CommandFailure(`--at: ${at} is no version`, 2)
  return waiting(await batchesOf(party.client, deal), deal, number)
}
