import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import * as abci from 'cosmjs-types/tendermint/abci/types'
import type { JsonObject } from '#proof/json'
import { AbciClient, type Asked } from '../cometbft/abci/testing/client.ts'
import type { CometbftLedger } from '../cometbft/cometbft-ledger.ts'
import { timestamp } from './memory-application.ts'

/** Asks what must be answered. @throws with the exception, when it is one */
async function must(client: AbciClient, asked: Asked): Promise<abci.Response> {
  const answer = await client.ask(asked)
  if (answer && !answer.exception) return answer
  throw new Error(answer?.exception?.error ?? 'the connection was ended')
}

/**
 * Plays CometBFT for one node without validators, by hand: what the node broadcasts waits in its mempool until the test
 * makes a block, and the block bears the time that the test gives it. Its connections and its RPC are real ones.
 */
export class HandConsensus {
  /** Transactions that CheckTx took. */
  mempool: Uint8Array[] = []
  height = 0
  private constructor(
    private readonly server: Server,
    readonly rpcUrl: string,
  ) {
    server.on('request', (request, response) => {
      void this.answer(request).then((answer) => response.end(JSON.stringify(answer)))
    })
  }
  private consensus: AbciClient | undefined
  /** The connection beside that of consensus; also for what a test asks. */
  client!: AbciClient

  /** Its RPC listens; no node is attached yet. */
  static async start(): Promise<HandConsensus> {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new HandConsensus(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  }

  /** Connects and asks how far the node is; begins the chain of this document where there is none. */
  async attach(ledger: CometbftLedger, document: JsonObject, genesisMs: number): Promise<void> {
    this.hangUp()
    this.consensus = await AbciClient.dial(ledger.abciAddress)
    this.client = await AbciClient.dial(ledger.abciAddress)
    const { info } = await must(this.client, { info: {} })
    this.height = Number(info!.lastBlockHeight)
    if (this.height > 0) return
    const appStateBytes = Buffer.from(JSON.stringify(document))
    const { chainId } = ledger
    await must(this.consensus, { initChain: { chainId, appStateBytes, initialHeight: 1n, time: timestamp(genesisMs) } })
  }

  /** What the node would propose of the mempool, or of other transactions. */
  async proposal(timeMs: number, txs = this.mempool): Promise<readonly Uint8Array[]> {
    const height = BigInt(this.height + 1)
    const asked = { prepareProposal: { txs, height, time: timestamp(timeMs), maxTxBytes: 4n << 20n } }
    return (await must(this.consensus!, asked)).prepareProposal!.txs
  }

  async isAcceptable(txs: readonly Uint8Array[]): Promise<boolean> {
    const { processProposal } = await must(this.consensus!, { processProposal: { txs: [...txs] } })
    return processProposal!.status === abci.ResponseProcessProposal_ProposalStatus.ACCEPT
  }

  /** A block of these transactions, whatever the node would say of them; the rest of the mempool is checked again. */
  async block(timeMs: number, txs: readonly Uint8Array[] = this.mempool): Promise<abci.ResponseFinalizeBlock> {
    const height = BigInt(this.height + 1)
    const asked = { finalizeBlock: { txs: [...txs], height, time: timestamp(timeMs) } }
    const { finalizeBlock } = await must(this.consensus!, asked)
    await must(this.consensus!, { commit: {} })
    this.height += 1
    const left = this.mempool.filter((tx) => !txs.includes(tx))
    this.mempool = []
    for (const tx of left) if ((await this.check(tx, abci.CheckTxType.RECHECK)).code === 0) this.mempool.push(tx)
    return finalizeBlock!
  }

  async check(tx: Uint8Array, type = abci.CheckTxType.NEW): Promise<abci.ResponseCheckTx> {
    return (await must(this.client, { checkTx: { tx, type } })).checkTx!
  }

  /** Waits until the mempool holds so many. */
  async holds(count: number): Promise<void> {
    while (this.mempool.length < count) await new Promise((resolve) => setTimeout(resolve, 5))
  }

  private async answer(request: IncomingMessage): Promise<JsonObject> {
    const pieces: Uint8Array[] = []
    for await (const piece of request as AsyncIterable<Uint8Array>) pieces.push(piece)
    const { method, params } = JSON.parse(Buffer.concat(pieces).toString()) as {
      method: string
      params: { tx: string }
    }
    if (method !== 'broadcast_tx_sync') return { error: { message: 'Method not found', data: method } }
    const tx = Buffer.from(params.tx, 'base64')
    const { code, log } = await this.check(tx)
    if (code === 0) this.mempool.push(tx)
    return { result: { code, log } }
  }

  /** As a CometBFT that is killed. */
  hangUp(): void {
    this.consensus?.hangUp()
    this.client?.hangUp()
  }

  close(): void {
    this.hangUp()
    this.server.closeAllConnections()
    this.server.close()
  }
}
