import type { Receipt, ReceiptVerdict, RefusedReceipt, ValidatorsVerdict } from '#proof/receipt'

export const LANGUAGES = ['zh', 'en'] as const
export type Language = (typeof LANGUAGES)[number]

type Words = Readonly<Record<Language, string>>

/** What a verdict says to a person: why not, in the order in which a verifier looks. */
const REASONS: Readonly<Record<RefusedReceipt['reason'], Words>> = {
  NOT_CANONICAL: { zh: '不是规范的 JSON 文件', en: 'not a canonical JSON document' },
  BAD_FORM: { zh: '字段不符合收据的格式', en: 'a field is not of the form of a receipt' },
  WRONG_ANCHOR: { zh: '收据的锚定方式与所信任的对象不符', en: 'anchored in another way than the one trusted' },
  WRONG_CHAIN: { zh: '属于另一条链', en: 'of another chain' },
  WRONG_GENESIS: { zh: '创世文件不同', en: 'of another genesis document' },
  BAD_SIGNATURE: { zh: '区块头没有账本运营方的有效签名', en: 'the header is not signed by the ledger’s operator' },
  WRONG_DIGEST: { zh: '摘要与内容不符', en: 'a digest is not that of the content' },
  WRONG_HEIGHT: { zh: '区块高度不符', en: 'of another block' },
  NOT_IN_COMMANDS: { zh: '命令不在该区块中', en: 'the command is not in that block' },
  NOT_IN_RESULTS: { zh: '结果不在该区块中', en: 'the result is not in that block' },
  NOT_IN_EVENTS: { zh: '事件不在该区块中', en: 'the event is not in that block' },
  NOT_IN_HISTORY: { zh: '该区块不在历史中', en: 'the block is not in the history' },
  NOT_IN_STATE: { zh: '与账本状态不符', en: 'not what the ledger’s state says' },
  NOT_IN_BATCH: { zh: '资产不在该批次中，或批次合计不符', en: 'the asset is not in the batch, or its sums differ' },
  BATCH_PROPOSED: { zh: '资产在批次中，但该批次仅为已提交，尚未经托管人确认，不构成证明', en: 'the asset is in the batch, which is only proposed: its custodian has not attested it, and nothing is proven' }, // prettier-ignore
  BATCH_REJECTED: { zh: '资产在批次中，但该批次已被托管人拒绝，不构成证明', en: 'the asset is in the batch, which its custodian rejected: nothing is proven' }, // prettier-ignore
  NOT_EXPIRED: { zh: '当时命令尚未过期', en: 'the command had not expired yet' },
  AFTER_THE_END: { zh: '签发于该账本终结之后', en: 'from after the end of its ledger' },
  FORGOTTEN: { zh: '时间过久，账本已不再记得该编号', en: 'so late that the ledger no longer remembers the id' },
  BAD_VALIDATORS: { zh: '验证人名单无效', en: 'not a sound set of validators' },
  WRONG_VALIDATORS: { zh: '验证人名单与区块头不符', en: 'the validators are not those of the header' },
  WRONG_HEADER: { zh: '同一高度上是另一个区块头', en: 'another header at the trusted height' },
  WRONG_NEXT_VALIDATORS: { zh: '不是上一区块所指定的验证人', en: 'not the validators that the header before names' },
  BAD_COMMIT: { zh: '提交与验证人名单不对应', en: 'the commit does not fit the validators' },
  BAD_VOTE: { zh: '有一票签名无效', en: 'a vote is not validly signed' },
  TOO_LITTLE_POWER: { zh: '签名的投票权没有超过三分之二', en: 'not signed by more than two thirds of the power' },
  TOO_LITTLE_OVERLAP: { zh: '所信任的验证人中，签名的投票权没有超过三分之一', en: 'not signed by more than a third of the trusted power' }, // prettier-ignore
  BEFORE_TRUST: { zh: '早于所信任的高度', en: 'before the trusted height' },
  TIME_GOES_BACK: { zh: '时间早于所信任的区块', en: 'its time is before that of what it follows' },
  TRUST_EXPIRED: { zh: '信任已过期，需要更近的验证人名单', en: 'the trust is too old: newer validators are needed' },
  FROM_THE_FUTURE: { zh: '时间在将来', en: 'its time lies in the future' },
}

export function refusalWords({ reason, field }: RefusedReceipt, language: Language): string {
  const where = field === undefined || field === '' ? '' : language === 'zh' ? `（${field}）` : ` (${field})`
  return `${REASONS[reason][language]} [${reason}]${where}`
}

/** Fen as yuan with separators: `1234567` → `12,345.67`. */
export const yuan = (fen: string): string =>
  `${fen
    .padStart(3, '0')
    .slice(0, -2)
    .replace(/\B(?=(\d{3})+$)/g, ',')}.${fen.padStart(3, '0').slice(-2)}`

/** Beyond it a Date has no text. */
const MAX_DATE_MS = 8e15

/** A moment of block time, to the second, in China's time zone. */
export const moment = (timeMs: number): string =>
  timeMs > MAX_DATE_MS
    ? String(timeMs)
    : `${new Date(timeMs + 8 * 3_600_000).toISOString().slice(0, 19).replace('T', ' ')} +08:00`

/** What the receipt proves, in one sentence of the language. */
export function factWords(receipt: Receipt, height: number): Words {
  switch (receipt.kind) {
    case 'command': {
      const { command, result } = receipt
      const name = `${command.contract}.${command.method}`
      const refusal = result.accepted ? '' : result.refusal.code
      return {
        zh: `命令 ${command.commandId}（${name}，${command.participant} 提交）在区块 ${height} 执行，${result.accepted ? `产生 ${result.events} 个事件` : `被合约拒绝：${refusal}`}`, // prettier-ignore
        en: `command ${command.commandId} (${name}, of ${command.participant}) was executed in block ${height}: ${result.accepted ? `${result.events} events` : `refused by the contract, ${refusal}`}`, // prettier-ignore
      }
    }
    case 'expired': {
      const { participant, commandId, expiresAt } = receipt.command
      return {
        zh: `命令 ${commandId}（${participant}）于 ${moment(expiresAt)} 过期，从未执行，今后也不会执行`,
        en: `command ${commandId} of ${participant} expired at ${moment(expiresAt)}, was never executed and never will be`,
      }
    }
    case 'event': {
      const { contract, event, commandId, cursor } = receipt.event
      return {
        zh: `事件 ${contract}.${event} 发生于区块 ${height}，由位置 ${height}.${cursor.index} 的命令 ${commandId} 产生`,
        en: `event ${contract}.${event} happened in block ${height}, by command ${commandId} at ${height}.${cursor.index}`,
      }
    }
    case 'topic': {
      const { topic, feed } = receipt
      return {
        zh: `到区块 ${height} 为止，主题 ${topic} 共有 ${feed.count} 个事件，链式哈希 ${feed.hash}`,
        en: `topic ${topic} has ${feed.count} events up to block ${height}, chained to ${feed.hash}`,
      }
    }
    case 'key': {
      const { key, found } = receipt
      const value = found.present ? JSON.stringify(found.value) : ''
      return {
        zh: found.present ? `区块 ${height} 之后 ${key} 的值为 ${value}` : `区块 ${height} 之后 ${key} 没有值`,
        en: found.present ? `after block ${height}, ${key} is ${value}` : `after block ${height}, ${key} has no value`,
      }
    }
    case 'asset': {
      const { deal, version, slot, terms, currentFen, defaultedFen } = receipt.asset
      const { count, currentFen: whole } = receipt.batch['root'] as { currentFen: string; count: string }
      const [original, current, defaulted] = [String(terms['originalFen']), currentFen, defaultedFen].map(yuan)
      return {
        zh: `计划 ${deal} 资产批次 ${version}（已生效）的槽位 ${slot}：原始 ${original} 元，未偿 ${current} 元，违约 ${defaulted} 元；全批 ${count} 笔，未偿合计 ${yuan(whole)} 元`, // prettier-ignore
        en: `slot ${slot} of asset batch ${version} (effective) of ${deal}: ${original} yuan originally, ${current} outstanding, ${defaulted} defaulted; the batch has ${count} assets, ${yuan(whole)} yuan outstanding`, // prettier-ignore
      }
    }
    case 'validators': {
      const { blocks } = receipt
      const powers = blocks.at(-1)?.validators.map(({ power }) => power).join(', ') ?? '' // prettier-ignore
      return {
        zh: `验证人已跟随到区块 ${height}，投票权 ${powers}`,
        en: `validators followed to block ${height}, powers ${powers}`,
      }
    }
  }
}

/** A verdict for people, line by line. */
export function verdictWords(verdict: ReceiptVerdict | ValidatorsVerdict, language: Language): string[] {
  const isChinese = language === 'zh'
  if (!verdict.ok) return [`${isChinese ? '未通过' : 'refused'}: ${refusalWords(verdict, language)}`]
  const fact = (height: number) => factWords(verdict.receipt, height)[language]
  const yes = isChinese ? '已验证' : 'verified'
  if ('trusted' in verdict) return [`${yes}: ${fact(verdict.trusted.height)}`]
  const { chainId, kind, height, headerHash, timeMs } = verdict.anchored
  const [operator, validators] = isChinese
    ? ['账本运营方签名', '超过三分之二验证人签名']
    : ['signed by the ledger’s operator', 'signed by more than two thirds of the validators']
  const how = kind === 'operator' ? operator : validators
  const where = isChinese
    ? `账本 ${chainId}，区块 ${height} 之后的状态`
    : `ledger ${chainId}, state after block ${height}`
  return [`${yes}: ${fact(verdict.height)}`, `  ${where}; ${how}; ${moment(timeMs)}`, `  ${headerHash}`]
}
