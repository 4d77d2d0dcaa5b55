import type { Catalogue } from '../../language.ts'

/** What is said about the network's folder, its processes and how they are. */
export const RUNNING = {
  noNetwork: {
    zh: '{home} 中没有网络：请用 `sluice network create --home {home}` 创建',
    en: 'there is no network in {home}: make one with `sluice network create --home {home}`',
  },
  notJson: { zh: '{file} 不是 JSON', en: '{file} is not JSON' },
  noManifest: {
    zh: '{file} 不是网络的描述：{where} {problem}',
    en: '{file} does not describe a network: {where} {problem}',
  },
  noNode: { zh: '{field}没有节点 {name}；现有 {there}', en: '{field}no node {name}; there are {there}' },
  noOrganisation: {
    zh: '没有机构 {organisation}；现有 {there}',
    en: 'no organisation {organisation}; there are {there}',
  },
  noOperator: {
    zh: '{participant} 没有操作员 {operator}；现有 {there}',
    en: '{participant} has no operator {operator}; there are {there}',
  },
  noFunction: {
    zh: '{participant} 没有职能为 {wanted} 的操作员；现有 {there}',
    en: '{participant} has no operator of function {wanted}; there are {there}',
  },
  nodeSilent: { zh: '{name} 的节点：{problem}', en: 'the node of {name}: {problem}' },
  nodeAway: {
    zh: '{name} 的节点在 {url} 没有应答（{problem}）；`sluice network up` 是否在运行？',
    en: 'the node of {name} does not answer at {url} ({problem}); is `sluice network up` running?',
  },
  socketTooLong: {
    zh: '{own} 和 {short} 作为套接字路径都过长（上限 {bytes} 字节）：请选用较短的 --home，或设置 TMPDIR',
    en: '{own} and {short} are too long for a socket ({bytes} bytes): choose a shorter --home, or set TMPDIR',
  },
  socketFolder: {
    zh: '{folder} 必须是当前用户所有、权限为 0700 的文件夹；请将其删除，或设置 TMPDIR',
    en: "{folder} must be a folder of this user's with mode 0700; remove it, or set TMPDIR",
  },
  notAKey: { zh: '{file}：不是验证节点的密钥', en: '{file}: not the key of a validator' },
  noWholeCopy: { zh: '没有节点保有完整的合约包 {hash}', en: 'no node has a whole copy of the contracts {hash}' },

  needsDatabase: { zh: 'DATABASE_URL 必须指明该节点的数据库', en: 'DATABASE_URL must name the database of this node' },
  ledgerFailed: { zh: '账本无法继续：{problem}', en: 'the ledger cannot go on: {problem}' },
  portsTaken: {
    zh: '端口 {ports} 已被其他程序占用：网络改用新的端口',
    en: 'another program has port {ports}: the network takes new ones',
  },
  portsBlocked: {
    zh: '浏览器和 fetch 拒绝访问端口 {ports}：网络改用新的端口',
    en: 'browsers and fetch refuse to ask port {ports}: the network takes new ones',
  },
  childEnded: {
    zh: '{child} 已终止，正在重新启动。它的最后一行：{words}',
    en: '{child} has ended; starting it again. Its last words: {words}',
  },
  endedStarting: { zh: '{name} 的节点在启动时终止：\n{tail}', en: 'the node of {name} ended while starting:\n{tail}' },
  notListening: { zh: '{name} 的节点没有开始监听：\n{tail}', en: 'the node of {name} does not listen:\n{tail}' },
  cometSilent: { zh: '{name} 的 CometBFT 没有应答：\n{tail}', en: 'CometBFT of {name} does not answer:\n{tail}' },
  engineEnded: { zh: '{engine} 已终止：{words}', en: '{engine} has ended: {words}' },
  up: {
    zh: '{chainId}：{nodes} 个节点，其中 {votes} 个为创始验证节点；{postgres}',
    en: '{chainId}: {nodes} nodes, {votes} of them founding validators; {postgres}',
  },
  howToStop: {
    zh: '按 Ctrl-C 全部停止；下次启动从停下处继续。',
    en: 'Ctrl-C stops everything; the next start takes it up where it stood.',
  },
  startAgain: {
    zh: '{failure}\n请用 `sluice network up --home {home}` 重新启动；已确认的内容都不会丢失。',
    en: '{failure}\nStart again with `sluice network up --home {home}`; nothing acknowledged is lost.',
  },
  apisSilent: { zh: '{nodes} 的 API 没有应答：\n{tail}', en: 'the API of {nodes} does not answer:\n{tail}' },
  apiJoined: { zh: 'API {url}（已加入）', en: 'API {url} (joined)' },
  servedAdmitted: { zh: '由 {host} 的节点代管（已接纳）', en: 'served by the node of {host} (admitted)' },

  silent: { zh: '没有应答', en: 'does not answer' },
  height: { zh: '高度 {height}', en: 'height {height}' },
  appHash: { zh: '应用哈希 {hash}', en: 'app hash {hash}' },
  onePeer: { zh: '1 个对等节点', en: '1 peer' },
  peers: { zh: '{count} 个对等节点', en: '{count} peers' },
  votes: { zh: '参与投票', en: 'votes' },
  follows: { zh: '只跟随', en: 'follows' },
  catchingUp: { zh: '正在追赶', en: 'catching up' },
  apiSilent: { zh: '其 API 不为账本应答', en: 'its API does not answer for its ledger' },
  notWell: { zh: '状况不佳：{nodes}', en: 'not well: {nodes}' },
} as const satisfies Catalogue
