import type { RequestQuery, ResponseQuery } from 'cosmjs-types/tendermint/abci/types'
import { describe, expect, it } from 'vitest'
import { canonicalJson } from '#proof/canonical'
import { hexToBytes, sha256TextHex, utf8ToBytes } from '#proof/hash'
import type { Json } from '#proof/json'
import { rootFromStateProof, type StateProof } from '#proof/sparse-tree'
import { writtenOf } from '../testing/written.ts'
import { keyHash } from '../application/changes.ts'
import { CommittedState } from '../application/state.ts'
import { StoreUnreachable } from '../embedded/connection.ts'
import { LedgerApplication, type ApplicationDeps } from './application.ts'
import { Machine } from './machine.ts'

/** A node whose rows are in memory, and a state that keeps no more than some values itself. */
function node(maxCached: number) {
  const rows = new Map<string, string>()
  let isAway = false
  const values = (keys: readonly string[]) => {
    if (isAway) return Promise.reject(new StoreUnreachable('away'))
    return Promise.resolve(new Map(keys.flatMap((key) => (rows.has(key) ? [[key, rows.get(key)!] as const] : []))))
  }
  const state = new CommittedState(values, undefined, maxCached)
  const head = { header: { height: 0, timeMs: 0 } }
  const deps = { store: { rows: { values } }, lock: {} } as unknown as ConstructorParameters<typeof Machine>[3]
  const recovered = { state, last: head } as unknown as ConstructorParameters<typeof Machine>[1]
  const machine = new Machine({} as never, recovered, 0, deps)
  const roots = [state.tree.root()]
  const store = (written: Record<string, Json | undefined>) => {
    const changes = state.changesOf(writtenOf(Object.entries(written)))
    for (const { key, text } of changes) {
      if (text === undefined) rows.delete(key)
      else rows.set(key, text)
    }
    return () => {
      machine.height += 1
      head.header.height = machine.height
      state.adopt(state.treeWith(changes), changes, machine.height)
      roots.push(state.tree.root())
    }
  }
  const block = (written: Record<string, Json | undefined>) => store(written)()
  const application = new LedgerApplication({ machine } as unknown as ApplicationDeps)
  const query = (key: string, height: number, path = '/key') =>
    application.query({ path, data: utf8ToBytes(key), height: BigInt(height), prove: true } as RequestQuery)
  return { machine, roots, store, block, query, leave: (away: boolean) => (isAway = away) }
}

function expectProven({ key, value, info, proofOps }: ResponseQuery, root: string, want: Json | undefined) {
  const text = want === undefined ? '' : canonicalJson(want)
  expect(Buffer.from(value).toString()).toBe(text)
  expect(info).toBe(want === undefined ? 'absent' : sha256TextHex(text))
  const proof = JSON.parse(Buffer.from(proofOps!.ops[0]!.data).toString()) as StateProof
  const hash = want === undefined ? undefined : hexToBytes(info)
  expect(rootFromStateProof(keyHash(Buffer.from(key).toString()), hash, proof)).toBe(root)
}

describe('a query for a key', () => {
  it('answers its value in canonical JSON with the path to the root of that height, at hand or in the store', async () => {
    for (const maxCached of [0, 100]) {
      const { block, query, roots } = node(maxCached)
      block({ a: { text: '注', n: 1 }, b: 'x' })
      block({ b: null })
      block({ c: [1], d: '2' })
      expectProven(await query('a', 0), roots[3]!, { text: '注', n: 1 })
      expectProven(await query('a', 1), roots[1]!, { text: '注', n: 1 })
      expectProven(await query('b', 3), roots[3]!, null)
      expectProven(await query('c', 2), roots[2]!, undefined)
      expectProven(await query('c', 3), roots[3]!, [1])
      expect(await query('a', 4)).toMatchObject({ code: 1 })
      expect(await query('a', 3, '/store')).toMatchObject({ code: 1 })
    }
  })

  it('knows a value that was replaced when it was at hand then, and else says that it has the hash alone', async () => {
    const known = node(100)
    known.block({ a: 'first' })
    known.block({ a: 'second' })
    expectProven(await known.query('a', 1), known.roots[1]!, 'first')
    const forgotten = node(0)
    forgotten.block({ a: 'first' })
    forgotten.block({ a: 'second' })
    const answer = await forgotten.query('a', 1)
    expect(answer).toMatchObject({ code: 0, info: sha256TextHex('"first"'), value: new Uint8Array(0) })
    expect(answer.log).toContain('hash')
    expectProven(await forgotten.query('a', 2), forgotten.roots[2]!, 'second')
  })

  it('answers what the height holds while the store is a block ahead', async () => {
    const { block, store, query, roots } = node(0)
    block({ a: 'first', b: 'same' })
    const commit = store({ a: 'second' })
    const asked = [query('a', 1), query('b', 1)]
    setTimeout(commit, 30)
    const [a, b] = await Promise.all(asked)
    // The value that was replaced was not in memory: its hash is told, never the one that replaced it.
    expect(a).toMatchObject({ code: 0, info: sha256TextHex('"first"'), value: new Uint8Array(0) })
    expectProven(b!, roots[1]!, 'same')
  })

  it('says that the store is away, and goes on when it is back', async () => {
    const { block, query, roots, leave } = node(0)
    block({ a: 'first' })
    leave(true)
    expect(await query('a', 0)).toMatchObject({ code: 2, log: expect.stringContaining('STORE_UNAVAILABLE') as string })
    expectProven(await query('none', 0), roots[1]!, undefined)
    leave(false)
    expectProven(await query('a', 0), roots[1]!, 'first')
  })
})
