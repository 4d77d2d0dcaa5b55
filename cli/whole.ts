import { InvalidArgumentError } from 'commander'

const MOST = 99_999

/** Reads an option that is a count. @throws InvalidArgumentError, which Commander tells with the option's name */
export function whole(text: string): number {
  if (!/^\d{1,5}$/.test(text)) throw new InvalidArgumentError('a whole number is expected')
  return Number(text)
}

/** Reads one that has a least and a greatest. */
export const wholeFrom =
  (least: number, most = MOST) =>
  (text: string): number => {
    const value = whole(text)
    if (value < least) throw new InvalidArgumentError(`a whole number from ${least} on is expected`)
    if (value > most) throw new InvalidArgumentError(`at most ${most} is expected`)
    return value
  }
