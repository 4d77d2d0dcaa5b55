import { defineConfig } from 'vitest/config'

/**
 * Two projects. `unit` needs nothing and finishes in a minute; `engines` starts a real Postgres (and, where a test asks,
 * a real Temporal server) once for the run, on free ports, and stops them whatever happens.
 */
const shared = { resolve: { conditions: ['source'] }, ssr: { resolve: { conditions: ['source'] } } }
/** Programs that tests start are run as everybody runs them. */
const compile = 'scripts/build.mjs'
const ignored = ['**/node_modules/**', '**/dist/**', '**/.sluice/**']

export default defineConfig({
  ...shared,
  test: {
    reporters: ['default', './engines/testing/summary-reporter.ts'],
    projects: [
      {
        ...shared,
        test: {
          name: 'unit',
          include: ['**/*.test.ts'],
          globalSetup: [compile],
          exclude: [...ignored, '**/*.int.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          maxWorkers: 2,
          // One load of the modules for all files of a worker, which was a third of the run: no test here replaces a
          // module, and a stub of a global is taken back by the test that made it.
          isolate: false,
        },
      },
      {
        ...shared,
        test: {
          name: 'engines',
          include: ['**/*.int.test.ts'],
          exclude: ignored,
          globalSetup: [compile, 'engines/testing/global-setup.ts'],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
    ],
  },
})
