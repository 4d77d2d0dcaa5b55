import { ApiError } from '#client/client'
import { NodeSilent } from '#client/patience'
import { SentenceError } from '#contracts/describe'
import { messageOf } from '#engines/say'
import { NotAgreed } from '#node/keys/person'
import { CommandFailure } from '../failure.ts'

/** What a node, or the person whose key it is, said no to, for whoever ran the command. */
export async function toldWhy<T>(url: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    if (error instanceof ApiError)
      throw new CommandFailure(`${error.message}\n${JSON.stringify(error.problem, null, 2)}`, 1, { cause: error })
    if (error instanceof NotAgreed) throw new CommandFailure('not signed, nothing was sent', 1, { cause: error })
    if (error instanceof SentenceError)
      throw new CommandFailure(`not signed, since it cannot be shown: ${error.message}`, 1, { cause: error })
    if (error instanceof NodeSilent) throw new CommandFailure(error.message, 1, { cause: error })
    // `fetch failed` is a TypeError with a cause: the node is away.
    if (error instanceof TypeError && error.cause !== undefined)
      throw new CommandFailure(`no node answers at ${url} (${messageOf(error.cause)})`, 1, { cause: error })
    throw error
  }
}
