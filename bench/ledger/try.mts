import { mkdtemp, rm } from 'node:fs/promises'
import { startPostgres } from '#engines/postgres'
import { EmbeddedLedger } from '#ledger-adapter/embedded/embedded-ledger'
import { ledgerOptions, SplitWorld, trustOf } from './world.ts'
import { bareVerifications, callsPerSecond } from './calls.ts'
const KEYS = Number(process.env.KEYS ?? 100000), CALLS = Number(process.env.CALLS ?? 20000)
const folder = await mkdtemp('/tmp/sluice-try-')
const pg = await startPostgres({ dataDir: folder, say: () => {} })
const cpu = () => { const { user, system } = process.cpuUsage(); return (user + system) / 1e3 }
try {
  const options = ledgerOptions(await pg.createDatabase('bench'))
  const ledger = await EmbeddedLedger.open(options)
  const world = new SplitWorld(ledger)
  let t = performance.now()
  await world.fill(KEYS)
  console.log('fill', ((performance.now() - t) / 1e3).toFixed(1), 's', world.keysWritten, 'keys', process.memoryUsage().rss >> 20, 'MB')
  for (let round = 0; round < Number(process.env.ROUNDS ?? 2); round++) {
    const commands = Array.from({ length: CALLS }, () => world.next())
    const bare = await bareVerifications()
    const c = cpu()
    const h0 = (await ledger.head()).height
    const value = await callsPerSecond(ledger, commands, trustOf(options, ledger.chainId))
    console.log(value.toFixed(0), 'calls/s', 'bare', bare.toFixed(0), 'ratio', (value / bare).toFixed(3), 'node cpu us/call', ((cpu() - c) * 1000 / CALLS).toFixed(0), 'blocks', (await ledger.head()).height - h0)
  }
  t = performance.now()
  await ledger.close()
  const again = await EmbeddedLedger.open(options)
  console.log('restart', ((performance.now() - t) / 1e3).toFixed(2), 's')
  await again.close()
} finally { await pg.stop(); await rm(folder, { recursive: true, force: true }) }
