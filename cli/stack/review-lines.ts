import { moment } from '#client/receipt-words'
import type { Sentence } from '#contracts/kernel/method'
import type { Visibility } from '#contracts/kernel/visibility'
import type { Review } from '#contracts/review'

const FIELD_WORDS: Readonly<Record<Visibility, Sentence>> = {
  public: { zh: '公开', en: 'public' },
  parties: { zh: '仅当事方', en: 'parties' },
  commitment: { zh: '哈希承诺', en: 'commitment' },
}

const WORDS = {
  zh: {
    asks: '签署人',
    on: '账本',
    id: '命令编号',
    until: '有效期至',
    builtOn: '依据区块',
    digest: '摘要 SHA-256',
    limited: '密钥限额约束',
  },
  en: {
    asks: 'signer',
    on: 'ledger',
    id: 'command',
    until: 'valid until',
    builtOn: 'built on block',
    digest: 'SHA-256',
    limited: 'a limit of the key bounds',
  },
} as const

/** A review for a terminal: the sentence in both languages, each field with its unit and who learns it, the digest. */
export function reviewLines({ command, sentence, limited, fields, digest }: Review, language: 'zh' | 'en'): string[] {
  const { chainId, contract, method, participant, keyId, commandId, expiresAt, head } = command
  const words = WORDS[language]
  const width = Math.max(0, ...fields.map(({ path }) => path.length))
  return [
    `${contract}.${method}`,
    `  ${sentence.zh}`,
    `  ${sentence.en}`,
    ...fields.map(
      ({ path, text, visibility }) =>
        `  ${path.padEnd(width)}  ${text[language]}  [${FIELD_WORDS[visibility][language]}]`,
    ),
    ...(limited ? [`  ${words.limited} ${limited[language]}`] : []),
    `  ${words.asks} ${participant}, ${keyId}; ${words.on} ${chainId}; ${words.id} ${commandId}`,
    ...(head ? [`  ${words.builtOn} ${head.height}, ${head.root}`] : []),
    `  ${words.until} ${moment(expiresAt)}; ${words.digest} ${digest}`,
  ]
}
