import { expect, it } from 'vitest'
import { describe } from '#contracts/describe'
import { ISSUE, SPLIT } from '#contracts/receivable/testing/story'
import { registry } from '#contracts/registry'
import { reviewOf } from '#contracts/review'
import { buildCommand } from '#node/keys/signer'
import { reviewLines } from './review-lines.ts'

const linesOf = (method: string, args: typeof ISSUE | typeof SPLIT, language: 'zh' | 'en'): string => {
  const as = { participant: 'core', keyId: 'k' }
  const call = { chainId: 'chain', contract: 'receivable', method, args, commandId: 'x', as, issuedAt: 1000 }
  return reviewLines(reviewOf(describe(registry), buildCommand(call)), language).join('\n')
}

it('a terminal shows which amount a limit of the key would bound, where there is one', () => {
  expect(linesOf('issue', ISSUE, 'zh')).toContain('密钥限额约束 应收账款金额 1000000.00 元')
  expect(linesOf('issue', ISSUE, 'en')).toContain(
    'a limit of the key bounds the face of the receivable, 1000000.00 yuan',
  )
  expect(linesOf('split', SPLIT, 'en')).not.toContain('limit of the key')
})
