import type { PoolColumns } from '../../domain/projection/estimate.ts'

/** A small deterministic generator (mulberry32), so that every run measures the same pool. */
export function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** Level-pay loans that all differ, remaining terms up to `months`, one of them of exactly that length. */
export function loans(count: number, months: number, balance: { from: number; to: number }): PoolColumns {
  const random = randomFrom(20_260_101)
  return {
    count,
    balance: Float64Array.from({ length: count }, () =>
      Math.round(balance.from + random() * (balance.to - balance.from)),
    ),
    monthlyRate: Float64Array.from({ length: count }, () => 0.002 + random() * 0.01),
    remainingMonths: Int32Array.from({ length: count }, (_, i) =>
      i === 0 ? months : 1 + Math.floor(random() * months),
    ),
    plan: 'Level',
  }
}

/** 1,000 mortgages that all run the full term, as the reference measurement has it. */
export const mortgages = (count: number, months: number): PoolColumns => ({
  ...loans(count, months, { from: 20_000_000, to: 300_000_000 }),
  remainingMonths: new Int32Array(count).fill(months),
})
