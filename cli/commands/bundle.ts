import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { buildBundle } from '#ledger-adapter/application/bundle/build-bundle'
import { FolderBundleStore } from '#ledger-adapter/application/bundle/store'
import { CommandFailure } from '../failure.ts'
import { bundleNamed, bundlesFolder, existingStore, loadedBundle } from '../stack/bundles.ts'
import { servedBy } from '../stack/served-contracts.ts'

interface Store {
  readonly store: string
}
interface Json {
  readonly json?: true
}

const print = (line: string): void => void process.stdout.write(`${line}\n`)

/**
 * `sluice bundle`: the contracts as one file whose hash governance activates (docs/adr/020). Whoever approves builds it
 * from the sources that they have read, and compares.
 */
export function register(program: Command): void {
  const bundle = program.command('bundle').description('versions of the contracts: build, show, compare, keep')
  const storeOption = ['--store <folder>', 'the node’s bundles', bundlesFolder()] as const
  bundle
    .command('build')
    .description('build this checkout’s contracts; the same sources give the same bytes and hash on every machine')
    .option('--from <folder>', 'another checkout; its libraries must be installed')
    .option('--out <file>', 'write the bundle to a file')
    .option('--add', 'keep it in the store')
    .option(...storeOption)
    .option('--json', 'as JSON')
    .action(build)
  bundle
    .command('show')
    .description('what a bundle’s contracts are: methods with their sentences')
    .argument('<bundle>', 'file, or hash of one in the store')
    .option(...storeOption)
    .option('--json', 'its whole self-description')
    .action(show)
  bundle
    .command('add')
    .description('keep a bundle for the node to run once governance activates it')
    .argument('<file>')
    .option('--hash <hash>', 'the hash that it must have')
    .option(...storeOption)
    .action(add)
  bundle
    .command('list')
    .description('the bundles that are kept')
    .option(...storeOption)
    .action(({ store }: Store) => existingStore(store).hashes().forEach(print))
  bundle
    .command('compare')
    .description('whether a ledger runs a bundle, and from which height; exit 1 when it does not')
    .argument('[bundle]', 'file, or hash of one in the store; without it every version that the ledger names')
    .requiredOption('--node <url>', 'a node of the ledger')
    .option(...storeOption)
    .option('--json', 'as JSON')
    .action(compare)
}

async function build({ from, out, add, store, json }: Store & Json & { from?: string; out?: string; add?: true }) {
  const { hash, text } = await buildBundle(...(from === undefined ? [] : [resolve(from)])).catch((error: unknown) => {
    throw new CommandFailure('the contracts cannot be built', 1, { cause: error })
  })
  loadedBundle(hash, text)
  if (out !== undefined) await writeFile(out, text)
  if (add) new FolderBundleStore(store).put(text)
  print(json ? JSON.stringify({ hash, bytes: Buffer.byteLength(text) }) : hash)
}

async function show(named: string, { store, json }: Store & Json): Promise<void> {
  const { hash, text } = await bundleNamed(named, store)
  const { contracts } = loadedBundle(hash, text).description()
  if (json) return print(JSON.stringify({ hash, contracts }))
  print(`${hash}  ${Buffer.byteLength(text)} bytes`)
  for (const { name, methods, events } of contracts) {
    print(`${name}: ${methods.length} methods, ${events.length} events`)
    for (const { name: method, sentence, limited } of methods) {
      print(`  ${method}`)
      print(`    ${sentence.zh}`)
      print(`    ${sentence.en}`)
      if (limited) print(`    ${limited.amount.zh} / ${limited.amount.en}  [key limit]`)
    }
  }
}

async function add(file: string, { store, hash: want }: Store & { hash?: string }): Promise<void> {
  const { hash, text } = await bundleNamed(file, store)
  if (want !== undefined && want !== hash) throw new CommandFailure(`${file} has the hash ${hash}, not ${want}`)
  loadedBundle(hash, text)
  new FolderBundleStore(store).put(text)
  print(`${hash} is in ${store}`)
}

async function compare(named: string | undefined, { node, store, json }: Store & Json & { node: string }) {
  const { chainId, bundle: active, versions } = await servedBy(node)
  const wanted = named === undefined ? undefined : (await bundleNamed(named, store)).hash
  const kept = new Set(new FolderBundleStore(store).hashes())
  const found = versions
    .filter(({ value }) => wanted === undefined || value === wanted)
    .map(({ fromHeight, value }) => ({
      bundle: value,
      fromHeight,
      isActive: value === active,
      isKept: value === null || kept.has(value),
    }))
  if (json) print(JSON.stringify({ chainId, active, found }))
  else {
    for (const { bundle, fromHeight, isActive, isKept } of found) {
      const state = [isActive ? 'active' : undefined, isKept ? undefined : 'NOT KEPT HERE'].filter(Boolean).join(', ')
      print(`${chainId}  from height ${fromHeight}  ${bundle ?? 'the node’s own sources'}  ${state}`.trimEnd())
    }
  }
  if (found.length === 0) throw new CommandFailure(`${chainId} has not activated ${wanted}`)
}
