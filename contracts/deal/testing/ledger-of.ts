import { parseFen, sumFen, type Fen } from '#domain/money'
import type { Account } from '../../cash/state.ts'
import type { World } from '../../kernel/testing/world.ts'

/** Every cash account of a world. */
export const accountsOf = ({ state }: World): Account[] =>
  [...state].filter(([path]) => path.startsWith('cash/account/')).map(([, text]) => JSON.parse(text) as Account)

/** An account of double entry: money is made nowhere, so all accounts with the world outside add up to nothing. */
export const total = (accounts: readonly Account[]): Fen => sumFen(accounts.map(({ postedFen }) => parseFen(postedFen)))

/** What stands on accounts of these kinds, by owner. */
export function byOwner(accounts: readonly Account[], kinds: readonly Account['kind'][]): Record<string, Fen> {
  const owners: Record<string, Fen> = {}
  for (const { kind, owner, postedFen } of accounts) {
    if (kinds.includes(kind)) owners[owner] = (owners[owner] ?? 0n) + parseFen(postedFen)
  }
  return owners
}

/** Accounts that would be overdrawn, or have promised more than they hold. */
export const overdrawn = (accounts: readonly Account[]): Account[] =>
  accounts.filter(
    ({ kind, postedFen, reservedFen }) => kind !== 'external' && parseFen(postedFen) < parseFen(reservedFen),
  )
