import type { Description } from '#contracts/describe'
import { reviewOf, type Review } from '#contracts/review'
import type { Command } from '#proof/command'
import { COMMAND_MESSAGE, type Signer } from './signer.ts'

/** Shows a person what a command says and answers whether they sign it. */
export type Ask = (review: Review) => Promise<boolean> | boolean

/** The person whose key it is did not want to sign. */
export class NotAgreed extends Error {
  override readonly name = 'NotAgreed'
  constructor(readonly review: Review) {
    super(`not signed: ${review.sentence.en}`)
  }
}

/** A key that a service alone uses has named scopes and no others. */
export const isPersonal = ({ functions }: Pick<Signer, 'functions'>): boolean =>
  functions.some((name) => !name.startsWith('service:'))

/**
 * A person's key as it is to be used: each command is shown before it is signed, and what is signed is what was shown. No
 * command is signed as a bare message, whose meaning could not be shown. A service's key comes back as it is.
 * @param description of the contracts that this organisation trusts
 */
export function shownFirst(signer: Signer, description: Description, ask: Ask): Signer {
  if (!isPersonal(signer)) return signer
  return {
    ...signer,
    async sign(command: Command) {
      const review = reviewOf(description, command)
      if (!(await ask(review))) throw new NotAgreed(review)
      return signer.sign(review.command)
    },
    signMessage(message) {
      if (Buffer.from(message).subarray(0, COMMAND_MESSAGE.length).equals(COMMAND_MESSAGE)) {
        throw new RangeError("a person's key signs a command only after it was shown")
      }
      return signer.signMessage(message)
    },
  }
}
