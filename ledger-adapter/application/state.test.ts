import { describe, expect, it } from 'vitest'
import { KeyNotLoaded } from '#contracts/kernel/state'
import type { Json } from '#proof/json'
import { writtenOf } from '../testing/written.ts'
import { CommittedState, StateCorrupt } from './state.ts'

/** A state of these values that holds so many of them in memory; the rows are its store. */
function stateOf(rows: Map<string, string>, maxCached = 100) {
  const asked: string[][] = []
  const state = new CommittedState(
    (keys) => {
      asked.push([...keys])
      return Promise.resolve(new Map(keys.flatMap((key) => (rows.has(key) ? [[key, rows.get(key)!] as const] : []))))
    },
    undefined,
    maxCached,
  )
  let height = 0
  const put = (...entries: [string, Json][]) => {
    const changes = state.changesOf(writtenOf(entries))
    state.adopt(state.treeWith(changes), changes, (height += 1))
    for (const { key, text } of changes) rows.set(key, text!)
  }
  return { state, asked, put }
}

describe('values of the committed state', () => {
  it('are brought once, however many wait for them', async () => {
    const { state, asked, put } = stateOf(new Map(), 0)
    put(['a', 1], ['b', 2])
    expect(() => state.value('a')).toThrow(KeyNotLoaded)
    await Promise.all([state.load(['a']), state.load(['a', 'b']), state.load(['b', 'a'])])
    expect(asked).toEqual([['a'], ['b']])
    expect([state.value('a'), state.value('b')]).toEqual([1, 2])
  })

  it('stay at hand while they are asked for, and go when they are not', () => {
    const { state, put } = stateOf(new Map(), 4)
    put(['asked', 1], ['idle', 2])
    for (let n = 0; n < 20; n += 1) {
      expect(state.value('asked')).toBe(1)
      put([`other${n}`, n])
    }
    expect(state.isAtHand('asked')).toBe(true)
    expect(state.isAtHand('idle')).toBe(false)
  })

  it('stay at hand whatever number of keys without one is asked for, of which a bounded number is remembered', () => {
    const { state, put } = stateOf(new Map())
    put(['a', 1], ['gone', 2])
    let most = 0
    for (let n = 0; n < 250_000; n += 1) {
      state.has(`nobody ${n}`)
      most = Math.max(most, state.remembered)
    }
    expect(most).toBe(100_002)
    expect(['a', 'gone', 'nobody 0', 'nobody 249999'].map((key) => state.has(key))).toEqual([true, true, false, false])
    expect([state.value('a'), state.value('nobody 1')]).toEqual([1, undefined])
    // A block after that lets those without a value go with the oldest, and counts the values alone.
    for (let n = 0; n < 200; n += 1) put([`later ${n}`, n])
    expect(state.value('later 199')).toBe(199)
    expect(state.isAtHand('gone')).toBe(false)
  })

  it('are asked for again when the store is ahead of the tree, and refused when they stay other than it says', async () => {
    const rows = new Map<string, string>()
    const { state, put } = stateOf(rows, 0)
    put(['a', 1])
    rows.set('a', '2')
    const loading = state.load(['a'])
    put(['a', 2])
    await loading
    expect(state.value('a')).toBe(2)
    put(['b', 1])
    rows.set('b', '3')
    await expect(state.load(['b'])).rejects.toThrow(StateCorrupt)
  })
})
