import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { buildBundle, sourceRoot, type BuiltBundle } from '../application/bundle/build-bundle.ts'

/** Copies what a bundle is built from. @param root a new folder */
function copySources(root: string): void {
  for (const part of ['contracts', 'domain', 'proof', 'package.json']) {
    cpSync(join(sourceRoot(), part), join(root, part), { recursive: true })
  }
  symlinkSync(join(sourceRoot(), 'node_modules'), join(root, 'node_modules'))
}

function change(root: string, file: string, from: string, to: string): void {
  const path = join(root, file)
  const before = readFileSync(path, 'utf8')
  if (!before.includes(from)) throw new Error(`${file} does not say ${from} any more`)
  writeFileSync(path, before.replace(from, to))
}

/** The present sources with a text in one file replaced. @param root a new folder */
export async function buildChanged(root: string, file: string, from: string, to: string): Promise<BuiltBundle> {
  copySources(root)
  change(root, file, from, to)
  return buildBundle(root)
}

/** The present sources and beside them the tests' own contract `notes`. @param root a new folder */
export async function buildWithNotes(root: string): Promise<BuiltBundle> {
  copySources(root)
  cpSync(join(sourceRoot(), 'ledger-adapter', 'testing', 'notes.ts'), join(root, 'contracts', 'notes.ts'))
  change(root, 'contracts/registry.ts', '  receivable,\n]', '  receivable,\n  notes,\n]')
  change(root, 'contracts/registry.ts', 'import', "import { notes } from './notes.ts'\nimport")
  return buildBundle(root)
}

/** The present sources with one rule changed: a command closes at most five days. @param root a new folder */
export const buildSuccessor = (root: string): Promise<BuiltBundle> =>
  buildChanged(root, 'contracts/calendar/close-day.ts', 'MAX_DAYS_PER_CLOSE = 31', 'MAX_DAYS_PER_CLOSE = 5')
