import { bundleWorkflowCode, DefaultLogger, type WorkflowBundleWithSourceMap } from '@temporalio/worker'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Running from source the definitions are TypeScript, in a build they are JavaScript beside this file. */
const definitions = ['./definitions/index.ts', './definitions/index.js']
  .map((path) => fileURLToPath(new URL(path, import.meta.url)))
  .find((path) => existsSync(path))

/**
 * Bundles the workflow code once for all workers of a process; takes a few seconds.
 * @param entry another module of workflows than the house's: tests have some of their own
 */
export async function bundleWorkflows(entry?: URL): Promise<WorkflowBundleWithSourceMap> {
  const workflowsPath = entry ? fileURLToPath(entry) : definitions
  if (!workflowsPath) throw new Error('the workflow definitions are not beside workflows/bundle')
  return bundleWorkflowCode({
    workflowsPath,
    logger: new DefaultLogger('WARN'),
    webpackConfigHook: (config) => ({
      ...config,
      resolve: { ...config.resolve, conditionNames: ['source', 'import', 'require', 'default'] },
    }),
  })
}
