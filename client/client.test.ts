import { expect, it } from 'vitest'
import { decodeSigned, encodeSigned } from '#proof/command'
import { SluiceClient } from './client.ts'

/** The network is the outer edge: a node that answers what a client asks first. */
function node() {
  const asked: string[] = []
  let signed = 0
  const answers: Readonly<Record<string, () => object>> = {
    '/v1/head': () => ({ chainId: 'chain' }),
    '/v1/challenges': () => ({ challenge: 'x', audience: 'a', chainId: 'chain' }),
    '/v1/tokens': () => ({ token: `t${asked.filter((path) => path === '/v1/tokens').length}`, expiresAtMs: now + 60_000 }), // prettier-ignore
    '/v1/contracts': () => ({ methods: [] }),
    '/v1/contracts?deal=d%2F1': () => ({ methods: [{}] }),
  }
  let now = 1_000_000
  const fetcher = (async (url: URL) => {
    const path = url.pathname + url.search
    asked.push(path)
    await new Promise((resolve) => setImmediate(resolve))
    return new Response(JSON.stringify(answers[path]!()))
  }) as unknown as typeof fetch
  const sign = (): Uint8Array => new Uint8Array(64).fill((signed += 1))
  const client = new SluiceClient({
    url: 'http://node/',
    signer: { participant: 'core', keyId: 'k', sign },
    fetch: fetcher,
    now: () => now,
    randomId: () => 'id',
  })
  return { client, asked, pass: (ms: number) => (now += ms) }
}

it('signs in once for many that ask at once, and again when the token ends', async () => {
  const { client, asked, pass } = node()
  expect(await Promise.all([1, 2, 3].map(() => client.token()))).toEqual(['t1', 't1', 't1'])
  pass(29_000)
  expect(await client.token()).toBe('t1')
  pass(2_000)
  expect(await Promise.all([1, 2, 3].map(() => client.token()))).toEqual(['t2', 't2', 't2'])
  expect(asked.filter((path) => path === '/v1/tokens')).toHaveLength(2)
})

it('asks anybody’s question about the contracts without a token, and that about a deal with one', async () => {
  const { client, asked } = node()
  expect((await client.contracts()).methods).toEqual([])
  expect(asked).toEqual(['/v1/contracts'])
  expect((await client.contracts('d/1')).methods).toEqual([{}])
  expect(asked).toContain('/v1/tokens')
})

it('names the block that it builds on in every command, for as long as it is told to', async () => {
  const { client } = node()
  const head = { height: 7, root: 'ab'.repeat(32) }
  expect(await client.draft('a.b', {})).not.toHaveProperty('head')
  client.buildOn(head)
  const { command, signature, bytes } = await client.prepare('a.b', {})
  expect(command.head).toEqual(head)
  expect(decodeSigned(bytes)).toEqual({ command, signature })
  expect(encodeSigned(decodeSigned(bytes))).toEqual(bytes)
  client.buildOn(undefined)
  expect(await client.draft('a.b', {})).not.toHaveProperty('head')
})
