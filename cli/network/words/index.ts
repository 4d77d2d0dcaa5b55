// The sentences of `sluice network`, in every language that it speaks.
import { sayingBy } from '../../language.ts'
import { FOUNDING } from './founding.ts'
import { GOVERNING } from './governing.ts'
import { JOINING } from './joining.ts'
import { RUNNING } from './running.ts'

/** By subject; no name is used twice. */
export const CATALOGUES = { RUNNING, FOUNDING, GOVERNING, JOINING }

export const words = sayingBy({ ...RUNNING, ...FOUNDING, ...GOVERNING, ...JOINING })
