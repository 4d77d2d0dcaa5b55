import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { build } from 'esbuild'
import type { Hash } from '#proof/hash'

export interface BuiltBundle {
  /** SHA-256 of the text: the version that governance activates and parties sign. */
  readonly hash: Hash
  readonly text: string
}

export const bundleHash = (text: string): Hash => createHash('sha256').update(text, 'utf8').digest('hex')

/** The folder that holds `contracts/`, `domain/` and `proof/`. */
export function sourceRoot(): string {
  let folder = import.meta.dirname // in the sources, or as far down in dist/
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder)
    if (parent === folder) throw new Error('no package.json above the contracts: their sources are not here')
    folder = parent
  }
  return folder
}

/**
 * Builds contracts, domain and what of proof they use into one file. The same sources and the same locked libraries give
 * the same bytes on every machine: esbuild is pinned to an exact version, no path, time or comment enters, and modules
 * stand in the order of their imports.
 * @param root a folder like the project's own; tests build changed copies
 */
export async function buildBundle(root = sourceRoot()): Promise<BuiltBundle> {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: ['contracts/bundle-entry.ts'],
    bundle: true,
    write: false,
    format: 'iife',
    globalName: 'contracts',
    platform: 'neutral',
    target: 'es2022',
    mainFields: ['module', 'main'],
    conditions: ['source'],
    charset: 'utf8',
    legalComments: 'none',
    sourcemap: false,
    treeShaking: true,
    // Names stay: they are in errors, and errors are in results.
    minifyWhitespace: true,
    minifySyntax: true,
    minifyIdentifiers: false,
    tsconfigRaw: { compilerOptions: { target: 'es2022', useDefineForClassFields: true } },
    // The schema library asks of each value whether it is a Date; in a sandbox without dates nothing is one.
    define: { 'globalThis.Date': 'WeakSet' },
    logLevel: 'silent',
    preserveSymlinks: true,
  })
  const { text } = outputFiles[0]!
  return { hash: bundleHash(text), text }
}
