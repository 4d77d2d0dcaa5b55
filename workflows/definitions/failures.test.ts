import { describe, expect, test } from 'vitest'
import { FAILURE_OF_KIND, failureOf, mayPass } from './failures.ts'

describe('a refusal as a failure of a workflow', () => {
  test.each(['validation', 'notFound', 'conflict', 'forbidden', 'invariant'] as const)('%s is final', (kind) => {
    const refusal = { code: 'SOME_CODE', kind, details: { field: 'x' } }
    expect(mayPass(refusal)).toBe(false)
    expect(failureOf(refusal)).toMatchObject({
      message: 'refused: SOME_CODE',
      type: 'SOME_CODE',
      nonRetryable: true,
      details: [kind, { field: 'x' }],
    })
  })

  test('what is transient may pass, and so do days that are about to be closed', () => {
    const early = { code: 'TOO_EARLY', kind: 'transient', details: {} } as const
    expect(mayPass(early)).toBe(true)
    expect(failureOf(early).nonRetryable).toBe(false)
    expect(mayPass({ code: 'BEHIND', kind: 'conflict', details: {} })).toBe(true)
    expect(FAILURE_OF_KIND.conflict.nonRetryable).toBe(true)
  })
})
