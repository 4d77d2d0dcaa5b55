import { describe } from '#contracts/describe'
import { registry } from '#contracts/registry'
import { reviewOf, type Review } from '#contracts/review'
import type { Command } from '#proof/command'

/** @throws SentenceError, CanonicalError: what cannot be said in full is not signed */
export const review = (command: Command): Review => reviewOf(describe(registry), command)
