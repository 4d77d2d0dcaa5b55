// The rooms of the house, for the scripts that go through all of them.
// prettier-ignore
export const ROOMS = ['domain', 'proof', 'contracts', 'ledger-adapter', 'node', 'services', 'workflows', 'reports', 'client', 'portal', 'cli', 'engines', 'bench']
