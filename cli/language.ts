// The language in which a command speaks to a person. A process runs one command, so it has one language, as it has one
// locale: the command says which before it does anything, and whatever it calls goes by that.
import { LANGUAGES, type Language } from '#client/receipt-words'
import { CommandFailure } from './failure.ts'

/** What a person asked for by --lang, otherwise what the environment says. @throws CommandFailure 2 for another one */
export function languageOf(asked: string | undefined): Language {
  const locale = [process.env['LC_ALL'], process.env['LANG']].find((set) => set) ?? '' // one that is empty is not set
  const language = asked ?? (/^zh/i.test(locale) ? 'zh' : 'en')
  if (!(LANGUAGES as readonly string[]).includes(language)) throw new CommandFailure('--lang: zh or en', 2)
  return language as Language
}

let now: Language = 'en'

/** From here on this process speaks it. */
export function speak(language: Language): void {
  now = language
}

export const spoken = (): Language => now

/** Sentences by name, each in every language; `{name}` is replaced by what it is about. */
export type Catalogue = Readonly<Record<string, Readonly<Record<Language, string>>>>

/** The names in braces of a sentence. */
type Names<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}` ? Name | Names<Rest> : never

/** None where a sentence names nothing. */
type Values<Text extends string> = [Names<Text>] extends [never]
  ? readonly []
  : readonly [Readonly<Record<Names<Text>, string | number>>]

export const namesIn = (text: string): string[] => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!)

/** Says a sentence of the catalogue in the language that is spoken then. */
export const sayingBy =
  <const C extends Catalogue>(catalogue: C) =>
  <K extends keyof C & string>(key: K, ...[values]: Values<C[K][Language]>): string =>
    catalogue[key]![spoken()].replaceAll(/\{(\w+)\}/g, (_all, name: string) => String((values as Record<string, unknown>)[name])) // prettier-ignore
