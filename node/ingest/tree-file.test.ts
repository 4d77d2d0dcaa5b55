import { mkdtemp, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { SumTree } from '#proof/sum-tree'
import { columnsOf } from './tape.ts'
import { loadTree, nativeHash, readProof, saveTree } from './tree-file.ts'

const LEVELS = 3
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-tree-'))
})
afterAll(() => rm(folder, { recursive: true }))

const at = (name: string): string => join(folder, name)

async function saved(name: string): Promise<SumTree> {
  const tree = new SumTree(LEVELS, nativeHash)
  tree.assign(columnsOf([0, 1, 2, 3, 4].map((slot) => [slot, new Uint8Array(32).fill(slot + 1), '10', '9', '0'])))
  await saveTree(at(name), tree, 5)
  return tree
}

it('a tree is read as it was saved, whole and by one slot', async () => {
  const tree = await saved('whole')
  expect((await loadTree(at('whole'), LEVELS))?.root()).toEqual(tree.root())
  expect(await readProof(at('whole'), 2)).toEqual(tree.proof(2))
})

it('one that is missing, torn, of another size or no tree at all is to be made again', async () => {
  await saved('torn')
  await truncate(at('torn'), 200)
  await writeFile(at('no-tree'), 'words')
  const wild = Buffer.from(await readFile(at('torn')))
  wild.writeUInt32BE(0xffffffff, 32)
  await writeFile(at('wild'), wild)
  for (const name of ['missing', 'no-folder/missing', 'torn', 'no-tree', 'wild'])
    expect([name, await loadTree(at(name), LEVELS)]).toEqual([name, undefined])
  expect(await loadTree(at('torn'), LEVELS + 1)).toBeUndefined()
  for (const name of ['missing', 'no-folder/missing', 'no-tree', 'wild'])
    expect([name, await readProof(at(name), 0)]).toEqual([name, undefined])
})

it('one that may not be looked at or read is not taken for one that is missing', async () => {
  await symlink(at('loop'), at('loop')) // whoever may read everything may not read this either
  await expect(loadTree(at('loop'), LEVELS)).rejects.toMatchObject({ code: 'ELOOP', path: at('loop') })
  await expect(readProof(at('loop'), 0)).rejects.toMatchObject({ code: 'ELOOP', path: at('loop') })
  await expect(loadTree(folder, LEVELS)).rejects.toMatchObject({ code: 'EISDIR' })
})
