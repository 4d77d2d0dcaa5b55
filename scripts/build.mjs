// Every module of the house as one of JavaScript in dist/, at the same path. Programs run from there: TypeScript compiled
// at each start cost a process three times what it needs to load. Types are not looked at; `npm run check` does that.
import { build } from 'esbuild'
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ROOMS } from './rooms.mjs'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const dist = join(root, 'dist')

const filesOf = (folder) =>
  readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((item) => item.isFile())
    .map((item) => join(item.parentPath ?? item.path, item.name))

/** Imports stay as they are, but for the ending of a file beside this one. */
const importsStay = {
  name: 'imports-stay',
  setup: ({ onResolve }) =>
    onResolve({ filter: /.*/ }, ({ kind, path }) =>
      kind === 'entry-point' ? undefined : { external: true, path: path.replace(/^(\.{1,2}\/.*)\.ts$/, '$1.js') },
    ),
}

/** A file that somebody may be reading is there whole, as it was or as it is. */
function put(path, contents) {
  try {
    if (contents.equals(readFileSync(path))) return
  } catch (error) {
    if (error.code !== 'ENOENT') throw error
  }
  mkdirSync(dirname(path), { recursive: true })
  const part = `${path}.${process.pid}.part`
  writeFileSync(part, contents)
  renameSync(part, path)
}

export default async function compile() {
  const folders = [...ROOMS, 'scripts'].map((room) => join(root, room))
  const sources = folders.flatMap(filesOf).filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
  const { outputFiles } = await build({
    entryPoints: sources,
    outbase: root,
    outdir: dist,
    write: false,
    bundle: true,
    plugins: [importsStay],
    treeShaking: false,
    format: 'esm',
    platform: 'node',
    target: 'es2022',
    sourcemap: 'linked',
    sourcesContent: false,
    logLevel: 'warning',
    tsconfig: join(root, 'tsconfig.json'),
  })
  for (const { path, contents } of outputFiles) put(path, Buffer.from(contents))
  // What its source has left would still be found by whoever imports it.
  const made = new Set(outputFiles.map(({ path }) => path))
  for (const path of filesOf(dist)) if (!made.has(path) && !path.endsWith('.part')) rmSync(path, { force: true })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await compile()
