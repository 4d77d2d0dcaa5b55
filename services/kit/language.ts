/** The two languages in which the house answers people; codes and field names are the same in both. */
export type Language = 'zh' | 'en'

export interface Words {
  readonly en: string
  readonly zh: string
}

/** The first of zh and en by quality in an Accept-Language header (RFC 9110 §12.5.4); English when neither is named. */
export function languageOf(header: string | undefined): Language {
  let best: { language: Language; q: number } | undefined
  for (const part of (header ?? '').slice(0, 500).split(',')) {
    const [tag = '', ...parameters] = part.trim().toLowerCase().split(';')
    const language = tag.startsWith('zh') ? 'zh' : tag.startsWith('en') ? 'en' : undefined
    const quality = parameters
      .map((text) => /^\s*q=([01](?:\.\d{1,3})?)\s*$/.exec(text)?.[1])
      .find((q) => q !== undefined)
    const q = quality === undefined ? 1 : Number(quality)
    if (language && q > (best?.q ?? 0)) best = { language, q }
  }
  return best?.language ?? 'en'
}
