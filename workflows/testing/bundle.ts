import { bundleWorkflows } from '../bundle.ts'

let bundling: ReturnType<typeof bundleWorkflows> | undefined

/** The workflow code of this process, with the workflows of tests. */
export const testBundle = (): ReturnType<typeof bundleWorkflows> =>
  (bundling ??= bundleWorkflows(new URL('./definitions.ts', import.meta.url)))
