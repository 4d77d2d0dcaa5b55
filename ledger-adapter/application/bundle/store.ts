import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Hash } from '#proof/hash'
import { bundleHash } from './build-bundle.ts'

/** Where a node keeps the contracts' versions. Reading is synchronous: a version is needed in the midst of a block, once. */
export interface BundleStore {
  /** The text whose SHA-256 this is; undefined when it is not there. @throws BundleError CORRUPT */
  text(hash: Hash): string | undefined
  /** Keeps a text under its hash; again is no change. */
  put(text: string): Hash
  hashes(): readonly Hash[]
}

export class BundleError extends Error {
  override readonly name = 'BundleError'
  constructor(
    readonly code: 'MISSING' | 'CORRUPT' | 'NOT_A_BUNDLE' | 'NO_SOURCES',
    readonly hash: Hash | null,
    problem: string,
  ) {
    super(`contracts ${hash ?? '(sources)'}: ${problem}`)
  }
}

const NAME = /^([0-9a-f]{64})\.js$/

/** One file for each version, named by its hash. */
export class FolderBundleStore implements BundleStore {
  constructor(private readonly folder: string) {
    mkdirSync(folder, { recursive: true })
  }

  text(hash: Hash): string | undefined {
    let text: string
    try {
      text = readFileSync(join(this.folder, `${hash}.js`), 'utf8')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw error
    }
    if (bundleHash(text) !== hash) throw new BundleError('CORRUPT', hash, 'the file does not have this hash')
    return text
  }

  put(text: string): Hash {
    const hash = bundleHash(text)
    const path = join(this.folder, `${hash}.js`)
    writeFileSync(`${path}.${process.pid}.new`, text, { flush: true })
    renameSync(`${path}.${process.pid}.new`, path)
    return hash
  }

  hashes(): readonly Hash[] {
    return readdirSync(this.folder)
      .flatMap((name) => NAME.exec(name)?.[1] ?? [])
      .sort()
  }
}
