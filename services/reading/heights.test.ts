import { describe, expect, it } from 'vitest'
import { Heights } from './heights.ts'

const FOR_EVER = 1_000_000

/** Projections that are as far as the test says, and how many questions were asked at once and in all. */
function world(height: number) {
  const seen = { asked: 0, atOnce: 0, mostAtOnce: 0 }
  const state = { height, error: undefined as Error | undefined }
  const ask = async () => {
    seen.asked += 1
    seen.mostAtOnce = Math.max(seen.mostAtOnce, (seen.atOnce += 1))
    await new Promise((resolve) => setTimeout(resolve, 1))
    seen.atOnce -= 1
    if (state.error) throw state.error
    return state.height
  }
  return { seen, state, ask }
}

describe('reads that wait for a position', () => {
  it('2,000 of them ask as one does, and another one is answered meanwhile', async () => {
    const { seen, state, ask } = world(4)
    const heights = new Heights(ask)
    let answered = 0
    const waiting = Array.from({ length: 2_000 }, async () => {
      const reached = await heights.reach(['receivables', 'topics'], 5, FOR_EVER)
      answered += 1
      return reached
    })
    expect(await heights.reach(['topics', 'receivables'], 4, FOR_EVER)).toBe(4)
    expect(await heights.reach(['members'], 4, FOR_EVER)).toBe(4)
    expect(answered).toBe(0)
    expect(seen.asked).toBeLessThan(20)
    expect(seen.mostAtOnce).toBeLessThanOrEqual(2) // one for each set of projections
    state.height = 5
    expect(new Set(await Promise.all(waiting))).toEqual(new Set([5]))
    expect(seen.mostAtOnce).toBeLessThanOrEqual(2)
    const { asked } = seen
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(seen.asked).toBe(asked) // nobody waits, nobody asks
  })

  it('tells how far it is when the bound has passed', async () => {
    const { ask } = world(4)
    expect(await new Heights(ask).reach(['a'], 5, 0)).toBe(4)
  })

  it('an error reaches everyone who waits, and the next one asks anew', async () => {
    const { state, ask } = world(4)
    const heights = new Heights(ask)
    state.error = new Error('away')
    const waiting = await Promise.allSettled([1, 2, 3].map(() => heights.reach(['a'], 5, FOR_EVER)))
    expect(waiting.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
    state.error = undefined
    expect(await heights.reach(['a'], 4, FOR_EVER)).toBe(4)
  })

  it('no more wait than the bound allows', async () => {
    const { state, ask } = world(4)
    const heights = new Heights(ask, 2)
    const waiting = [1, 2].map(() => heights.reach(['a'], 5, FOR_EVER))
    await expect(heights.reach(['a'], 4, FOR_EVER)).rejects.toMatchObject({ code: 'QUEUE_FULL' })
    state.height = 5
    expect(await Promise.all(waiting)).toEqual([5, 5])
    expect(await heights.reach(['a'], 4, FOR_EVER)).toBe(5)
  })
})
