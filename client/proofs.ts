import type { Command } from '#proof/command'
import type { AssetReceipt, CommandReceipt, EventReceipt, ExpiredReceipt, KeyReceipt, TopicReceipt, ValidatorsReceipt } from '#proof/receipt' // prettier-ignore
import type { SluiceClient } from './client.ts'

interface At {
  /** A position to wait for. */
  readonly at?: string
}
interface OfState extends At {
  /** After that block instead of the latest: one of the last 1,000. */
  readonly height?: number
}

/**
 * Every receipt that a node gives. It is as good as what `proof/verify-receipt.ts` says of it with a trust root of
 * one's own: these calls do not verify.
 */
export class Proofs {
  constructor(private readonly client: Pick<SluiceClient, 'get' | 'post'>) {}

  /** Of one's own command. */
  command(commandId: string, query: At = {}): Promise<CommandReceipt> {
    return this.client.get(`/v1/proofs/commands/${encodeURIComponent(commandId)}`, { ...query })
  }

  /** @param cursor `height.index.event` */
  event(cursor: string, query: At = {}): Promise<EventReceipt> {
    return this.client.get(`/v1/proofs/events/${encodeURIComponent(cursor)}`, { ...query })
  }

  topic(topic: string, query: OfState = {}): Promise<TopicReceipt> {
    return this.client.get(`/v1/proofs/topics/${encodeURIComponent(topic)}`, { ...query })
  }

  /** For a regulator. */
  key(key: string, query: OfState = {}): Promise<KeyReceipt> {
    return this.client.get(`/v1/proofs/keys/${encodeURIComponent(key)}`, { ...query })
  }

  /** That one's own command never happened; after its expiry. */
  expired(command: Command, { at }: At = {}): Promise<ExpiredReceipt> {
    return this.client.post(`/v1/proofs/expired${at === undefined ? '' : `?at=${encodeURIComponent(at)}`}`, { command })
  }

  /** Of an asset on the tape of one's own organisation; of its latest version when none is named. */
  asset(deal: string, asset: string, query: At & { readonly version?: number } = {}): Promise<AssetReceipt> {
    const path = `/v1/proofs/deals/${encodeURIComponent(deal)}/assets/${encodeURIComponent(asset)}`
    return this.client.get(path, { ...query })
  }

  /** From the validators of a height (1 by default) to those of now; on a ledger of validators. */
  validators(query: At & { readonly from?: number } = {}): Promise<ValidatorsReceipt> {
    return this.client.get('/v1/proofs/validators', { ...query })
  }
}
