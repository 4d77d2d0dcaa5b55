import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { dataFolder } from '#engines/paths'
import { CommandFailure } from '../failure.ts'
import { readRecord } from './run-record.ts'

/** Where other programs find a node that `sluice dev` keeps running. */
export const addressFile = (): string => join(dataFolder('dev'), 'address.json')

export interface DevNode {
  readonly url: string
  /** Of its run: keys and files. */
  readonly folder: string
  /** Opens the keys of everybody: in a demonstration it lies beside them. */
  readonly passphrase: string
}

/** @throws CommandFailure when `sluice dev` has never run here */
export async function devNode(): Promise<DevNode> {
  let address: Pick<DevNode, 'url' | 'folder'>
  try {
    address = JSON.parse(await readFile(addressFile(), 'utf8')) as typeof address
  } catch (error) {
    throw new CommandFailure('no node to call: start one with `npm run dev`', 1, { cause: error })
  }
  const record = await readRecord(dirname(addressFile()))
  return { ...address, passphrase: record?.passphrase ?? '' }
}

/** Of one member of the demonstration, as `cli/demo/founders.ts` keeps them. */
export const devKeys = ({ folder }: Pick<DevNode, 'folder'>, member: string): string => join(folder, 'keys', member)
