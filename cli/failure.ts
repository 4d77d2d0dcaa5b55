import type { Language } from '#client/receipt-words'

// How a command's failure looks to the person who ran it.

/**
 * A failure with an exit code of its own. Codes: 0 done; 1 it failed; 2 the command line was wrong; anything else is
 * documented by its command.
 */
export class CommandFailure extends Error {
  constructor(
    message: string,
    readonly exitCode = 1,
    options?: ErrorOptions,
  ) {
    super(message, options)
    this.name = 'CommandFailure'
  }
}

/** One text for anything thrown: its message and those of its causes; with `debug` set, the whole of it. */
export function explain(error: unknown, debug: string | undefined, language: Language = 'en'): string {
  if (debug !== undefined && debug !== '') {
    return error instanceof Error ? (error.stack ?? error.message) : String(error)
  }
  const [first, ...causes] = reasonsOf(error)
  return [`sluice: ${first}`, ...causes.map((cause) => `  ${language === 'zh' ? '原因' : 'because'}: ${cause}`)].join(
    '\n',
  )
}

/** The message, then those of its causes; one that only repeats what was said is left out. */
function reasonsOf(error: unknown): string[] {
  const reasons: string[] = []
  const add = (each: unknown, depth: number): void => {
    if (each === undefined || depth === 5) return
    const text = each instanceof Error ? each.message || each.name : String(each)
    if (!reasons.some((reason) => reason.includes(text))) reasons.push(text)
    if (each instanceof AggregateError) for (const part of each.errors) add(part, depth + 1)
    if (each instanceof Error) add(each.cause, depth + 1)
  }
  add(error, 0)
  return reasons
}

export const exitCodeOf = (error: unknown): number => (error instanceof CommandFailure ? error.exitCode : 1)
