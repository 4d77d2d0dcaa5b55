import { createInterface } from 'node:readline/promises'
import type { Readable, Writable } from 'node:stream'
import type { Ask } from '#node/keys/person'
import { CommandFailure } from '../failure.ts'
import { reviewLines } from './review-lines.ts'

interface Terminal {
  readonly input: Readable & { readonly isTTY?: boolean }
  readonly output: Writable
}
const own: Terminal = { input: process.stdin, output: process.stderr }

/** Shows what is to be signed and asks, or with `yes` only shows it. Answers go to stdout: this does not. */
export function askOnTerminal({ yes, lang }: { yes?: true; lang: string }, { input, output }: Terminal = own): Ask {
  if (lang !== 'zh' && lang !== 'en') throw new CommandFailure('--lang: zh or en', 2)
  return async (review) => {
    output.write(`${reviewLines(review, lang).join('\n')}\n`)
    if (yes) return true
    if (input.isTTY !== true) throw new CommandFailure('nobody to ask: read what would be signed, then give --yes', 2)
    const terminal = createInterface({ input, output })
    try {
      return /^(y|yes|是)$/i.test(
        (await terminal.question(lang === 'zh' ? '签署？[y/N] ' : 'Sign this? [y/N] ')).trim(),
      )
    } finally {
      terminal.close()
    }
  }
}
