import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { removeFolder } from '#engines/sweep'
import { BaseApplication, serveAbci } from '#ledger-adapter/cometbft/abci/index'
import { decodeBundle } from '#ledger-adapter/cometbft/bundle'
import { CometbftRpc } from '#ledger-adapter/cometbft/rpc'
import { FourValidators } from './four-validators.ts'

/** A transaction as a block held it, and the commands in it. */
export interface Bundle {
  readonly tx: Uint8Array
  readonly commands: number
}

export const commandsOf = (bundles: readonly Bundle[]): number => bundles.reduce((sum, one) => sum + one.commands, 0)

/** The transactions of the blocks of these heights, both included, in their order; one that was sent again once. */
export async function bundlesOfBlocks(rpc: CometbftRpc, first: number, last: number): Promise<Bundle[]> {
  const bundles = new Map<string, Bundle>()
  for (let height = first; height <= last; height += 1) {
    const { block } = await rpc.call<{ block: { data: { txs: string[] | null } } }>('block', { height: String(height) })
    for (const text of block.data.txs ?? []) {
      const tx = Buffer.from(text, 'base64')
      bundles.set(text, { tx, commands: decodeBundle(tx).length })
    }
  }
  return [...bundles.values()]
}

/** Does nothing with a block but count the commands of those that it has committed. */
class Counting extends BaseApplication {
  committed = 0
  private finalized = 0
  onCommit: () => void = () => undefined

  override finalizeBlock(request: Parameters<BaseApplication['finalizeBlock']>[0]) {
    for (const tx of request.txs) this.finalized += decodeBundle(tx).length
    return super.finalizeBlock(request)
  }

  override commit(request: Parameters<BaseApplication['commit']>[0]) {
    this.committed += this.finalized
    this.finalized = 0
    this.onCommit()
    return super.commit(request)
  }
}

/**
 * What consensus alone takes: four validators of applications that do nothing, given the bundles of a real run's blocks,
 * byte for byte and in their order, the nodes in turn; as many commands in flight as there. First those of its warm-up,
 * which are not measured.
 * @returns commands per second
 */
export async function measureEmpty(warmUp: readonly Bundle[], measured: readonly Bundle[], inFlight: number) {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-bench-empty-'))
  const network = await FourValidators.create(folder)
  const counting = new Counting()
  const servers = await Promise.all(
    network.places.map(({ abciPort }, n) =>
      serveAbci(n === 0 ? counting : new BaseApplication(), { listen: { port: abciPort } }),
    ),
  )
  try {
    await network.start()
    const rpcs = network.places.map(({ rpcUrl }) => new CometbftRpc(rpcUrl))
    let sent = 0
    let failure: unknown
    let wake: () => void = () => undefined
    counting.onCommit = () => wake()
    const until = async (isSo: () => boolean) => {
      while (!isSo()) {
        if (failure !== undefined) throw failure
        await new Promise<void>((resolve) => (wake = resolve))
      }
    }
    const run = async (bundles: readonly Bundle[]) => {
      for (const [n, { tx, commands }] of bundles.entries()) {
        await until(() => sent === counting.committed || sent + commands - counting.committed <= inFlight)
        sent += commands
        taken(rpcs[n % rpcs.length]!, tx).catch((error: unknown) => {
          failure ??= error
          wake()
        })
      }
      await until(() => counting.committed === sent)
    }
    await run(warmUp)
    const started = performance.now()
    await run(measured)
    return (commandsOf(measured) / (performance.now() - started)) * 1000
  } finally {
    await network.stop()
    await Promise.all(servers.map((server) => server.close()))
    await removeFolder(folder)
  }
}

async function taken(rpc: CometbftRpc, tx: Uint8Array): Promise<void> {
  const { state, log } = await rpc.broadcast(tx)
  if (state !== 'inFlight') throw new Error(`the empty application's node did not take a bundle: ${state} ${log}`)
}
