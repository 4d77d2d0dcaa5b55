import type { Catalogue } from '../../language.ts'

/** What is said while a node takes the state and the history of the others, and of a stream that is followed. */
export const JOINING = {
  hasNode: {
    zh: '{organisation} 现在有了自己的节点，属于 {chainId}',
    en: '{organisation} has a node of its own now in {chainId}',
  },
  hadNode: {
    zh: '{organisation} 已有自己的节点，属于 {chainId}',
    en: '{organisation} has a node of its own already in {chainId}',
  },
  followsKey: {
    zh: '它只跟随，不投票；其共识密钥为 {key}',
    en: 'it follows without a vote; its consensus key is {key}',
  },
  upStartsIt: {
    zh: '由 `sluice network up` 启动：正在运行则数秒之内，否则在下次启动时',
    en: '`sluice network up` starts it: within seconds where it runs, otherwise at its next start',
  },
  asksForState: { zh: '向 {nodes} 询问可取的状态', en: 'asks {nodes} for a state to take' },
  trusts: { zh: '信任{what}', en: 'trusts {what}' },
  takesState: {
    zh: '取该区块头所指向的状态，然后取此前的全部历史，每个区块都据此核验',
    en: 'takes a state that this header leads to, then the history of all before, every block checked against it',
  },
  executesAll: { zh: '{why}：将从第一个区块起逐块执行', en: '{why}: it executes every block from the first' },
  asksAgain: { zh: '{why}：启动时将再次询问', en: '{why}: when it starts it asks again' },
  noneAnswers: { zh: '其他节点都没有应答', en: 'none of the other nodes answers' },
  noSnapshot: {
    zh: '其他节点都还没有可取的状态快照',
    en: 'none of the other nodes has a snapshot of the state that can be taken yet',
  },
  tooOld: {
    zh: '最近的快照是 {time} 的：对其验证节点的信任即将过期',
    en: 'the last snapshot is of {time}: its validators are not trusted for much longer',
  },
  headerOfOne: {
    zh: '创世验证节点，跟随至区块头 {height}（哈希 {hash}…，{from} 有同样的区块头）',
    en: 'the validators of genesis, followed to header {height} with hash {hash}…, which {from} has',
  },
  headerOfMany: {
    zh: '创世验证节点，跟随至区块头 {height}（哈希 {hash}…，{from} 都有同样的区块头）',
    en: 'the validators of genesis, followed to header {height} with hash {hash}…, which {from} have',
  },
  cannotFollow: {
    zh: '验证节点无法跟随至高度 {height}（{failures}）',
    en: 'the validators cannot be followed to height {height} ({failures})',
  },
  otherHeader: {
    zh: '{name} 的节点在高度 {height} 的区块头与创世验证节点所指向的不同：是 {other}，而不是 {hash}',
    en: 'the node of {name} has another header {height} than the one that the validators of genesis lead to: {other}, not {hash}',
  },
  beginsWithState: {
    zh: '{name} 重新开始：取其他节点的状态，依据是{what}',
    en: '{name} begins anew: it takes the state of the others, by {what}',
  },
  beginsWithBlocks: {
    zh: '{name} 重新开始：{why}，将从第一个区块起逐块执行',
    en: '{name} begins anew: {why}: it executes every block from the first',
  },

  joined: {
    zh: '{name} 已加入：其历史自位置 0 起完整',
    en: '{name} has joined: its history is complete from position 0',
  },
  takesPieces: {
    zh: '正在取区块 {height} 之后的状态：已有 {have} 片，共 {chunks} 片',
    en: 'takes the state after block {height}: {have} of {chunks} pieces',
  },
  waitsForState: { zh: '等待其他节点给出状态或第一个区块', en: 'waits for a state or a first block from the others' },
  nothingCame: { zh: '{what}：已有 {minutes} 分钟没有任何进展', en: '{what}: nothing has come for {minutes} minutes' },
  fetches: {
    zh: '{name} 从 {peer} 取历史：区块 {height}，共 {to}',
    en: '{name} fetches its history from {peer}: block {height} of {to}',
  },
  verifies: { zh: '{name} 正在验证区块 {height}，共 {to}', en: '{name} verifies block {height} of {to}' },
  stores: { zh: '{name} 正在存储区块 {height}，共 {to}', en: '{name} stores block {height} of {to}' },
  reads: { zh: '{name} 正在读取区块 {height}，共 {to}', en: '{name} reads block {height} of {to}' },
  notGiven: { zh: '{name}：{peer} 没有给出历史：{problem}', en: '{name}: {peer} does not give the history: {problem}' },
  doesNotHold: {
    zh: '{name}：来自 {peer} 的历史不成立，将重新获取：{problem}',
    en: '{name}: the history from {peer} does not hold, and is fetched anew: {problem}',
  },
  noneLeads: {
    zh: '{peers} 的历史都不通向所取的状态：请删除 {name} 的数据库，它将另取状态',
    en: 'the histories of {peers} do not lead to the state that was taken: drop the database of {name}, and it takes another',
  },
  cannotBeRead: { zh: '无法读取：{problem}', en: 'it cannot be read: {problem}' },
  noSignIn: { zh: '它不接受任何一把密钥登录（{refusals}）', en: 'it lets none of the keys sign in ({refusals})' },

  closed: { zh: '已关闭（{code}）', en: 'closed ({code})' },
  streamBroken: { zh: '{name} 的数据流不成立：{problem}', en: 'the stream of {name} does not hold: {problem}' },
  streamOf: {
    zh: '{organisation}，来自 {node} 的节点：自位置 0 至区块 {height} 共 {events} 个事件',
    en: '{organisation}, from the node of {node}: {events} events from position 0 to block {height}',
  },
  streamProven: {
    zh: '每个哈希均已重算；每个主题均由三分之二以上验证节点的投票证明完整：',
    en: 'every hash recomputed; every topic proven complete under the votes of more than two thirds of the validators:',
  },
} as const satisfies Catalogue
