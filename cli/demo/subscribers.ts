import WebSocket from 'ws'
import { Subscriber } from '#client/subscriber'
import type { VerifiedEvent } from '#client/subscriber-state'
import type { Stack } from '../stack/stack.ts'
import { CAST } from './consortium.ts'
import type { People, Who } from './people.ts'

export interface Listening {
  readonly name: string
  readonly who: Who
  /** Waits until every topic's proven head is reached, and says what was verified. */
  finish(height: number): Promise<{ events: number; topics: number }>
}

/** A regulator, who sees all, and an investor, who sees its plan and itself; on real websockets. */
export function listen(people: People, stack: Stack, onFault: (error: Error) => void): Listening[] {
  const subscribe = (name: string, who: Who): Listening => {
    const seen = new Set<string>()
    const subscriber = new Subscriber({
      url: stack.url,
      token: people.client(who).token,
      trust: stack.trust,
      socket: (url, protocols) => new WebSocket(url, protocols) as never,
      onEvent: ({ cursor }: VerifiedEvent) => void seen.add(cursor),
    }).start()
    subscriber.done.catch(onFault)
    return {
      name,
      who,
      async finish(height) {
        const heads = await subscriber.complete({ height })
        subscriber.close()
        return { events: seen.size, topics: heads.length }
      },
    }
  }
  return [subscribe('regulator', `${CAST.regulator}/supervisor`), subscribe('investor', `${CAST.juniorInvestor}/maker`)]
}
