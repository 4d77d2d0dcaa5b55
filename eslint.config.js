// Types and style of code. Which room may import which is in .dependency-cruiser.cjs.
import tseslint from 'typescript-eslint'

/** Contract and domain code is replayed by every node and must answer the same bytes everywhere (CONVENTIONS 15). */
const nondeterministicGlobals = [
  'Date',
  'Intl',
  'process',
  'performance',
  'fetch',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'crypto',
  'Buffer',
  'console',
  'navigator',
  'require',
  'eval',
  'Function',
  'WeakRef',
  'FinalizationRegistry',
].map((name) => ({ name, message: 'Contract and domain code must be deterministic and free of I/O.' }))

const deterministicSyntax = [
  {
    selector:
      "MemberExpression[object.name='Math'][property.name=/^(random|exp|expm1|log|log1p|log2|log10|pow|sin|cos|tan|sqrt|cbrt|hypot)$/]",
    message: 'Random or runtime-dependent Math in deterministic code.',
  },
  {
    selector: 'MemberExpression[property.name=/^(toLocale|localeCompare)/]',
    message: 'Locale-dependent call in deterministic code.',
  },
  { selector: 'AwaitExpression', message: 'Contract and domain code is synchronous.' },
]

const moneyIsNotNumber = [
  {
    selector:
      'PropertySignature[key.name=/(Fen|^fen|^amount|^balance|^principal|^interest|^fee)$/] > TSTypeAnnotation > TSNumberKeyword',
    message: 'Money is bigint fen, never number.',
  },
  {
    selector: 'Identifier[name=/(Fen|^fen)$/] > TSTypeAnnotation > TSNumberKeyword',
    message: 'Money is bigint fen, never number.',
  },
]

export default tseslint.config(
  { ignores: ['dist', 'node_modules', '.sluice', 'testdata', 'docs', '**/*.cjs', 'scripts/**'] },
  ...tseslint.configs.recommended,
  {
    files: ['**/*.ts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/no-explicit-any': 'error',
      'no-empty': ['error', { allowEmptyCatch: false }],
      'no-restricted-syntax': ['error', ...moneyIsNotNumber],
    },
  },
  {
    files: ['contracts/**/*.ts', 'domain/**/*.ts', 'proof/**/*.ts'],
    ignores: ['**/*.test.ts', '**/testing/**'],
    rules: {
      'no-restricted-globals': ['error', ...nondeterministicGlobals],
      'no-restricted-imports': [
        'error',
        { patterns: [{ group: ['node:*', 'fs', 'path', 'crypto'], message: 'No Node API in pure code.' }] },
      ],
    },
  },
  {
    // A node verifies what strangers send on its own thread, where the portable check costs ten times as much.
    files: ['node/**/*.ts', 'services/**/*.ts'],
    ignores: ['**/*.test.ts', '**/testing/**', 'services/verify-page/page/**'],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ group: ['#proof/signature', '#proof/ed25519', '#proof/sm2'], message: 'Use verifyNative.' }] },
      ],
    },
  },
  {
    files: ['contracts/**/*.ts'],
    ignores: ['**/*.test.ts', '**/testing/**'],
    rules: { 'no-restricted-syntax': ['error', ...moneyIsNotNumber, ...deterministicSyntax] },
  },
  {
    files: ['domain/**/*.ts'],
    // Projection and valuation estimates are the one place of floats (DESIGN.md); they are never contract code.
    ignores: ['**/*.test.ts', '**/testing/**', 'domain/projection/**', 'domain/valuation/**'],
    rules: { 'no-restricted-syntax': ['error', ...moneyIsNotNumber, ...deterministicSyntax] },
  },
)
