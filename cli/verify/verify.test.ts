import { mkdtempSync, rmSync, writeFileSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { canonicalJson } from '#proof/canonical'
import type { Json } from '#proof/json'
import { describe as described, register } from '../commands/verify.ts'
import { exitCodeOf, explain } from '../failure.ts'
import { operatorTrust, SmallLedger, validatorTrust } from '../../proof/testing/small-ledger.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-verify-'))
afterAll(() => rmSync(folder, { recursive: true }))

const fileOf = (name: string, value: unknown, end = ''): string => {
  const path = join(folder, name)
  writeFileSync(path, canonicalJson(value as Json) + end)
  return path
}
async function verify(...args: string[]): Promise<{ code: number; out: string }> {
  let out = ''
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += String(text)
    return true
  })
  process.exitCode = 0
  try {
    const program = new Command('sluice').exitOverride()
    register(program)
    await program.parseAsync(['verify', ...args], { from: 'user' })
    return { code: Number(process.exitCode), out }
  } catch (error) {
    return { code: exitCodeOf(error), out: explain(error, undefined) }
  } finally {
    process.exitCode = 0
    write.mockRestore()
  }
}

const ledger = new SmallLedger()
const { chainId, genesisHash, operatorKey } = operatorTrust
const operator = ['--chain', chainId, '--genesis', genesisHash, '--operator-key', operatorKey]
const trusted = fileOf('trusted.json', { chainId, trusted: validatorTrust.validators })
const byOperator = fileOf('operator.json', ledger.asset(ledger.operatorAnchor(), 3), '\n')
const byValidators = fileOf('cometbft.json', ledger.command(ledger.cometAnchor(), 2))

describe('sluice verify', () => {
  it('says in both languages what a receipt proves, and what it is trusted by', async () => {
    const zh = await verify(byOperator, ...operator, '--lang', 'zh')
    expect(zh).toMatchObject({ code: 0 })
    expect(zh.out).toContain('已验证: 计划 deal-a 资产批次 1（已生效）的槽位 3：原始 10,000.03 元')
    const en = await verify(byValidators, '--validators', trusted, '--lang', 'en')
    expect(en).toMatchObject({ code: 0 })
    expect(en.out).toContain('verified: command c-2-1 (notes.put, of core) was executed in block 2: 1 events')
    expect(en.out).toContain('more than two thirds of the validators')
  })

  it('says no with the first thing that does not hold, and exits with 1', async () => {
    const text = readFileSync(byValidators, 'utf8')
    const changed = join(folder, 'changed.json')
    writeFileSync(changed, text.replace('"participant":"core"', '"participant":"cord"'))
    const { code, out } = await verify(changed, '--validators', trusted, '--json')
    expect(code).toBe(1)
    expect(JSON.parse(out)).toEqual({ ok: false, reason: 'WRONG_DIGEST', field: '/result/digest' })
    const elsewhere = await verify(byOperator, ...operator.with(1, 'another'), '--lang', 'en')
    expect(elsewhere).toEqual({ code: 1, out: 'refused: of another chain [WRONG_CHAIN]\n' })
  })

  it.each([
    ['proposed', '该批次仅为已提交，尚未经托管人确认，不构成证明 [BATCH_PROPOSED]（/batch/state）'],
    ['rejected', '该批次已被托管人拒绝，不构成证明 [BATCH_REJECTED]（/batch/state）'],
  ])('does not call proven what stands in a batch that is %s', async (state, words) => {
    const other = new SmallLedger(5, 40, state)
    const file = fileOf(`${state}.json`, other.asset(other.operatorAnchor(), 3))
    expect(await verify(file, ...operator, '--lang', 'zh')).toEqual({
      code: 1,
      out: `未通过: 资产在批次中，但${words}\n`,
    })
    const { out } = await verify(file, ...operator, '--json')
    expect(JSON.parse(out)).toEqual({
      ok: false,
      reason: `BATCH_${state.toUpperCase()}`,
      field: '/batch/state',
    })
    expect(JSON.parse((await verify(byOperator, ...operator, '--json')).out)).toMatchObject({
      ok: true,
      batch: { version: 1, state: 'effective' },
    })
  })

  it('follows a recorded chain from its genesis file, and takes its own answer as trust', async () => {
    const { genesis, blocks } = JSON.parse(readFileSync('testdata/cometbft/chain.json', 'utf8')) as {
      genesis: Json
      blocks: { hash: string }[]
    }
    const first = fileOf('genesis.json', genesis)
    const light = blocks.map(({ hash: _, ...block }) => block)
    const half = fileOf('half.json', { kind: 'validators', blocks: light.slice(0, 6) })
    const rest = fileOf('rest.json', { kind: 'validators', blocks: light.slice(6) })
    const answer = await verify(half, '--validators', first, '--json')
    expect(answer).toMatchObject({ code: 0 })
    expect(JSON.parse(answer.out)).toMatchObject({ trusted: { height: 6, headerHash: blocks[5]!.hash } })
    const next = join(folder, 'next.json')
    writeFileSync(next, answer.out)
    for (const from of [
      ['--validators', next],
      ['--validators', first, '--follow', half],
    ]) {
      const verdict = await verify(rest, ...from, '--lang', 'en')
      expect(verdict.out).toContain(`validators followed to block ${blocks.length}, powers 3, 2, 1`)
    }
    const old = await verify(rest, '--validators', first, '--trusting-days', '1', '--now', '2100-01-01', '--lang', 'zh')
    expect(old.code).toBe(1)
    expect(old.out).toContain('TRUST_EXPIRED')
  })

  it('says who signed the headers of an export: the operator, validators, or one after the other', () => {
    const counts = { commands: 1, refused: 0, events: 1, topics: 1, receipts: {}, unchecked: [], height: 9, timeMs: 0 }
    const hashes = { genesisHash, headerHash: genesisHash, stateRoot: genesisHash }
    const summary = { chainId, operatorKey, ...hashes, ...counts }
    const ofValidators = { ...summary, byValidators: true as const }
    expect(described(summary, {})).toContain(`headers signed by ${operatorKey}\n`)
    expect(described(ofValidators, {})).toContain('headers signed by more than two thirds of the validators\n')
    expect(described({ ...ofValidators, predecessor: { chainId: 'trial', height: 5 } }, {})).toContain(
      `headers signed by ${operatorKey} up to block 5, then by more than two thirds of the validators\n`,
    )
  })

  it('asks whom to trust', async () => {
    expect(await verify(byOperator)).toMatchObject({ code: 2 })
    expect((await verify(byOperator, '--chain', chainId)).out).toContain('--genesis, --operator-key missing')
    expect((await verify(join(folder, 'none.json'), ...operator)).out).toContain('cannot be read')
  })
})
