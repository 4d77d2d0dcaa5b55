import { bundleWorkflowCode, DefaultLogger, type WorkflowBundleWithSourceMap } from '@temporalio/worker'
import { existsSync } from 'node:fs'
import { rename, writeFile } from 'node:fs/promises'
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

/**
 * Bundles the workflow code once for several processes, each of which runs it from this file.
 * @param file written anew: the code may be another than at the last start
 */
export async function bundleWorkflowsTo(file: string): Promise<{ readonly codePath: string }> {
  const { code } = await bundleWorkflows()
  await writeFile(`${file}.part`, code)
  await rename(`${file}.part`, file)
  return { codePath: file }
}
