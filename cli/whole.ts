import { InvalidArgumentError } from 'commander'

const MAX_DIGITS = 5

/** Reads an option that is a count. @throws InvalidArgumentError, which Commander tells with the option's name */
export function whole(text: string): number {
  if (!/^\d+$/.test(text) || text.length > MAX_DIGITS) throw new InvalidArgumentError('a whole number is expected')
  return Number(text)
}

/** Reads one that has a least and a greatest. */
export const wholeFrom =
  (least: number, most = 10 ** MAX_DIGITS - 1) =>
  (text: string): number => {
    const value = whole(text)
    if (value < least) throw new InvalidArgumentError(`a whole number from ${least} on is expected`)
    if (value > most) throw new InvalidArgumentError(`at most ${most} is expected`)
    return value
  }
