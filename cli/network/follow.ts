import { join } from 'node:path'
import WebSocket from 'ws'
import { Proofs } from '#client/proofs'
import { Subscriber } from '#client/subscriber'
import { StreamError, type ProvenHead, type VerifiedEvent } from '#client/subscriber-state'
import type { Say } from '#engines/say'
import { CommandFailure } from '../failure.ts'
import { spoken } from '../language.ts'
import { trustFollowed, trustOf } from '../verify/trust.ts'
import { asOperator, calling, nodeServing } from './as-operator.ts'
import { cometHome, readManifest } from './manifest.ts'
import { words } from './words/index.ts'

export interface FollowOptions {
  readonly home: string
  readonly organisation: string
  /** Who signs in; whoever has a key for looking unless said otherwise. */
  readonly operator?: string
  /** End when everything up to the present block is here and proven. */
  readonly once: boolean
  /** Every event as a line of JSON. */
  readonly json: boolean
  readonly print: Say
  readonly say: Say
}

/**
 * `sluice network follow`: an organisation's stream from position 0, from the node that serves it, and every bit of it
 * verified against the validators of the genesis, followed to those of now: each hash recomputed, each topic proven
 * complete.
 * @throws CommandFailure with the topic and the sequence where the stream stops being whole
 */
export async function followFeed(options: FollowOptions): Promise<void> {
  const { home, organisation, operator, once, json, print, say } = options
  const manifest = await readManifest(home)
  nodeServing(manifest, organisation) // says so before keys are opened
  const wanted = operator === undefined ? ({ function: 'viewer' } as const) : { operator }
  const { client, node, url } = await asOperator(home, manifest, organisation, wanted)
  const { height } = await calling(node, url, () => client.get<{ height: number }>('/v1/head'))
  const founders = await trustOf({ validators: join(cometHome(home, node.name), 'config', 'genesis.json') }, spoken())
  const trust = await trustFollowed(founders, (from) => new Proofs(client).validators({ from }), spoken())
  let events = 0
  let isCaughtUp = false
  const subscriber = new Subscriber({
    url,
    token: client.token,
    trust,
    socket: (address, protocols) => new WebSocket(address, protocols) as never,
    onEvent: (event) => {
      events += 1
      if (json) print(JSON.stringify(event))
      else if (isCaughtUp) print(eventLine(event))
    },
    onLine: (what) => {
      if (what.kind === 'closed' && what.code !== 1000)
        say(`${url}: ${what.reason || words('closed', { code: what.code })}`)
    },
  }).start()
  try {
    const heads = await subscriber.complete({ height })
    const lines = summaryOf({ organisation, node: node.name, events, heads })
    for (const line of lines) (json ? say : print)(line)
    isCaughtUp = true
    if (!once) await subscriber.done
  } catch (error) {
    if (error instanceof StreamError) throw new CommandFailure(words('streamBroken', { name: node.name, problem: error.message }), 1, { cause: error }) // prettier-ignore
    throw error
  } finally {
    subscriber.close()
  }
}

const eventLine = ({ cursor, contract, event, topics }: VerifiedEvent): string =>
  `${cursor.padEnd(12)} ${`${contract}.${event}`.padEnd(32)} ${topics.join(' ')}`

function summaryOf(found: {
  organisation: string
  node: string
  events: number
  heads: readonly ProvenHead[]
}): string[] {
  const { organisation, node, events, heads } = found
  const height = Math.max(...heads.map((head) => head.height))
  return [
    words('streamOf', { organisation, node, events, height }),
    `  ${words('streamProven')}`,
    ...heads.map(
      ({ topic, count, hash }) => `  ${topic.padEnd(40)} ${String(count).padStart(6)}  ${hash.slice(0, 16)}…`,
    ),
  ]
}
