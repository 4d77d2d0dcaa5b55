import { link, open, rm } from 'node:fs/promises'

/**
 * A secret in a file that only its owner reads (mode 0600): written beside, synced, then linked into place, so that it is
 * there whole or not at all. False when there is a file of that name, which then stays as it is.
 */
export async function writeSecretOnce(path: string, text: string): Promise<boolean> {
  const beside = `${path}.${process.pid}.tmp`
  const file = await open(beside, 'w', 0o600)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
  try {
    await link(beside, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    await rm(beside, { force: true })
  }
}
