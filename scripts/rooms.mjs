// The rooms of the house, for the scripts that go through all of them.
import { existsSync } from 'node:fs'
import { join } from 'node:path'

// prettier-ignore
const all = ['domain', 'proof', 'contracts', 'ledger-adapter', 'node', 'services', 'workflows', 'reports', 'client', 'portal', 'cli', 'engines', 'bench']

/** Those that are there already. */
export const ROOMS = all.filter((room) => existsSync(join(import.meta.dirname, '..', room)))
