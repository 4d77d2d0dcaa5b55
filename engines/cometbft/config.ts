// `config.toml` of one CometBFT process (v0.38), with what differs from its defaults and why.

export interface CometConfig {
  readonly moniker: string
  /** Where the application listens: `unix://PATH`, `tcp://127.0.0.1:PORT`, or the name of a built-in application. */
  readonly application: string
  readonly p2pPort: number
  readonly rpcPort: number
  /** `id@host:port` of every process it keeps a connection to. */
  readonly peers: readonly string[]
  /** Where a process that joins late finds a light client's facts; it then takes a snapshot instead of every block. */
  readonly stateSync?: StateSync
}

export interface StateSync {
  /** At least two, `http://host:port`: what they say is compared. */
  readonly rpcServers: readonly string[]
  readonly trustHeight: number
  /** Hash of the header at that height, hex; agreed on by other means than asking those servers. */
  readonly trustHash: string
}

/** For how long a process that joins trusts validators after their time: less than genesis keeps evidence (genesis.ts). */
export const TRUST_HOURS = 168

const text = (value: string): string => JSON.stringify(value) // TOML's basic strings are written as JSON's are

type Value = string | number | boolean
type Section = Readonly<Record<string, Value>>

const lines = (section: Section): string[] =>
  Object.entries(section).map(([name, value]) => `${name} = ${typeof value === 'string' ? text(value) : value}`)

function stateSyncOf(stateSync: StateSync | undefined): Section {
  if (!stateSync) return { enable: false }
  const { rpcServers, trustHeight, trustHash } = stateSync
  if (rpcServers.length < 2) throw new RangeError('state sync compares what at least two servers say')
  return {
    enable: true,
    rpc_servers: rpcServers.join(','),
    trust_height: trustHeight,
    trust_hash: trustHash.toUpperCase(),
    trust_period: `${TRUST_HOURS}h0m0s`,
    discovery_time: '5s', // CometBFT's smallest
    chunk_request_timeout: '10s',
  }
}

/** The file as the program reads it. */
export function configFile(config: CometConfig): string {
  const { moniker, application, p2pPort, rpcPort, peers } = config
  const top: Section = {
    version: '0.38.25',
    proxy_app: application,
    moniker,
    db_backend: 'goleveldb',
    log_level: 'info',
    log_format: 'plain',
    abci: 'socket',
    filter_peers: false,
  }
  const sections: Readonly<Record<string, Section>> = {
    rpc: {
      laddr: `tcp://127.0.0.1:${rpcPort}`,
      max_body_bytes: 4_000_000,
      max_subscriptions_per_client: 20,
      timeout_broadcast_tx_commit: '30s',
    },
    p2p: {
      laddr: `tcp://127.0.0.1:${p2pPort}`,
      persistent_peers: peers.join(','),
      persistent_peers_max_dial_period: '5s', // a peer that was away for long is met again soon
      pex: false, // the members of a consortium know each other
      addr_book_strict: false, // loopback addresses
      allow_duplicate_ip: true,
      flush_throttle_timeout: '10ms',
      handshake_timeout: '5s',
      dial_timeout: '3s',
      max_packet_msg_payload_size: 10_240,
      send_rate: 20_480_000,
      recv_rate: 20_480_000,
    },
    mempool: {
      type: 'flood',
      recheck: true,
      broadcast: true,
      size: 5_000,
      max_tx_bytes: 1_048_576,
      max_txs_bytes: 67_108_864,
      cache_size: 10_000,
    },
    statesync: stateSyncOf(config.stateSync),
    blocksync: { version: 'v0' },
    consensus: {
      // One machine: messages take microseconds, but a busy processor may keep a process waiting for a second.
      timeout_propose: '2s',
      timeout_propose_delta: '500ms',
      timeout_prevote: '500ms',
      timeout_prevote_delta: '250ms',
      timeout_precommit: '500ms',
      timeout_precommit_delta: '250ms',
      timeout_commit: '100ms',
      create_empty_blocks: false,
      // The time of a block is that of the votes for the block before it. After an idle hour the next block would bear
      // a time an hour old and refuse every command as issued in its future (LEDGER.md §3): hence one block a minute.
      create_empty_blocks_interval: '60s',
      peer_gossip_sleep_duration: '10ms',
      peer_query_maj23_sleep_duration: '1s',
    },
    storage: { discard_abci_responses: false },
    tx_index: { indexer: 'null' }, // the node keeps its own record of commands
    instrumentation: { prometheus: false },
  }
  const parts = Object.entries(sections).map(([name, section]) => [`[${name}]`, ...lines(section)].join('\n'))
  return `${['# Written at every start from network.json.', ...lines(top), '', ...parts].join('\n')}\n`
}
