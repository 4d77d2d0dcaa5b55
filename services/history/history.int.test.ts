// How a node that joins fetches the blocks of before, from a real node over a wire that breaks.
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sleep } from '#engines/say'
import { LedgerError } from '#ledger-adapter/port'
import { HistoryNotGiven, pullHistory } from '#node/history/pull'
import { startTestNode, type TestNode } from '../testing/node.ts'

const HEAD = 30
const linesOfBlock = (height: number): string[] => [
  JSON.stringify({ header: { height }, kind: 'block' }),
  ...Array.from({ length: height % 4 }, (_, n) => JSON.stringify({ kind: 'put', key: `k${n}`, value: 'x"kind":"block"\u2028'.repeat(1_000) })), // prettier-ignore
]
/** A block in three: the others have no commands. */
const heights = Array.from({ length: HEAD / 3 + 1 }, (_, n) => n * 3)
/** Whoever asks for blocks up to this one waits until the test lets go. */
const HELD = HEAD - 1
let letGo: () => void = () => undefined
const held = new Promise<void>((resolve) => (letGo = resolve))
let waiting = 0

async function* history({ from, to }: { from: number; to: number }) {
  if (to === HELD) {
    waiting += 1
    await held
  }
  if (to > HEAD) throw new LedgerError('read', 'BEHIND_POSITION', true, { height: to, head: HEAD })
  if (from === 0) yield JSON.stringify({ kind: 'ledger' })
  for (const height of heights) if (height >= from && height <= to) yield* linesOfBlock(height)
  yield JSON.stringify({ kind: 'end', height: to })
}
const WHOLE = [JSON.stringify({ kind: 'ledger' }), ...heights.flatMap(linesOfBlock), JSON.stringify({ kind: 'end', height: HEAD })].map((line) => `${line}\n`).join('') // prettier-ignore

let node: TestNode
let folder: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-history-'))
  node = await startTestNode({ history: { history, isFor: async (member) => member !== 'regulator' } })
})
afterAll(async () => {
  await node.stop()
  rmSync(folder, { recursive: true, force: true })
})

let files = 0
const newFile = (text = ''): string => {
  const file = join(folder, `${(files += 1)}.jsonl`)
  if (text !== '') writeFileSync(file, text)
  return file
}
const token = () => node.as('core:maker').token()
const pull = (file: string, over: Partial<Parameters<typeof pullHistory>[0]> = {}) =>
  pullHistory({ url: node.url, token, file, to: HEAD, ...over })

/** A wire that breaks after so many bytes of an answer; it says what was asked. */
async function breaking(afterBytes: () => number) {
  const asked: string[] = []
  const server = createServer((incoming, outgoing) => {
    asked.push(incoming.url!)
    const up = request(new URL(incoming.url!, node.url), { headers: incoming.headers }, (answer) => {
      outgoing.writeHead(answer.statusCode!, answer.headers)
      let left = afterBytes()
      answer.on('data', (chunk: Buffer) => {
        outgoing.write(chunk.subarray(0, left))
        left -= chunk.length
        if (left <= 0) setTimeout(() => outgoing.destroy(), 20)
      })
      answer.on('end', () => left > 0 && outgoing.end())
      answer.on('error', () => undefined)
      outgoing.once('close', () => answer.destroy())
    })
    up.on('error', () => undefined).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, asked, close: () => server.close() }
}

const ask = async (query: string, bearer?: string) => {
  const headers = bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }
  const response = await fetch(`${node.url}/v1/history?${query}`, { headers })
  return { status: response.status, problem: (await response.json()) as { code: string } }
}

describe('the history of a network', () => {
  it('is for members that run a node, and for heights that the node has', async () => {
    expect(await ask(`from=0&to=${HEAD}`)).toMatchObject({ status: 401, problem: { code: 'NO_TOKEN' } })
    expect(await ask(`from=0&to=${HEAD}`, 'x')).toMatchObject({ status: 401 })
    const served = await node.as('regulator:viewer').token()
    expect(await ask(`from=0&to=${HEAD}`, served)).toMatchObject({ status: 403, problem: { code: 'NO_NODE' } })
    const member = await token()
    expect(await ask('from=3&to=2', member)).toMatchObject({ status: 400, problem: { code: 'BAD_REQUEST' } })
    expect(await ask('from=-1&to=2', member)).toMatchObject({ status: 400 })
    expect(await ask(`from=0&to=${HEAD + 1}`, member)).toMatchObject({ status: 503, problem: { code: 'BEHIND_POSITION' } }) // prettier-ignore
  })

  it('is not served by a node of another kind of ledger', async () => {
    const other = await startTestNode()
    try {
      expect((await fetch(`${other.url}/v1/history?from=0&to=1`)).status).toBe(404)
    } finally {
      await other.stop()
    }
  })

  it('comes whole, and is not asked for again', async () => {
    const file = newFile()
    const seen: number[] = []
    await pull(file, { onBlock: (height) => seen.push(height) })
    expect(readFileSync(file, 'utf8')).toBe(WHOLE)
    expect(seen).toEqual(heights)
    await pull(file, { url: 'http://127.0.0.1:1' })
    await pull(file, { to: 12, url: 'http://127.0.0.1:1' })
    await expect(pull(newFile(), { url: 'http://127.0.0.1:1' })).rejects.toThrow(HistoryNotGiven)
  })

  it('goes on wherever the file was cut off, with the last block that may not be whole', async () => {
    for (let length = 0; length < WHOLE.length; length += 9_001) {
      const file = newFile(WHOLE)
      truncateSync(file, length)
      await pull(file)
      expect(readFileSync(file, 'utf8') === WHOLE, `cut off at ${length}`).toBe(true)
    }
    // What was fetched for an earlier state is part of what a later one needs.
    const file = newFile()
    await pull(file, { to: 14 })
    await pull(file)
    expect(readFileSync(file, 'utf8')).toBe(WHOLE)
  })

  it('comes in the end over a wire that breaks again and again, each time from where it broke', async () => {
    let bytes = 300
    const wire = await breaking(() => (bytes += 150))
    const file = newFile()
    for (let isWhole = false; !isWhole;) {
      isWhole = await pull(file, { url: wire.url }).then(
        () => true,
        (error: unknown) => {
          expect(error).toBeInstanceOf(HistoryNotGiven)
          return false
        },
      )
    }
    wire.close()
    expect(readFileSync(file, 'utf8')).toBe(WHOLE)
    const froms = wire.asked.map((url) => Number(new URL(url, node.url).searchParams.get('from')))
    expect(froms).toEqual([...froms].sort((a, b) => a - b))
    expect(froms.some((from) => from > 0)).toBe(true)
  })

  it('is refused when blocks go back, are beyond what was asked for, or something follows the end', async () => {
    const answers = [
      ['{"kind":"ledger"}', ...linesOfBlock(3), ...linesOfBlock(3)],
      ['{"kind":"ledger"}', ...linesOfBlock(HEAD + 1)],
      ['{"kind":"ledger"}', ...linesOfBlock(3), '{"kind":"end"}', '{}'],
      ['{"kind":"ledger"}', ...linesOfBlock(3)],
    ]
    for (const lines of answers) {
      const server = createServer((_, response) => response.end(lines.map((line) => `${line}\n`).join('')))
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      const { port } = server.address() as AddressInfo
      await expect(pull(newFile(), { url: `http://127.0.0.1:${port}` })).rejects.toThrow(HistoryNotGiven)
      server.close()
    }
  })

  it('is given to one member twice at once and to all four times, and again when those are done', async () => {
    const open = async (member: string) => {
      const headers = { authorization: `Bearer ${await node.as(member).token()}` }
      return fetch(`${node.url}/v1/history?from=0&to=${HELD}`, { headers })
    }
    const refused = async (member: string) => expect((await open(member)).status, member).toBe(429)
    const answers: Promise<Response>[] = []
    for (const member of ['core:maker', 'core:maker', 'custodian:checker', 'supplier-1:maker']) {
      answers.push(open(member))
      while (waiting < answers.length) await sleep(10)
      if (answers.length === 2) await refused('core:maker')
    }
    await refused('supplier-2:maker')
    letGo()
    for (const answer of answers) expect(await (await answer).text()).toMatch(/"kind":"end","height":29}\n$/)
    const again = await open('core:maker')
    expect(again.status).toBe(200)
    await again.text()
  })
})
