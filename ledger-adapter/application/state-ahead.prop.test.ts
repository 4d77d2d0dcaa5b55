import fc from 'fast-check'
import { expect, it } from 'vitest'
import { KeyNotLoaded } from '#contracts/kernel/state'
import type { Json } from '#proof/json'
import { writtenOf } from '../testing/written.ts'
import { StateAhead } from './state-ahead.ts'
import type { Change } from './changes.ts'
import { CommittedState, type BlockBase } from './state.ts'

const key = fc.constantFrom(...'abcdefgh')
const block = fc.array(fc.tuple(key, fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined })), { maxLength: 6 })

/** A state over rows of its own, of which it holds one or two in memory. */
function stateOverRows() {
  const rows = new Map<string, string>()
  const found = (keys: readonly string[]) => keys.flatMap((one) => (rows.has(one) ? [[one, rows.get(one)!] as const] : [])) // prettier-ignore
  const state = new CommittedState((keys) => Promise.resolve(new Map(found(keys))), undefined, 1)
  let height = 0
  const adopt = (changes: readonly Change[], tree: CommittedState['tree']) => {
    state.adopt(tree, changes, (height += 1))
    for (const { key: at, text } of changes) {
      if (text === undefined) rows.delete(at)
      else rows.set(at, text)
    }
  }
  return { state, adopt }
}

async function valueOf(state: BlockBase, path: string): Promise<Json | undefined> {
  try {
    return state.read<Json>({ path })
  } catch (error) {
    if (!(error instanceof KeyNotLoaded)) throw error
    await state.load([path])
    return state.read<Json>({ path })
  }
}

it('a block on one that is not yet durable is the block that follows it, also after some that came to nothing', () =>
  fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(block, fc.array(block, { maxLength: 2 })), { maxLength: 8 }), async (blocks) => {
      const [plain, ahead] = [stateOverRows(), stateOverRows()]
      let pending: { changes: readonly Change[]; tree: CommittedState['tree'] } | undefined
      for (const [writes, inVain] of blocks) {
        const base: BlockBase = pending ? new StateAhead(ahead.state, pending) : ahead.state
        for (const one of 'abcdefgh') expect(await valueOf(base, one)).toEqual(await valueOf(plain.state, one))
        for (const other of inVain) base.treeWith(base.changesOf(writtenOf(other)))
        const want = plain.state.changesOf(writtenOf(writes))
        const got = base.changesOf(writtenOf(writes))
        expect(got).toEqual(want)
        const next = { changes: got, tree: base.treeWith(got) }
        const tree = plain.state.treeWith(want)
        expect(next.tree.root()).toBe(tree.root())
        plain.adopt(want, tree)
        if (pending) ahead.adopt(pending.changes, pending.tree)
        pending = next
      }
    }),
  ))
