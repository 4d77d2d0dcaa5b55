import type { Catalogue } from '../../language.ts'

/** What is said while governance decides: admit, validator, activate. Reasons are shown to who signs and stay on the ledger. */
export const GOVERNING = {
  noInstitution: { zh: '该账本上没有可作决定的机构', en: 'no institution decides on this ledger' },
  soAlready: { zh: '已经如此：{what}', en: 'it is so already: {what}' },
  goesOn: { zh: '继续已有的提案 {id}：{what}', en: 'goes on with {id}: {what}' },
  goesOnApproved: {
    zh: '继续已有的提案 {id}（{approved} 已批准）：{what}',
    en: 'goes on with {id}, which {approved} approved: {what}',
  },
  proposes: { zh: '{proposer} 提出提案 {proposal}：{what}', en: '{proposer} proposes {proposal}: {what}' },
  approves: { zh: '{institution} 批准', en: '{institution} approves' },
  approvesDecided: { zh: '{institution} 批准：已决定', en: '{institution} approves: decided' },
  isDecided: { zh: '{proposal} 已决定', en: '{proposal} is decided' },
  notEnough: {
    zh: '{approved} 已批准 {proposal}，但尚不足以决定',
    en: '{approved} approved {proposal}, which is not enough',
  },
  refusedTo: { zh: '{institution}：{problem}', en: '{institution}: {problem}' },
  notCounted: {
    zh: '已经决定，但共识尚未计入：三分之二以上是否在线？',
    en: 'it is decided, and consensus does not count it yet: are more than two thirds there?',
  },

  version: { zh: '合约版本 {bundle}', en: 'version {bundle} of the contracts' },
  versionReason: { zh: '每个节点都有版本 {bundle}', en: 'every node has version {bundle}' },
  rulesNext: { zh: '自下一区块起生效', en: 'it rules from the next block on' },
  rulesFrom: { zh: '自高度 {height} 起生效', en: 'it rules from height {height} on' },
  bundleLacking: {
    zh: '{who} 没有合约包 {bundle}；用 `sluice bundle add FILE --store {folder}` 放入',
    en: 'no bundle {bundle} at {who}; `sluice bundle add FILE --store {folder}` puts it there',
  },

  noOwnNode: {
    zh: '{organisation} 没有自己的节点，因此没有共识密钥；`sluice network join --organisation {organisation}` 可为其建立',
    en: '{organisation} has no node of its own, hence no validator key; `sluice network join --organisation {organisation}` gives it one',
  },
  power: { zh: '{organisation} 的验证节点投票权为 {power}', en: 'power {power} for the validator of {organisation}' },
  voteReason: { zh: '{organisation} 运行节点，将参与投票', en: '{organisation} runs a node and is to vote' },
  noVoteReason: { zh: '{organisation} 不再投票', en: '{organisation} no longer votes' },
  votesNow: { zh: '自随后的区块起参与投票', en: 'it votes from the next blocks on' },
  followsNow: { zh: '自随后的区块起只跟随，不投票', en: 'it follows without a vote from the next blocks on' },

  key: {
    zh: '{organisation} 的验证节点改用密钥 {successor}',
    en: 'key {successor} for the validator of {organisation}',
  },
  keyReason: { zh: '{organisation} 轮换其验证节点的密钥', en: '{organisation} rotates the key of its validator' },
  keyDecided: { zh: '治理此前已决定采用密钥 {key}', en: 'governance has decided on key {key} before' },
  keyVotes: {
    zh: '自下一区块起 {organisation} 用密钥 {successor} 投票；先前的密钥不再投票',
    en: '{organisation} votes with key {successor} from the next block on; the one before never votes again',
  },
  noVote: {
    zh: '{organisation} 的节点没有投票权，因此没有可轮换的密钥；`sluice network validator --organisation {organisation}` 由治理赋予投票权',
    en: 'the node of {organisation} has no vote, hence no key to be followed by another; `sluice network validator --organisation {organisation}` has governance give it one',
  },
  notSwapped: {
    zh: '共识已计入 {name} 的密钥 {successor}，但其节点没有用它投票：`sluice network up` 是否在运行？',
    en: 'consensus counts key {successor} of {name}, whose node does not vote with it: is `sluice network up` running?',
  },
  newKeyVotes: {
    zh: '{name} 的验证节点自此用新密钥投票',
    en: 'the validator of {name} votes with its new key from now on',
  },

  keysMissing: {
    zh: '{id} 已是账本成员，而 {folder} 中没有它的密钥',
    en: '{id} is a member of the ledger, and its keys are not in {folder}',
  },
  memberAlready: {
    zh: '{id} 已是成员，由 {node} 的节点服务：没有改动',
    en: '{id} is a member already, served by the node of {node}: nothing changed',
  },
  memberServed: { zh: '{id} 是成员，由自己的节点服务', en: '{id} is a member, served by the node of {id}' },
  memberHosted: {
    zh: '{id} 是成员，在有自己的节点之前由 {node} 的节点代管（`sluice network join --organisation {id}`）',
    en: '{id} is a member, served by the node of {node} until it has its own (`sluice network join --organisation {id}`)',
  },
  signsFromNextStart: {
    zh: '该节点自下次启动起以 {services} 签名',
    en: 'that node signs as {services} from its next start on',
  },
  hostedElsewhere: {
    zh: '--host：{id} 已由 {node} 的节点服务，而不是 {wanted} 的节点',
    en: '--host: {id} is served by the node of {node} already, not by that of {wanted}',
  },
  hostField: { zh: '--host：', en: '--host: ' },
  keyForOther: {
    zh: '{id} 的职能为 {wanted}，而其位于 {folder} 的密钥是为 {has} 制作的；账本尚不知道该密钥，将其删除即可重新制作',
    en: '{id} has {wanted}, and its key in {folder} was made for {has}; remove that key, which the ledger does not know, and it is made anew',
  },
  memberAs: { zh: '{participant}（{name}），角色 {roles}', en: '{participant} ({name}) as {roles}' },
  memberReason: { zh: '{participant} 加入联盟', en: '{participant} joins the consortium' },
  notKnownYet: {
    zh: '{participant} 已获接纳，但 {node} 的节点尚不知道',
    en: '{participant} is admitted, and the node of {node} does not know it yet',
  },
  addsOperator: {
    zh: '{participant} 的 {administrator} 增加操作员 {operator}（{functions}）',
    en: '{administrator} of {participant} adds operator {operator} ({functions})',
  },

  usccTaken: { zh: '{uscc} 是 {other} 的统一社会信用代码', en: '{uscc} is that of {other}' },
  noLimit: { zh: '管理员不承诺金额，无从限额', en: 'an administrator commits no amount that could be limited' },
  adminOnly: { zh: '操作员 admin 只能有职能 {wanted}', en: 'an operator admin has the function {wanted} and no other' },
  otherwise: {
    zh: '{here}；{id} 已是成员，账本上为 {there}',
    en: '{here}; {id} is a member already, with {there} on the ledger',
  },
  extraOperator: { zh: '{operator} 在账本上，而不在文件中', en: '{operator} is on the ledger, and not in it' },
  noAdministrator: {
    zh: '{id} 不在账本上，能增加它的管理员也不在',
    en: '{id} is not on the ledger, and neither is an administrator that could add it',
  },
  noKeyOnLedger: { zh: '{id} 在账本上没有密钥 {keyId}', en: '{id} has no key {keyId} on the ledger' },
  otherFunctions: { zh: '{here}；账本上为 {there}', en: '{here}; on the ledger they are {there}' },
  otherLimit: { zh: '{here}；账本上为 {there}', en: '{here}; on the ledger it is {there}' },
  none: { zh: '无', en: 'none' },
  otherKeyHere: {
    zh: '账本上 {id} 的密钥不是存放在这里的密钥',
    en: 'the key of {id} on the ledger is not the one that lies here',
  },
} as const satisfies Catalogue
