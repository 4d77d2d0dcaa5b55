import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ContentStore } from './content-store.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-content-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

describe('content store', () => {
  it('gives back what was put, under the hash of its content, once', async () => {
    const store = new ContentStore(folder)
    const address = await store.put(Buffer.from('abc'))
    expect(address).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
    expect(await store.put(Buffer.from('abc'))).toBe(address)
    expect((await store.get(address)).toString()).toBe('abc')
    expect(await readdir(folder)).toEqual([address])
  })
  it('notices a changed byte, a missing file and a bad address', async () => {
    const store = new ContentStore(folder)
    const address = await store.put(Buffer.from('abc'))
    await writeFile(join(folder, address), 'abd')
    await expect(store.get(address)).rejects.toMatchObject({ code: 'CORRUPT' })
    await expect(store.get('0'.repeat(64))).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await expect(store.get('../etc/passwd')).rejects.toMatchObject({ code: 'BAD_ADDRESS' })
  })
})
