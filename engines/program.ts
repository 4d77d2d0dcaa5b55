import { join } from 'node:path'
import { checkout } from './paths.ts'

/**
 * A program of the checkout as Node is given it: the module of JavaScript that `npm run …` and the tests compile it to
 * before anything else (scripts/build.mjs, docs/adr/047).
 * @param source its path in the checkout: `cli/main.ts`
 */
export const program = (source: string): string => join(checkout, 'dist', source.replace(/\.ts$/, '.js'))
