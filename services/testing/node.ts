import WebSocket from 'ws'
import { genesisEvents } from '#contracts/genesis'
import { callerOf } from '#contracts/membership/caller'
import { registry } from '#contracts/registry'
import { testGenesis, testSecretKey } from '#contracts/testing/consortium'
import { SluiceClient, type ClientSigner } from '#client/client'
import { Subscriber, type SubscriberOptions } from '#client/subscriber'
import { testDatabase } from '#engines/testing/index'
import { EmbeddedLedger } from '#ledger-adapter/embedded/embedded-ledger'
import type { SequencerLimits } from '#ledger-adapter/embedded/limits'
import { signingKey } from '#ledger-adapter/application/operator-key'
import type { Ledger } from '#ledger-adapter/port'
import { genesisHash } from '#proof/block'
import type { JsonObject } from '#proof/json'
import type { Trust } from '#proof/receipt'
import { createNodeApp, type NodeApp, type NodeAppOptions } from '../app.ts'

/** A workflow engine that keeps what it is asked, and carries a split's bytes to the ledger as the workflow would. */
export class RecordedWorkflows {
  readonly started: { name: string; workflowId: string; participant: string; input: JsonObject }[] = []
  readonly hints: string[] = []
  constructor(private readonly ledger: Ledger) {}

  async start(request: { name: string; workflowId: string; participant: string; input: object }): Promise<void> {
    if (this.started.some(({ workflowId }) => workflowId === request.workflowId)) return
    const input = request.input as JsonObject
    this.started.push({ ...request, input })
    const { signedBase64 } = input
    if (typeof signedBase64 === 'string') await this.ledger.submit(Buffer.from(signedBase64, 'base64'))
  }

  async hint(workflowId: string): Promise<void> {
    this.hints.push(workflowId)
  }
}

export interface TestNode extends NodeApp {
  readonly ledger: Ledger
  readonly workflows: RecordedWorkflows
  readonly url: string
  readonly trust: Trust
  /** `core:maker`, `supplier-1:maker`, `regulator:viewer`, … */
  as(operator: string): SluiceClient
  subscribe(operator: string, options: Partial<SubscriberOptions> & Pick<SubscriberOptions, 'onEvent'>): Subscriber
  stop(): Promise<void>
}

export const signerOf = (operator: string): ClientSigner => {
  const [participant = '', role = ''] = operator.split(':')
  const key = signingKey(testSecretKey(operator))
  return { participant, keyId: `${role}-key`, sign: (message) => key.sign(message) }
}

/** A node on a real ledger, a real Postgres and a real port, for the consortium of tests. */
export async function startTestNode({
  limits = {},
  ...options
}: Partial<NodeAppOptions> & { limits?: Partial<SequencerLimits> } = {}): Promise<TestNode> {
  const { url: databaseUrl } = await testDatabase()
  const document = testGenesis()
  const genesis = { document: document as unknown as JsonObject, events: genesisEvents(document) }
  const operatorKey = signingKey(testSecretKey('ledger'))
  const ledger = await EmbeddedLedger.open({ databaseUrl, genesis, registry, callerOf, operatorKey, limits })
  const workflows = new RecordedWorkflows(ledger)
  const errors: string[] = []
  const node = await createNodeApp({
    ledger,
    databaseUrl,
    workflows,
    checkAnswers: true,
    onError: (where, error) => errors.push(`${where}: ${String(error)}`),
    ...options,
  })
  const url = await node.app.listen({ host: '127.0.0.1', port: 0 })
  const trust = {
    chainId: ledger.chainId,
    genesisHash: genesisHash(genesis.document),
    operatorKey: operatorKey.publicKey,
  }
  const clients = new Map<string, SluiceClient>()
  const as = (operator: string): SluiceClient => {
    const client = clients.get(operator) ?? new SluiceClient({ url, signer: signerOf(operator) })
    clients.set(operator, client)
    return client
  }
  return {
    ...node,
    ledger,
    workflows,
    url,
    trust,
    as,
    subscribe: (operator, rest) =>
      new Subscriber({
        url,
        trust,
        token: as(operator).token,
        socket: (address, protocols) => new WebSocket(address, protocols) as never,
        pauseMs: () => 20,
        ...rest,
      }).start(),
    async stop() {
      await node.close()
      await ledger.close()
      if (errors.length > 0) throw new Error(`the node complained: ${errors.join('; ')}`)
    },
  }
}
