import { publicKeyJson } from './keys.ts'

export interface CometValidator {
  readonly name: string
  /** 20 bytes, upper case hex */
  readonly address: string
  /** 32 bytes, base64 */
  readonly publicKey: string
  readonly power: number
}

/** A block takes this much of commands; a header with its commit and evidence comes on top. */
const MAX_BLOCK_BYTES = 4 * 1024 * 1024
const DAY_NS = 24n * 3_600n * 1_000_000_000n
/** Evidence of double signing is taken for as long: a light client trusts a validator set for less. */
const EVIDENCE_AGE_NS = 14n * DAY_NS

/** `genesis.json` of CometBFT; `appState` reaches the application in InitChain, as the same JSON text. */
export function cometGenesis(options: {
  /** At most 50 characters (CometBFT's MaxChainIDLen). */
  chainId: string
  timeMs: number
  validators: readonly CometValidator[]
  appState: unknown
  /** Of the first block; 1 unless the chain continues another ledger. */
  initialHeight?: number
}): string {
  const { chainId, timeMs, validators, appState, initialHeight = 1 } = options
  const document = {
    genesis_time: new Date(timeMs).toISOString(),
    chain_id: chainId,
    initial_height: String(initialHeight),
    consensus_params: {
      block: { max_bytes: String(MAX_BLOCK_BYTES), max_gas: '-1' },
      evidence: {
        max_age_num_blocks: '1000000',
        max_age_duration: String(EVIDENCE_AGE_NS),
        max_bytes: '262144',
      },
      validator: { pub_key_types: ['ed25519'] },
      version: { app: '0' },
      abci: { vote_extensions_enable_height: '0' },
    },
    validators: validators.map(({ name, address, publicKey, power }) => ({
      address,
      pub_key: publicKeyJson(publicKey),
      power: String(power),
      name,
    })),
    app_hash: '',
    app_state: appState,
  }
  return `${JSON.stringify(document, null, 2)}\n`
}
