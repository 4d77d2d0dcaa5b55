import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { buildBundle, sourceRoot, type BuiltBundle } from '../application/bundle/build-bundle.ts'

/** The present sources with one rule changed: a command closes at most five days. @param root a new folder */
export async function buildSuccessor(root: string): Promise<BuiltBundle> {
  for (const part of ['contracts', 'domain', 'proof', 'package.json']) {
    cpSync(join(sourceRoot(), part), join(root, part), { recursive: true })
  }
  symlinkSync(join(sourceRoot(), 'node_modules'), join(root, 'node_modules'))
  const file = join(root, 'contracts/calendar/close-day.ts')
  const before = readFileSync(file, 'utf8')
  const after = before.replace('MAX_DAYS_PER_CLOSE = 31', 'MAX_DAYS_PER_CLOSE = 5')
  if (after === before) throw new Error('the rule that the successor changes is not there any more')
  writeFileSync(file, after)
  return buildBundle(root)
}
