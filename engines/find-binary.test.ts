import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { BinaryNotFoundError, findBinary, locateBinary, onPath, type BinarySpec } from '#engines/find-binary'

let root: string
let cache: string
let tools: string
let said: string[]
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'sluice-find-'))
  cache = join(root, 'cache')
  tools = join(root, 'tools')
  mkdirSync(tools)
  said = []
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const SPEC: BinarySpec = {
  name: 'weir',
  version: '1.2.3',
  variable: 'SLUICE_WEIR',
  probe: ['--version'],
  goPackage: 'example.org/weir/cmd/weir',
  buildTakes: 'a moment',
}

function script(path: string, body: string): string {
  mkdirSync(join(path, '..'), { recursive: true })
  writeFileSync(path, `#!/bin/sh\n${body}\n`)
  chmodSync(path, 0o755)
  return path
}
const works = 'echo weir 1.2.3'

/** A go that builds the program as `go install` does, and counts how often. */
const fakeGo = (made = works) =>
  script(
    join(tools, 'go'),
    `echo "$* cgo=$CGO_ENABLED" >> ${root}/calls; sleep 0.2; printf '#!/bin/sh\\n%s\\n' '${made}' > "$GOBIN/weir"; chmod 755 "$GOBIN/weir"`,
  )
const calls = () => readFileSync(join(root, 'calls'), 'utf8').trim().split('\n')

const env = (more: NodeJS.ProcessEnv = {}) => ({ PATH: `${tools}:/usr/bin:/bin`, HOME: root, ...more })
const find = (spec: BinarySpec = SPEC, more: NodeJS.ProcessEnv = {}) =>
  findBinary(spec, { cache, env: env(more), say: (line) => void said.push(line) })

test('the one named by its variable, and no other even when it does not work', async () => {
  script(join(tools, 'weir'), works)
  const own = script(join(root, 'own'), works)
  expect(await find(SPEC, { SLUICE_WEIR: own })).toEqual({ path: own, how: 'SLUICE_WEIR' })
  const broken = script(join(root, 'broken'), 'echo no such library >&2; exit 127')
  await expect(find(SPEC, { SLUICE_WEIR: broken })).rejects.toThrow(/broken does not work: exit 127, no such library/)
})

test('one on PATH; folders, files that cannot be run and relative entries are passed over', async () => {
  const path = script(join(tools, 'weir'), works)
  expect(await find()).toEqual({ path, how: 'on PATH' })
  mkdirSync(join(root, 'a', 'weir'), { recursive: true })
  mkdirSync(join(root, 'b'))
  writeFileSync(join(root, 'b', 'weir'), '', { mode: 0o644 })
  expect(onPath('weir', { PATH: `.:${root}/a:${root}/b:${root}/missing:${tools}` })).toBe(path)
  expect(onPath('weir', {})).toBeUndefined()
})

test('built once with Go, then cached', async () => {
  fakeGo()
  const path = join(cache, 'weir-1.2.3', 'weir')
  expect(await find()).toEqual({ path, how: 'built with Go' })
  expect(said).toEqual(['building weir 1.2.3 with Go, once: this takes a moment'])
  expect(await find()).toEqual({ path, how: 'cached' })
  expect(calls()).toEqual(['install example.org/weir/cmd/weir@v1.2.3 cgo=0'])
  expect(readdirSync(cache)).toEqual(['weir-1.2.3'])
})

test('two at once build once: the other waits', async () => {
  fakeGo()
  const both = await Promise.all([find(), find()])
  expect(both.map(({ how }) => how).sort()).toEqual(['built with Go', 'cached'])
  expect(calls()).toHaveLength(1)
  expect(said.join('\n')).toMatch(/process \d+ is making weir 1\.2\.3: waiting for it/)
})

test('a build that was cut short is begun anew', async () => {
  fakeGo()
  const work = join(cache, 'weir-1.2.3.work')
  mkdirSync(work, { recursive: true })
  writeFileSync(join(work, 'weir'), 'half a program')
  const gone = { pid: process.pid, started: 'earlier' }
  writeFileSync(join(cache, 'weir-1.2.3.lock'), JSON.stringify({ owner: gone, purpose: 'making', children: [] }))
  expect((await find()).how).toBe('built with Go')
  expect(readdirSync(cache)).toEqual(['weir-1.2.3'])
})

test('a cached program that does not work is made again', async () => {
  fakeGo()
  const path = script(join(cache, 'weir-1.2.3', 'weir'), 'exit 1')
  expect(await find()).toEqual({ path, how: 'built with Go' })
  expect(readFileSync(path, 'utf8')).toContain(works)
})

test('a download comes before a build; one that fails gives way to it', async () => {
  fakeGo()
  const download = (folder: string) => Promise.resolve(script(join(folder, 'any-name'), works))
  expect((await find({ ...SPEC, download })).how).toBe('downloaded')
  rmSync(cache, { recursive: true })
  const failing = () => Promise.reject(new Error('no such host'))
  expect((await find({ ...SPEC, download: failing })).how).toBe('built with Go')
})

test('a program that was built but does not work is not kept', async () => {
  fakeGo('exit 9')
  await expect(find()).rejects.toThrow(/building with Go: .*weir does not work: exit 9/)
  expect(existsSync(join(cache, 'weir-1.2.3', 'weir'))).toBe(false)
})

test('when no way works one error lists them all', async () => {
  script(join(tools, 'weir'), 'echo cannot load >&2; exit 1')
  script(join(tools, 'go'), 'echo go: network is unreachable >&2; exit 1')
  const failing = () => Promise.reject(new Error('no such host'))
  const error = await find({ ...SPEC, download: failing }).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(BinaryNotFoundError)
  expect((error as Error).message.split('\n')).toEqual([
    'no way to a program weir worked:',
    `  - PATH: ${tools}/weir does not work: exit 1, cannot load`,
    `  - the cache: there is no ${cache}/weir-1.2.3/weir`,
    '  - download: no such host',
    '  - building with Go: go install example.org/weir/cmd/weir@v1.2.3 failed (exit 1): go: network is unreachable',
    'Install weir on PATH, name one with SLUICE_WEIR, or install Go and try again.',
  ])
  expect(readdirSync(cache)).toEqual([])
})

test('where it would be found is told without making anything', async () => {
  const locate = (spec = SPEC) => locateBinary(spec, { cache, env: { PATH: tools } })
  expect(await locate()).toEqual({ available: false, how: 'not on PATH nor in the cache, and no go to build it with' })
  fakeGo()
  const download = () => Promise.resolve('')
  expect(await locate({ ...SPEC, download })).toEqual({
    available: true,
    how: 'not here yet; the first start tries a download, then go install, which takes a moment',
  })
  expect(existsSync(cache)).toBe(false)
})
