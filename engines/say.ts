/** One line of progress for the person at the terminal. */
export type Say = (line: string) => void

/** Progress goes to stderr, so that the output of a command can be piped. */
export const sayOnStderr: Say = (line) => {
  process.stderr.write(`sluice: ${line}\n`)
}

/** The text of anything thrown, on one line; for lists of what was tried. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message || error.name : String(error)
  return text.trim().replaceAll(/\s*\n\s*/g, ' | ')
}

export const sleep = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, milliseconds)
  })
