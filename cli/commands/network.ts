import { resolve } from 'node:path'
import { Option, type Command } from 'commander'
import { DEFAULT_PATIENCE } from '#client/patience'
import { CLOCKS } from '#contracts/calendar/state'
import { foundingGenesis } from '#contracts/genesis'
import { isoDate, isIsoDate } from '#domain/date'
import { dataFolder } from '#engines/paths'
import { sayOnStderr } from '#engines/say'
import type { Ask } from '#node/keys/person'
import { predecessorOf } from '#proof/predecessor'
import { CommandFailure } from '../failure.ts'
import { languageOf, speak, spoken } from '../language.ts'
import { consensusKey, readGenesis, readManifest, type Manifest } from '../network/manifest.ts'
import { readOrganisations } from '../network/organisations.ts'
import { isHealthy, networkStatus, statusLine } from '../network/status.ts'
import { words } from '../network/words/index.ts'
import { whole, wholeFrom } from '../whole.ts'

interface Home {
  readonly home: string
}

interface Create extends Home {
  readonly name: string
  readonly validators: number
  readonly organisations?: string
  readonly clock: string
  readonly startDate?: string
  readonly fromExport?: string
  readonly validatorKeys?: string
  readonly keys?: string
  readonly bundles?: string
  readonly bundle?: string
}

const print = (line: string): void => void process.stdout.write(`${line}\n`)
const snapshotOption = ['--snapshot-every <n>', 'heights between two snapshots of a node’s state, for nodes that join; 1,000 by default', wholeFrom(1)] as const // prettier-ignore
/** A node that waits longer than its clients do answers nobody. */
const MAX_PATIENCE = DEFAULT_PATIENCE.blockMs / 1000
const patienceOption = ['--patience <seconds>', `after so long without a block a node answers that a command’s fate is unknown; ${MAX_PATIENCE} by default and at most`, wholeFrom(1, MAX_PATIENCE)] as const // prettier-ignore
const homeOption = ['--home <dir>', 'the network’s folder', dataFolder('network')] as const

/** `sluice network`: a consortium's ledger on this machine, every organisation of the validators with its own node. */
export function register(program: Command): void {
  const network = program
    .command('network')
    .description('a consortium on this machine, each validator with its own node')
  network
    .command('create')
    .description('make keys, genesis and configuration; asked again for the same it changes nothing')
    .option(...homeOption)
    .option('--name <name>', 'part of the chain’s id', 'Sluice Network')
    .option('--validators <n>', 'how many organisations run a validator: the first ones', whole, 4)
    .option('--organisations <file>', 'JSON list of organisations; the demonstration’s sixteen by default')
    .option('--clock <clock>', `${CLOCKS.join(' or ')}: whether business dates follow the clock on the wall`, 'wall')
    .option('--start-date <date>', 'first business date; today in Shanghai by default')
    .option(
      '--bundle <file|none>',
      'the version of the contracts that genesis names; built from this checkout by default. none: each node runs its own sources',
    )
    .option('--from-export <file>', 'go on from an embedded ledger that was ended, by its export (`sluice ledger end`)')
    .option('--validator-keys <dir>', 'with --from-export: keys of the validators that its governance decided on')
    .option('--keys <dir>', 'with --from-export: its organisations’ keys, opened by SLUICE_PASSPHRASE')
    .option('--bundles <dir>', 'with --from-export: versions of the contracts that its governance activated')
    .action(create)
  network
    .command('validator-key')
    .description('make the key of a validator to be, for governance to decide on')
    .requiredOption('--organisation <id>', 'whose')
    .requiredOption('--out <dir>', 'where to keep it')
    .action(async ({ organisation, out }: { organisation: string; out: string }) => {
      const { makeValidatorKey } = await import('../network/continue.ts')
      print(await makeValidatorKey(resolve(out), organisation))
    })
  network
    .command('up')
    .description('run everything until Ctrl-C; the next start takes it up where it stood')
    .option(...homeOption)
    .option(...snapshotOption)
    .option(...patienceOption)
    .action(up)
  network
    .command('join')
    .description('give an organisation that another one hosts a node of its own, which follows without a vote')
    .option(...homeOption)
    .requiredOption('--organisation <id>', 'who joins')
    .option('--replay', 'execute every block from the first instead of taking the state and the history of the others')
    .action(join)
  network
    .command('admit')
    .description(
      'have governance admit an organisation, add its operators and give it a host: its institutions’ keys are here; asked again it goes on',
    )
    .option(...homeOption)
    .requiredOption('--organisation <file>', 'JSON of one organisation, in the form of `create`')
    .option('--host <node>', 'whose node serves it; by default the one that serves the fewest')
    .option('--yes', 'sign what is shown without asking')
    .action(admit)
  network
    .command('validator')
    .description(
      'have governance give an organisation’s node a vote, take it away, or let it vote with another key: its institutions’ keys are here',
    )
    .option(...homeOption)
    .requiredOption('--organisation <id>', 'whose node')
    .option('--power <n>', 'votes; the founders have 10 each, 0 takes the vote away', whole, 10)
    .addOption(new Option('--rotate', 'make a new key and let it take the place of the one before').conflicts('power'))
    .option('--yes', 'sign what is shown without asking')
    .action(validator)
  network
    .command('activate')
    .description('have governance let a version of the contracts rule: its institutions’ keys are here')
    .option(...homeOption)
    .requiredOption('--bundle <hash>', 'which every node keeps (`sluice bundle add`)')
    .option('--from-height <n>', 'not before this height; the block after the last approval by default', whole)
    .option('--yes', 'sign what is shown without asking')
    .action(activate)
  network
    .command('follow')
    .description(
      'an organisation’s stream from position 0, verified against the validators; then what comes, until Ctrl-C',
    )
    .option(...homeOption)
    .requiredOption('--organisation <id>', 'whose stream, from the node that serves it')
    .option('--operator <id>', 'who signs in; whoever has the function viewer by default')
    .option('--once', 'end when all that is there has come and is proven')
    .option('--json', 'every event as a line of JSON; what is proven goes to stderr')
    .action(follow)
  network
    .command('node')
    .description('one organisation’s process, as `up` starts it')
    .option(...homeOption)
    .requiredOption('--node <name>', 'the organisation')
    .option('--ledger-only', 'neither API nor workers')
    .option(...snapshotOption)
    .option(...patienceOption)
    .action(node)
  network
    .command('status')
    .description('how far each node is; exit 1 unless all of them are well')
    .option(...homeOption)
    .option('--json', 'as JSON')
    .action(status)
  for (const command of network.commands)
    command.option('--lang <zh|en>', 'the language spoken; by LANG when not given')
  network.hook('preAction', (_network, command) => speak(languageOf(command.opts<{ lang?: string }>().lang)))
}

interface NodeFlags extends NodeLimits {
  readonly node: string
  readonly ledgerOnly?: true
}

/** Started by `up`, which says by DATABASE_URL and TEMPORAL_ADDRESS where the engines are. */
async function node({ home, node: name, ledgerOnly, snapshotEvery, patience }: NodeFlags): Promise<never> {
  const databaseUrl = process.env['DATABASE_URL'] ?? ''
  if (databaseUrl === '') throw new CommandFailure(words('needsDatabase'), 2)
  const { runLedgerOnly } = await import('../network/node.ts')
  const bounds = { ...everyOf(snapshotEvery), ...(patience === undefined ? {} : { patienceMs: patience * 1000 }) }
  const options = { home: resolve(home), node: name, databaseUrl, ...bounds, say: sayOnStderr }
  if (ledgerOnly) return runLedgerOnly(options)
  const { runNode } = await import('../network/full-node.ts')
  return runNode(options)
}

interface Join extends Home {
  readonly organisation: string
  readonly replay?: boolean
}

async function join({ home, organisation, replay = false }: Join): Promise<void> {
  const { joinNetwork } = await import('../network/join.ts')
  const say = (line: string): void => print(`${organisation} ${line}`)
  const { manifest, node: joined, made } = await joinNetwork(resolve(home), organisation, { replay, say })
  print(words(made ? 'hasNode' : 'hadNode', { organisation, chainId: manifest.chainId }))
  print(`  ${words('followsKey', { key: consensusKey(joined.publicKey) })}`)
  if (made) print(`  ${words('upStartsIt')}`)
}

async function asking(yes: true | undefined): Promise<Ask> {
  const { askOnTerminal } = await import('../stack/ask.ts')
  return askOnTerminal({ ...(yes && { yes }), lang: spoken() })
}

interface Admit extends Home {
  readonly organisation: string
  readonly host?: string
  readonly yes?: true
}

async function admit({ home, organisation: file, host, yes }: Admit): Promise<void> {
  const { admitOrganisation } = await import('../network/admit.ts')
  const ask = await asking(yes)
  await admitOrganisation({ home: resolve(home), file, ...(host === undefined ? {} : { host }), ask, print })
}

interface Vote extends Home {
  readonly organisation: string
  readonly power: number
  readonly rotate?: true
  readonly yes?: true
}

async function validator({ home, organisation, power, rotate, yes }: Vote): Promise<void> {
  const { setValidatorPower } = await import('../network/vote.ts')
  const { rotateValidatorKey } = await import('../network/rotate.ts')
  const ask = await asking(yes)
  if (rotate) return rotateValidatorKey({ home: resolve(home), organisation, ask, print })
  await setValidatorPower({ home: resolve(home), organisation, power, ask, print })
}

interface Activate extends Home {
  readonly bundle: string
  readonly fromHeight?: number
  readonly yes?: true
}

async function activate({ home, bundle, fromHeight, yes }: Activate): Promise<void> {
  const { activateBundle } = await import('../network/activate.ts')
  const ask = await asking(yes)
  await activateBundle({ home: resolve(home), bundle, fromHeight: fromHeight ?? null, ask, print })
}

interface Follow extends Home {
  readonly organisation: string
  readonly operator?: string
  readonly once?: boolean
  readonly json?: boolean
}

async function follow({ home, organisation, operator, once = false, json = false }: Follow): Promise<void> {
  const { followFeed } = await import('../network/follow.ts')
  const who = operator === undefined ? { organisation } : { organisation, operator }
  await followFeed({ home: resolve(home), ...who, once, json, print, say: sayOnStderr })
}

async function up({ home, snapshotEvery, patience }: NodeLimits): Promise<never> {
  const { runNetwork } = await import('../network/up.ts')
  const bounds = { ...everyOf(snapshotEvery), ...(patience === undefined ? {} : { patience }) }
  return runNetwork({ home: resolve(home), ...bounds, print, say: sayOnStderr })
}

interface NodeLimits extends Home {
  readonly snapshotEvery?: number
  /** Seconds. */
  readonly patience?: number
}
const everyOf = (snapshotEvery: number | undefined) => (snapshotEvery === undefined ? {} : { snapshotEvery })

async function create(options: Create): Promise<void> {
  const { name, validators, organisations, clock } = options
  const home = resolve(options.home)
  if (options.fromExport !== undefined) return made(home, await continued(home, options.fromExport, options))
  const asked = await bundleAsked(options.bundle)
  const known = CLOCKS.find((each) => each === clock)
  if (!known) throw new CommandFailure(words('clockWrong', { clocks: CLOCKS.join(words('or')), clock }), 2)
  const startDate = options.startDate ?? (await firstDateOf(home)) ?? todayInShanghai()
  if (!isIsoDate(startDate)) throw new CommandFailure(words('noSuchDay', { date: startDate }), 2)
  const members = await readOrganisations(organisations)
  const founded = { home, name, validators, members, clock: known, startDate: isoDate(startDate), ...asked }
  const { createNetwork } = await import('../network/create.ts')
  return made(home, await createNetwork(founded))
}

async function bundleAsked(named: string | undefined): Promise<{ bundle?: string | null }> {
  if (named === undefined) return {}
  if (named === 'none') return { bundle: null }
  const { bundleNamed, bundlesFolder } = await import('../stack/bundles.ts')
  return { bundle: (await bundleNamed(named, bundlesFolder())).text }
}

async function continued(home: string, exportFile: string, { name, validatorKeys, keys, bundles, bundle }: Create) {
  if (bundle !== undefined) throw new CommandFailure(words('bundleStays'), 2)
  const passphrase = process.env['SLUICE_PASSPHRASE'] ?? ''
  if (validatorKeys === undefined || keys === undefined || passphrase === '')
    throw new CommandFailure(words('exportNeeds'), 2)
  const { continueNetwork } = await import('../network/continue.ts')
  const given = { home, name, exportFile, validatorKeys, keys, passphrase }
  return continueNetwork({ ...given, ...(bundles === undefined ? {} : { bundles }) })
}

async function made(home: string, { manifest, made }: { manifest: Manifest; made: boolean }): Promise<void> {
  print(words(made ? 'made' : 'thereAlready', { chainId: manifest.chainId, home }))
  const genesis = await readGenesis(home)
  const { bundle } = foundingGenesis(genesis).governance
  const rules = bundle === null ? words('contractsAreSources') : words('contractsAre', { bundle })
  if (!predecessorOf(genesis)) print(`  ${rules}`) // a ledger that is continued may have moved on since its genesis
  for (const node of manifest.nodes) {
    const served = manifest.organisations.filter((each) => each.node === node.name).map(({ id }) => id)
    const about = { peerId: node.peerId.slice(0, 12), served: served.join(', ') }
    print(`  ${node.name.padEnd(20)} ${words('nodeServes', about)}`)
  }
  if (made) print(words('startIt', { home }))
}

/** A network that is there keeps its date: asking again tomorrow asks for the same. */
const firstDateOf = async (home: string): Promise<string | undefined> => {
  try {
    return (await readManifest(home)).asked.startDate
  } catch (error) {
    if (error instanceof CommandFailure) return undefined
    throw error
  }
}

const todayInShanghai = (): string => new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 10)

async function status({ home, json }: Home & { json?: true }): Promise<void> {
  const manifest = await readManifest(resolve(home))
  const all = await networkStatus(manifest)
  if (json) print(JSON.stringify({ chainId: manifest.chainId, nodes: all }, null, 2))
  else for (const line of [manifest.chainId, ...all.map(statusLine)]) print(line)
  const ill = all.filter((each) => !isHealthy(each, all.length)).map(({ name }) => name)
  if (ill.length > 0) throw new CommandFailure(words('notWell', { nodes: ill.join(', ') }))
}
