import type { Catalogue } from '../../language.ts'

/** What `network create` and `validator-key` say, and what does not fit in a file of organisations. */
export const FOUNDING = {
  clockWrong: { zh: '--clock 必须是 {clocks}，不能是 {clock}', en: '--clock must be {clocks}, not {clock}' },
  or: { zh: ' 或 ', en: ' or ' },
  noSuchDay: { zh: '--start-date：没有这一天：{date}', en: '--start-date: no such day: {date}' },
  validatorsWrong: {
    zh: '--validators 必须是 1 到 {most} 的整数，不能是 {validators}',
    en: '--validators must be a whole number from 1 to {most}, not {validators}',
  },
  tooFewForValidators: {
    zh: '{validators} 个验证节点需要同样多的机构；现有 {members} 个',
    en: '{validators} validators need as many organisations; there are {members}',
  },
  tooFewOrganisations: {
    zh: '联盟至少需要 {least} 个机构，使任何一个都不能单独决定',
    en: 'a consortium has at least {least} organisations, so that none decides alone',
  },
  notEmpty: {
    zh: '{home} 不为空，其中也没有网络（{there}）；请另选文件夹',
    en: '{home} is not empty and holds no network ({there}); name another folder',
  },
  otherNetwork: {
    zh: '{home} 中是另一个网络（{how}）；请另选文件夹或将其删除',
    en: '{home} holds another network ({how}); name another folder or remove it',
  },
  otherOrganisations: { zh: '{chainId}：机构不同', en: '{chainId}: other organisations' },
  otherField: { zh: '{chainId}：{field} 为 {was}，而不是 {want}', en: '{chainId}: {field} {was}, not {want}' },
  otherBundle: { zh: '{was}，而不是{want}', en: '{was}, not {want}' },
  ownSources: { zh: '各节点自己的源代码', en: 'its nodes’ own sources' },
  contractsOf: { zh: '合约包 {hash}', en: 'contracts {hash}' },
  otherChain: { zh: '{home} 中是另一个网络（{chainId}）', en: '{home} holds another network ({chainId})' },
  cannotEnter: {
    zh: '合约包 {bundle} 无法写入创世内容中的 {what}：{problem}',
    en: 'contracts {bundle} cannot enter {what} of genesis: {problem}',
  },

  made: { zh: '已创建 {chainId}，位于 {home}', en: 'made {chainId} in {home}' },
  thereAlready: {
    zh: '已经存在，没有改动：{chainId}，位于 {home}',
    en: 'there already, nothing changed: {chainId} in {home}',
  },
  contractsAreSources: { zh: '合约：各节点运行的源代码', en: 'contracts: the sources that each node runs' },
  contractsAre: { zh: '合约包 {bundle}，每个节点都保有', en: 'contracts {bundle}, kept by every node' },
  nodeServes: { zh: '验证节点 {peerId}  服务于 {served}', en: 'validator {peerId}  serves {served}' },
  startIt: {
    zh: '启动命令：npm run --silent sluice -- network up --home {home}',
    en: 'start it with: npm run --silent sluice -- network up --home {home}',
  },

  bundleStays: {
    zh: '--bundle：延续的账本沿用其治理所激活的版本；存放该版本的文件夹由 --bundles 指定',
    en: '--bundle: a ledger that is continued stays on the version that its governance activated; --bundles names the folder that holds it',
  },
  exportNeeds: {
    zh: '--from-export 需要 --validator-keys、--keys，以及用于打开密钥的 SLUICE_PASSPHRASE',
    en: '--from-export needs --validator-keys, --keys, and SLUICE_PASSPHRASE, which opens the keys',
  },
  keyStays: { zh: '{file} 已经存在；其中的密钥保持不变', en: '{file} is there already; its key stays' },
  noValidators: {
    zh: '{file}：其治理没有决定任何验证节点；须在账本终结之前以 setValidator 决定',
    en: '{file}: its governance has decided on no validators; it does so by setValidator before the ledger is ended',
  },
  problemIn: { zh: '{file}：{problem}', en: '{file}: {problem}' },
  unreadable: { zh: '无法读取', en: 'cannot be read' },
  noKey: { zh: '不是验证节点的密钥', en: 'not the key of a validator' },
  otherKey: {
    zh: '不是治理为 {participant} 决定的密钥 {publicKey}',
    en: 'not the key that governance decided on for {participant}, {publicKey}',
  },
  noMemberFolder: {
    zh: '{folder}：没有以账本成员命名的文件夹',
    en: '{folder}: no folder bears the name of a member of the ledger',
  },

  problemAt: { zh: '{file} 的 {where} 处：{problem}', en: '{file} at {where}: {problem}' },
  twice: { zh: '{id} 出现了两次', en: '{id} is there twice' },
  noJson: { zh: '不是 JSON（{problem}）', en: 'not JSON ({problem})' },
  oneOf: { zh: '必须是以下之一：{allowed}', en: 'must be one of {allowed}' },
  misfit: { zh: '不符合格式', en: 'does not fit the schema' },
  misfitBy: { zh: '不符合格式（{problem}）', en: '{problem}' },
  noUscc: {
    zh: '{uscc} 不是统一社会信用代码（GB 32100-2015）：格式或校验码有误',
    en: '{uscc} is no USCC (GB 32100-2015): form or check character',
  },
  unsuitable: { zh: '服务不能担任 {wanted}', en: 'a service cannot be {wanted}' },
} as const satisfies Catalogue
