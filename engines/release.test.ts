// CometBFT from its release, on a server of this machine that stands for the release's host.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs' // prettier-ignore
import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { COMETBFT, cometbftFrom } from '#engines/cometbft'
import { BinaryNotFoundError, findBinary, type FoundBinary } from '#engines/find-binary'
import { downloadRelease } from '#engines/release'

const WORKS = '#!/bin/sh\necho 0.38.25\n'
const LINUX = { platform: 'linux', arch: 'x64' } as const
const ARCHIVE = '/v0.38.25/cometbft_0.38.25_linux_amd64.tar.gz'
const SUMS = '/v0.38.25/SHA256SUMS-0.38.25.txt'

let root: string
let cache: string
let tools: string
let said: string[]
let host: Server
let url: string
/** What the host answers: a file's bytes, or nothing for it. */
let files: Map<string, Buffer>

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'sluice-release-'))
  cache = join(root, 'cache')
  tools = join(root, 'tools')
  mkdirSync(tools)
  said = []
  files = new Map()
  host = createServer((request, response) => {
    const found = files.get(request.url ?? '')
    // As the real host does: the address of a file leads on to another.
    if (found && !request.url!.startsWith('/stored/')) {
      files.set(`/stored${request.url}`, found)
      response.writeHead(302, { location: `/stored${request.url}` }).end()
    } else response.writeHead(found ? 200 : 404).end(found ?? 'no such file')
  }).listen(0, '127.0.0.1')
  await once(host, 'listening')
  url = `http://127.0.0.1:${(host.address() as AddressInfo).port}`
})
afterEach(() => {
  host.closeAllConnections()
  host.close()
  rmSync(root, { recursive: true, force: true })
})

function archiveOf(name: string, content: string): Buffer {
  const folder = mkdtempSync(join(root, 'archive-'))
  writeFileSync(join(folder, name), content, { mode: 0o755 })
  writeFileSync(join(folder, 'LICENSE'), 'of its authors')
  return execFileSync('tar', ['-czf', '-', '-C', folder, 'LICENSE', name])
}
const sumOf = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

/** A release with this archive, and checksums that fit. */
function publish(archive = archiveOf('cometbft', WORKS)): void {
  files.set(ARCHIVE, archive)
  const other = `${'0'.repeat(64)}  cometbft_0.38.25_linux_amd64.tar.gz.sbom\n${'1'.repeat(64)}  cometbft_0.38.25_linux_arm64.tar.gz` // prettier-ignore
  files.set(SUMS, Buffer.from(`${other}\n${sumOf(archive)}  cometbft_0.38.25_linux_amd64.tar.gz\n`))
}

/** A go that leaves a program as `go install` does. */
function putGo(): void {
  writeFileSync(join(tools, 'go'), `#!/bin/sh\necho "$*" >> ${root}/calls\nprintf '${WORKS.replaceAll('\n', '\\n')}' > "$GOBIN/cometbft"; chmod 755 "$GOBIN/cometbft"\n`) // prettier-ignore
  chmodSync(join(tools, 'go'), 0o755)
}
const find = (from = url, platform: Parameters<typeof cometbftFrom>[1] = LINUX): Promise<FoundBinary> =>
  findBinary(cometbftFrom(from, platform), {
    cache,
    env: { PATH: `${tools}:/usr/bin:/bin`, HOME: root },
    say: (line) => void said.push(line),
  })
const place = () => join(cache, 'cometbft-0.38.25', 'cometbft')

test('is downloaded for this platform, compared with the release’s checksums, and kept', async () => {
  putGo()
  publish()
  expect(await find()).toEqual({ path: place(), how: 'downloaded' })
  expect(readFileSync(place(), 'utf8')).toBe(WORKS)
  expect(said).toEqual(['downloading cometbft 0.38.25'])
  files.clear()
  expect(await find()).toEqual({ path: place(), how: 'cached' })
  expect(existsSync(join(root, 'calls'))).toBe(false) // nothing was built
  expect(readdirSync(cache)).toEqual(['cometbft-0.38.25'])
})

test.each<[string, () => void, RegExp]>([
  ['its bytes are others than the checksums say', () => {
    publish()
    files.set(ARCHIVE, archiveOf('cometbft', `${WORKS}# and something else\n`))
  }, /linux_amd64\.tar\.gz has SHA-256 [0-9a-f]{64}, SHA256SUMS-0\.38\.25\.txt says [0-9a-f]{64}/],
  ['it was cut off', () => {
    publish()
    files.set(ARCHIVE, files.get(ARCHIVE)!.subarray(0, 100))
  }, /has SHA-256/],
  ['the checksums do not name it', () => {
    publish()
    files.set(SUMS, Buffer.from(`${'0'.repeat(64)}  another.tar.gz\n`))
  }, /SHA256SUMS-0\.38\.25\.txt has no line for cometbft_0\.38\.25_linux_amd64\.tar\.gz/],
  ['there are no checksums', () => {
    publish()
    files.delete(SUMS)
  }, /SHA256SUMS-0\.38\.25\.txt: HTTP 404/],
  ['there is no archive', () => {
    publish()
    files.delete(ARCHIVE)
  }, /linux_amd64\.tar\.gz: HTTP 404/],
  ['it holds no program', () => publish(archiveOf('other', WORKS)), /cometbft_0\.38\.25_linux_amd64\.tar\.gz: tar: .*cometbft/],
  ['it is no archive', () => publish(Buffer.from('<html>')), /cometbft_0\.38\.25_linux_amd64\.tar\.gz: /],
  ['its program does not work here', () => publish(archiveOf('cometbft', '#!/bin/sh\nexit 126\n')), /cometbft does not work: exit 126/],
])('where %s it is not kept: a line says so and it is built with Go', async (_why, prepare, words) => {
  putGo()
  prepare()
  expect(await find()).toEqual({ path: place(), how: 'built with Go' })
  expect(said).toHaveLength(3)
  expect(said[1]).toMatch(words)
  expect(said[1]).toMatch(/^no download of cometbft 0\.38\.25 \(.*\); building it with Go instead$/)
  expect(readFileSync(join(root, 'calls'), 'utf8')).toBe('install github.com/cometbft/cometbft/cmd/cometbft@v0.38.25\n')
}) // prettier-ignore

test('where neither the host answers nor there is a go, both are named', async () => {
  host.close()
  await once(host, 'close')
  const error = await find().catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(BinaryNotFoundError)
  expect((error as Error).message).toMatch(/download: http:\/\/127\.0\.0\.1:\d+\/v0\.38\.25\/SHA256SUMS-0\.38\.25\.txt: .*ECONNREFUSED/) // prettier-ignore
  expect((error as Error).message).toContain('building with Go: there is no go on PATH')
  expect((error as Error).message).toContain('name one with COMETBFT_BIN')
})

test('where there is no release for the platform nothing is asked for', async () => {
  putGo()
  expect((await find(url, { platform: 'sunos', arch: 'x64' })).how).toBe('built with Go')
  expect(said[1]).toContain('CometBFT has no release for sunos on x64')
})

test('more bytes than such a file can have are not taken', async () => {
  publish(Buffer.alloc(10_001))
  const release = {
    url: `${url}/v0.38.25`,
    archive: 'cometbft_0.38.25_linux_amd64.tar.gz',
    checksums: 'SHA256SUMS-0.38.25.txt',
    program: 'cometbft',
    maxBytes: 10_000,
  }
  await expect(downloadRelease(release, root)).rejects.toThrow('linux_amd64.tar.gz: more than 10000 bytes')
})

test('COMETBFT_BIN names one to use instead of any other', async () => {
  publish()
  const own = join(root, 'own')
  writeFileSync(own, WORKS, { mode: 0o755 })
  const env = { PATH: tools, COMETBFT_BIN: own }
  expect(await findBinary(COMETBFT, { cache, env, say: () => undefined })).toEqual({ path: own, how: 'COMETBFT_BIN' })
})
