import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

/** What runs from source is bundled from source, what was built from what was built. */
const isSource = import.meta.url.endsWith('.ts')

/**
 * A module and all it imports as one script for browsers, ES2022.
 * @param entry without its ending
 * @throws with esbuild's findings
 */
export async function bundleForBrowser(entry: URL): Promise<string> {
  const path = `${fileURLToPath(entry)}${isSource ? '.ts' : '.js'}`
  if (!existsSync(path)) throw new Error(`no such module to bundle: ${path}`)
  const { outputFiles } = await build({
    entryPoints: [path],
    bundle: true,
    write: false,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    conditions: isSource ? ['source'] : [],
    legalComments: 'none',
    logLevel: 'silent',
  })
  return outputFiles[0]!.text
}
