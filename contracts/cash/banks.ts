/** Who keeps accounts and signs statement lines, with a bank's service key. */
export const BANKS = {
  roles: ['custodian', 'supervisory-bank', 'depository'],
  functions: ['service:bank'],
} as const
