import { ApiError, SluiceClient } from '#client/client'
import type { CommandName } from '#proof/command'
import type { JsonObject } from '#proof/json'
import type { Keyring } from '#node/keys/keyring'
import type { Stack } from '../stack/stack.ts'
import { clientSigner } from '../stack/keys.ts'

/** The demonstration answers for its people. What cannot be shown in full is not signed here either. */
const agree = (): boolean => true

/** `huaxia-securities/payer` */
export type Who = `${string}/${string}`

/**
 * The people and services of the demonstration, each with its own key, all of them callers of the HTTP API. A step has a
 * name, and from it the command's id: a step that an earlier, interrupted run performed is not performed again.
 */
export class People {
  private readonly clients = new Map<Who, SluiceClient>()
  performed = 0

  constructor(
    private readonly stack: Pick<Stack, 'url' | 'ledger'>,
    private readonly keyrings: ReadonlyMap<string, Keyring>,
  ) {}

  client(who: Who): SluiceClient {
    const known = this.clients.get(who)
    if (known) return known
    const [participant = '', operator = ''] = who.split('/')
    const keyring = this.keyrings.get(participant)
    if (!keyring) throw new Error(`no keys of ${participant}`)
    const signer = clientSigner(keyring, operator, agree)
    const client = new SluiceClient({ url: this.stack.url, signer })
    this.clients.set(who, client)
    return client
  }

  /** Signs and sends a command and insists that it is accepted, now or in an earlier run. */
  async does(who: Who, step: string, name: string, args: JsonObject, path?: string): Promise<void> {
    const commandId = `demo:${step}`
    const client = this.client(who)
    const [participant = ''] = who.split('/')
    const command = { participant, commandId }
    if (await this.wasAccepted(command)) return
    try {
      if (path === undefined) await client.perform(name, args, { commandId })
      else await client.performAt(path, name, args, { commandId })
      this.performed += 1
    } catch (error) {
      // Resent after a crash between commit and answer: another time of issue, hence other bytes under the same id.
      if (error instanceof ApiError && error.code === 'COMMAND_ID_CONFLICT' && (await this.wasAccepted(command))) return
      throw error
    }
  }

  private async wasAccepted(command: CommandName): Promise<boolean> {
    const before = await this.stack.ledger.outcome(command)
    if (before && !before.outcome.accepted) {
      throw new Error(`${command.commandId} was refused in an earlier run: ${JSON.stringify(before.outcome.refusal)}`)
    }
    return before !== undefined
  }
}
