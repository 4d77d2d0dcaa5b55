// Imports point one way (docs/ARCHITECTURE.md): domain, proof ← contracts ← ledger-adapter ← node ← services ← workflows ← cli.
const rooms = {
  domain: [],
  proof: [],
  contracts: ['domain', 'proof'],
  'ledger-adapter': ['domain', 'proof', 'contracts'],
  node: ['domain', 'proof', 'contracts', 'ledger-adapter'],
  services: ['domain', 'proof', 'contracts', 'ledger-adapter', 'node'],
  workflows: ['domain', 'proof', 'contracts', 'ledger-adapter', 'node', 'services'],
  reports: ['domain'],
  client: ['domain', 'proof'],
  portal: ['client', 'domain', 'proof'],
  engines: [],
}
const names = Object.keys(rooms).concat('cli', 'bench')
/** Tests may reach for engines (real Postgres, Temporal) and for the adapters they run against. */
const testFile = '\\.test\\.ts$|/testing/'

/** Runs in browsers: it knows the client, and of the contracts what a signer agrees to. */
const browserCode = '^services/verify-page/page/'

module.exports = {
  forbidden: [
    {
      name: 'browser-code-is-portable',
      severity: 'error',
      comment: 'What runs in a browser may import client, contracts, domain, proof.',
      from: { path: browserCode, pathNot: testFile },
      to: {
        path: `^(?!${browserCode.slice(1)})(ledger-adapter|node|services|workflows|engines|cli|bench|reports)/|^node:`,
      },
    },
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'abci-stands-alone',
      severity: 'error',
      comment: 'The ABCI server knows nothing of Sluice, so that it could be published on its own.',
      from: { path: '^ledger-adapter/cometbft/abci/', pathNot: testFile },
      to: { pathNot: '^ledger-adapter/cometbft/abci/|^(node:)?(net|fs)$|node_modules/cosmjs-types/' },
    },
    ...Object.entries(rooms).map(([room, allowed]) => ({
      name: `room-${room}`,
      severity: 'error',
      comment: `${room} may import ${allowed.join(', ') || 'no other room'}`,
      from: { path: `^${room}/`, pathNot: room === 'services' ? `${testFile}|${browserCode}` : testFile },
      to: { path: `^(${names.filter((n) => n !== room && !allowed.includes(n)).join('|')})/` },
    })),
    {
      name: 'services-do-not-meet',
      severity: 'error',
      comment: 'Services meet on the ledger, not in code.',
      from: { path: '^services/(issuance|servicing|receivable-split|penetration)/', pathNot: testFile },
      to: { path: '^services/(issuance|servicing|receivable-split|penetration)/', pathNot: '^services/$1/' },
    },
    {
      name: 'workflow-code-imports-types-only',
      severity: 'error',
      comment: 'A workflow file imports activity types only; activities come from createActivities(deps).',
      from: { path: '^workflows/definitions/' },
      to: { path: '^(ledger-adapter|node|services|engines)/', dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|\\.sluice|node_modules)' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { conditionNames: ['source', 'import', 'node', 'default'], extensions: ['.ts', '.js'] },
  },
}
