import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, expect, test } from 'vitest'
import { LANGUAGES } from '#client/receipt-words'
import { checkout } from '#engines/paths'
import { program } from '#engines/program'
import { languageOf, namesIn, speak, type Catalogue } from '../../language.ts'
import { createNetwork } from '../create.ts'
import { CATALOGUES, words } from './index.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-words-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
afterEach(() => speak('en'))

const all = Object.entries(CATALOGUES).flatMap(([of, each]) => Object.entries<Catalogue[string]>(each).map(([key, said]) => ({ of, key, said }))) // prettier-ignore

test('every message is there in every language, about the same', () => {
  for (const { of, key, said } of all) {
    const where = `${of}.${key}`
    expect(Object.keys(said).sort(), where).toEqual([...LANGUAGES].sort())
    for (const language of LANGUAGES) expect(said[language].length, where).toBeGreaterThan(0)
    const [first, ...others] = LANGUAGES.map((language) => [...new Set(namesIn(said[language]))].sort())
    for (const names of others) expect(names, where).toEqual(first)
  }
})

test('Chinese is Chinese, English has none of it, and no braces are left over', () => {
  const isChinese = (text: string) => /[\u4e00-\u9fff]/.test(text)
  expect(all.filter(({ said }) => !isChinese(said.zh)).map(({ key }) => key)).toEqual(['problemIn', 'refusedTo', 'hostField']) // prettier-ignore
  for (const { key, said } of all) {
    expect(said.en, key).not.toMatch(/[\u3000-\u9fff\uff00-\uffef]/)
    for (const text of Object.values(said)) expect(text.replaceAll(/\{\w+\}/g, ''), key).not.toMatch(/[{}]/)
  }
})

test('no name is in two catalogues', () => {
  expect(new Set(all.map(({ key }) => key)).size).toBe(all.length)
})

test('a sentence is said in the language spoken then, and a value is not taken for a sentence', () => {
  expect(words('notWell', { nodes: '{nodes} $& a' })).toBe('not well: {nodes} $& a')
  speak('zh')
  expect(words('notWell', { nodes: 'a' })).toBe('状况不佳：a')
})

test('what a message lacks or does not name does not compile', () => {
  // @ts-expect-error a message needs each language
  const half: Catalogue = { a: { en: 'a' } }
  expect(half['a']?.zh).toBeUndefined()
  // @ts-expect-error it is about nodes
  words('notWell', { node: 'a' })
})

test('the library throws in the language spoken', async () => {
  const bad = { home: join(folder, 'none'), name: 'x', validators: 0, members: [], clock: 'wall', startDate: '2026-01-01' } as never // prettier-ignore
  await expect(createNetwork(bad)).rejects.toThrow('--validators must be a whole number from 1 to 16, not 0')
  speak('zh')
  await expect(createNetwork(bad)).rejects.toThrow('--validators 必须是 1 到 16 的整数，不能是 0')
})

const network = (args: string[], env: NodeJS.ProcessEnv = {}) => {
  return spawnSync(process.execPath, [program('cli/main.ts'), 'network', ...args], {
    cwd: checkout,
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: '', LANG: 'C.UTF-8', ...env },
  })
}

test('a command speaks what is asked for, otherwise what the environment says', () => {
  const bad = ['create', '--home', join(folder, 'none'), '--clock', 'moon']
  const zh = 'sluice: --clock 必须是 test 或 wall，不能是 moon\n'
  const en = 'sluice: --clock must be test or wall, not moon\n'
  const said = [
    network(bad),
    network([...bad, '--lang', 'zh']),
    network(bad, { LANG: 'zh_CN.UTF-8' }),
    network([...bad, '--lang', 'en'], { LANG: 'zh_CN.UTF-8' }),
  ]
  expect(said.map(({ stderr }) => stderr)).toEqual([en, zh, zh, en])
  expect(said.map(({ status }) => status)).toEqual([2, 2, 2, 2])
  expect(network([...bad, '--lang', 'fr']).stderr).toBe('sluice: --lang: zh or en\n')
}, 120_000)

test('a validator is refused, and a file with its place, in the language asked for', () => {
  const home = join(folder, 'nowhere')
  const refused = network(['validator', '--home', home, '--organisation', 'x', '--lang', 'zh'])
  expect(refused.stderr).toBe(`sluice: ${home} 中没有网络：请用 \`sluice network create --home ${home}\` 创建\n`)
  expect(refused.status).toBe(1)
  const file = join(folder, 'organisation.json')
  writeFileSync(file, 'no')
  const admit = network(['admit', '--home', home, '--organisation', file, '--lang', 'zh'])
  expect(admit.stderr).toContain(`${file}：不是 JSON（`)
}, 120_000)

test('verify and network know the same languages', () => {
  expect(LANGUAGES.map((language) => languageOf(language))).toEqual([...LANGUAGES])
  expect(() => languageOf('de')).toThrow('--lang: zh or en')
})
