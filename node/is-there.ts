import { stat } from 'node:fs/promises'

/** Whether there is such a file. @throws what hinders looking: a file that may not be seen is not one that is missing */
export const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false
      throw error
    },
  )
