import { bundleWorkflowCode, DefaultLogger, type WorkflowBundleWithSourceMap } from '@temporalio/worker'
import { rename, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

/** Tests run from source, where the definitions are TypeScript; programs from what was compiled. */
const isSource = import.meta.url.endsWith('.ts')
const definitions = fileURLToPath(new URL(`./definitions/index.${isSource ? 'ts' : 'js'}`, import.meta.url))

/**
 * Bundles the workflow code once for all workers of a process; takes a few seconds.
 * @param entry another module of workflows than the house's: tests have some of their own
 */
export async function bundleWorkflows(entry?: URL): Promise<WorkflowBundleWithSourceMap> {
  const workflowsPath = entry ? fileURLToPath(entry) : definitions
  return bundleWorkflowCode({
    workflowsPath,
    logger: new DefaultLogger('WARN'),
    webpackConfigHook: (config) => ({
      ...config,
      resolve: { ...config.resolve, conditionNames: [...(isSource ? ['source'] : []), 'import', 'require', 'default'] },
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
