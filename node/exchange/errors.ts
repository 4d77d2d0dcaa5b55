/** Why a file could not be handed over or taken. */
export class ExchangeError extends Error {
  override readonly name = 'ExchangeError'
  constructor(
    readonly code:
      'BAD_KEY' | 'NOT_FOR_YOU' | 'TAMPERED' | 'NOT_FOUND' | 'BAD_MANIFEST' | 'BAD_RECEIPT' | 'UNREACHABLE',
    readonly details: Readonly<Record<string, string | number>>,
  ) {
    super(`${code} ${JSON.stringify(details)}`)
  }
}
