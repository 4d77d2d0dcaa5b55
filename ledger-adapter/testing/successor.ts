import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { buildBundle, sourceRoot, type BuiltBundle } from '../application/bundle/build-bundle.ts'

/** The present sources with a text in one file replaced. @param root a new folder */
export async function buildChanged(root: string, file: string, from: string, to: string): Promise<BuiltBundle> {
  for (const part of ['contracts', 'domain', 'proof', 'package.json']) {
    cpSync(join(sourceRoot(), part), join(root, part), { recursive: true })
  }
  symlinkSync(join(sourceRoot(), 'node_modules'), join(root, 'node_modules'))
  const path = join(root, file)
  const before = readFileSync(path, 'utf8')
  if (!before.includes(from)) throw new Error(`${file} does not say ${from} any more`)
  writeFileSync(path, before.replace(from, to))
  return buildBundle(root)
}

/** The present sources with one rule changed: a command closes at most five days. @param root a new folder */
export const buildSuccessor = (root: string): Promise<BuiltBundle> =>
  buildChanged(root, 'contracts/calendar/close-day.ts', 'MAX_DAYS_PER_CLOSE = 31', 'MAX_DAYS_PER_CLOSE = 5')
