import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { afterAll, expect, it, vi } from 'vitest'
import { ApiError, SluiceClient } from '#client/client'
import { BATCH } from '#contracts/receivable/testing/story'
import { testGenesis, testSecretKey } from '#contracts/testing/consortium'
import { testDatabase } from '#engines/testing/index'
import { signingKey } from '#ledger-adapter/application/operator-key'
import { buildSuccessor } from '#ledger-adapter/testing/successor'
import type { JsonObject } from '#proof/json'
import { createNodeApp } from '#services/app'
import { RecordedWorkflows, signerOf } from '#services/testing/node'
import { register } from '../commands/bundle.ts'
import { verifyFile } from '../commands/verify.ts'
import { exitCodeOf, explain } from '../failure.ts'
import { embedded, type OpenedLedger } from './stack.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-node-bundles-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const store = join(folder, 'bundles')

async function sluice(...args: string[]): Promise<{ code: number; out: string }> {
  let out = ''
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += String(text)
    return true
  })
  try {
    const program = new Command('sluice').exitOverride()
    register(program)
    await program.parseAsync(['bundle', ...args], { from: 'user' })
    return { code: 0, out: out.trim() }
  } catch (error) {
    return { code: exitCodeOf(error), out: `${out}${explain(error, undefined)}` }
  } finally {
    write.mockRestore()
  }
}

/** A node as `sluice dev` runs it, without its workers. */
async function startNode(databaseUrl: string) {
  const opened: OpenedLedger = await embedded(testGenesis(), signingKey(testSecretKey('ledger')), store)(databaseUrl)
  const { ledger, versions } = opened
  const app = await createNodeApp({
    ledger,
    databaseUrl,
    workflows: new RecordedWorkflows(ledger),
    descriptionOf: (bundle) => versions.description(bundle),
  })
  const url = await app.app.listen({ host: '127.0.0.1', port: 0 })
  const stop = async (): Promise<void> => {
    await app.close()
    await opened.close()
  }
  return { ledger, url, stop }
}

it('governance activates a second version in a running node: calls go on, also after a restart, and all of it verifies', async () => {
  // Whoever approves builds the version from its sources, twice the same, and keeps it for the node.
  const { hash: second } = await buildSuccessor(join(folder, 'successor'))
  const file = join(folder, 'second.js')
  const from = ['--from', join(folder, 'successor')]
  expect(await sluice('build', ...from, '--out', file)).toEqual({ code: 0, out: second })
  expect(await sluice('add', file, '--hash', 'ab'.repeat(32), '--store', store)).toMatchObject({ code: 1 })
  expect(await sluice('add', file, '--hash', second, '--store', store)).toMatchObject({ code: 0 })
  expect((await sluice('list', '--store', store)).out).toBe(second)
  expect((await sluice('show', second, '--store', store)).out).toContain('将应收账款持有 {holding} 拆分为')
  writeFileSync(file, 'changed')
  expect((await sluice('add', file, '--store', store)).out).toContain('contracts')

  const { url: databaseUrl } = await testDatabase()
  let node = await startNode(databaseUrl)
  let stopped = false
  try {
    const call = async (who: string, name: string, args: JsonObject): Promise<string> => {
      try {
        await new SluiceClient({ url: node.url, signer: signerOf(who) }).perform(name, args)
        return 'accepted'
      } catch (error) {
        if (error instanceof ApiError) return error.code
        throw error
      }
    }
    let day = 0
    /** Rolls ten days and closes them in one command, which the first version takes and the second does not. */
    const tenDays = async (): Promise<string> => {
      let date = ''
      for (let each = 0; each < 10; each += 1) {
        date = new Date(Date.UTC(2011, 0, (day += 1))).toISOString().slice(0, 10)
        expect(await call('operator:service', 'calendar.roll', { date })).toBe('accepted')
      }
      return call('operator:service', 'calendar.closeDay', { object: 'batch:b', date })
    }
    expect(await call('core:maker', 'receivable.openBatch', BATCH)).toBe('accepted')
    expect(await tenDays()).toBe('accepted')
    expect(await sluice('compare', second, '--node', node.url, '--store', store)).toMatchObject({ code: 1 })

    const { height } = await node.ledger.head()
    const what = { proposal: 'v2', action: { kind: 'activateBundle', bundle: second }, fromHeight: height + 8 }
    const proposal = { ...what, expiresOn: '2011-01-20', reason: 'five days' }
    expect(await call('manager:maker', 'governance.propose', proposal)).toBe('accepted')
    for (const who of ['bank', 'custodian', 'exchange']) {
      expect(await call(`${who}:checker`, 'governance.approve', what)).toBe('accepted')
    }
    const decided = await sluice('compare', second, '--node', node.url, '--store', store)
    expect(decided.code).toBe(0)
    expect(decided.out).toContain(`from height ${height + 8}  ${second}`)
    expect(decided.out).not.toContain('active')

    expect(await tenDays()).toBe('TOO_MANY_DAYS')
    expect((await sluice('compare', second, '--node', node.url, '--store', store)).out).toContain('active')
    const served = (await (await fetch(`${node.url}/v1/contracts`)).json()) as { bundle: string; methods: unknown[] }
    expect(served.bundle).toBe(second)
    expect(served.methods.length).toBeGreaterThan(40)

    await node.stop()
    node = await startNode(databaseUrl)
    const late = { object: 'batch:b', date: '2011-01-20' }
    expect(await call('operator:service', 'calendar.closeDay', late)).toBe('TOO_MANY_DAYS')
    expect(await call('operator:service', 'calendar.closeDay', { ...late, date: '2011-01-15' })).toBe('accepted')

    const lines: string[] = []
    for await (const line of node.ledger.export()) lines.push(line)
    const exported = join(folder, 'export.jsonl')
    writeFileSync(exported, `${lines.join('\n')}\n`)
    const { headerHash } = await node.ledger.head()
    await node.stop()
    stopped = true
    // Decided again from block 0, each command by the version of its time: the same roots up to the head.
    expect(await verifyFile(exported, { bundles: store })).toMatchObject({ headerHash, unchecked: [] })
    await expect(verifyFile(exported)).rejects.toThrow('--bundles')
    rmSync(join(store, `${second}.js`))
    await expect(verifyFile(exported, { bundles: store })).rejects.toThrow(second)
  } finally {
    if (!stopped) await node.stop()
  }
})
