import { createInterface } from 'node:readline/promises'
import type { Readable, Writable } from 'node:stream'
import type { Ask } from '#node/keys/person'
import { CommandFailure } from '../failure.ts'
import { languageOf } from '../language.ts'
import { reviewLines } from './review-lines.ts'

interface Terminal {
  readonly input: Readable & { readonly isTTY?: boolean }
  readonly output: Writable
}
const own: Terminal = { input: process.stdin, output: process.stderr }

const WORDS = {
  zh: { question: '签署？[y/N] ', nobody: '无人可问：请先阅读将要签署的内容，然后加上 --yes' },
  en: { question: 'Sign this? [y/N] ', nobody: 'nobody to ask: read what would be signed, then give --yes' },
}

/**
 * Shows what is to be signed and asks, or with `yes` only shows it. Answers go to stdout: this does not.
 * @param lang as `--lang` was given @throws CommandFailure 2 for another than there is
 */
export function askOnTerminal({ yes, lang }: { yes?: true; lang?: string }, { input, output }: Terminal = own): Ask {
  const language = languageOf(lang)
  const words = WORDS[language]
  return async (review) => {
    output.write(`${reviewLines(review, language).join('\n')}\n`)
    if (yes) return true
    if (input.isTTY !== true) throw new CommandFailure(words.nobody, 2)
    const terminal = createInterface({ input, output })
    try {
      return /^(y|yes|是)$/i.test((await terminal.question(words.question)).trim())
    } finally {
      terminal.close()
    }
  }
}
