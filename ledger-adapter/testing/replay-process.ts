import { readFile } from 'node:fs/promises'
import { FolderBundleStore } from '../application/bundle/store.ts'
import { ContractVersions } from '../application/bundle/versions.ts'
import { replay } from './replay.ts'

// A cold process: executes the exported ledger in the file it is given and prints the hash of each header. Given a folder
// and the hash of a bundle in it too, it decides by that and not by the tests' sources.
const [file, folder, bundle] = process.argv.slice(2)
const lines = (await readFile(file!, 'utf8')).trimEnd().split('\n')
const versions = folder && new ContractVersions({ store: new FolderBundleStore(folder), genesisBundle: bundle! })
process.stdout.write(JSON.stringify(await replay(lines, Math.random, ...(versions ? [versions] : []))))
