import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { socketOf, socketToListenOn } from './socket.ts'

let folder: string
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'sluice-s-')))
  vi.stubEnv('TMPDIR', folder)
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true, force: true })
})

const deep = (): string => join(folder, 'a'.repeat(100))

describe('where a node and its CometBFT meet', () => {
  it('is the node’s own folder', () => {
    const home = join(folder, 'network')
    expect(socketOf(home, 'north')).toBe(join(home, 'nodes', 'north', 'abci.sock'))
    expect(dirname(socketToListenOn(home, 'north'))).toBe(join(home, 'nodes', 'north'))
    expect(statSync(join(home, 'nodes', 'north')).isDirectory()).toBe(true)
  })

  it('is a short path of the user’s own where that lies too deep, another for each node, the same each time', () => {
    const [north, south] = ['north', 'south'].map((node) => socketToListenOn(deep(), node)) as [string, string]
    expect(north).not.toBe(south)
    expect(north).toBe(socketOf(deep(), 'north'))
    expect(dirname(north)).toBe(dirname(south))
    expect(Buffer.byteLength(north)).toBeLessThanOrEqual(103)
    expect(statSync(dirname(north)).mode & 0o777).toBe(0o700)
  })

  it('is not a folder into which somebody else can write, nor a link to one', () => {
    const place = dirname(socketOf(deep(), 'north'))
    mkdirSync(place)
    chmodSync(place, 0o777)
    expect(() => socketToListenOn(deep(), 'north')).toThrow(`${place} must be a folder of this user's with mode 0700`)
    rmSync(place, { recursive: true })
    const elsewhere = join(folder, 'elsewhere')
    mkdirSync(elsewhere, { mode: 0o700 })
    symlinkSync(elsewhere, place)
    expect(() => socketToListenOn(deep(), 'north')).toThrow('must be a folder')
  })

  it('says what to do when no path is short enough', () => {
    vi.stubEnv('TMPDIR', deep())
    expect(() => socketOf(deep(), 'north')).toThrow(/too long for a socket.*choose a shorter --home, or set TMPDIR/)
  })
})
