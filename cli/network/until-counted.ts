import { ApiError } from '#client/client'
import { sleep } from '#engines/say'
import { CometbftRpc, consensusValidators, RpcUnreachable } from '#ledger-adapter/cometbft/rpc'
import { isPersonal } from '#node/keys/person'
import { CommandFailure } from '../failure.ts'
import { answeringNode, asOperator, calling, keyringOf } from './as-operator.ts'
import type { Manifest } from './manifest.ts'
import { words } from './words/index.ts'

const WITHIN_MS = 180_000
const LOOK_EVERY_MS = 300

/** Consensus keys, base64url, and the power with which each is counted for the next block. */
export type Powers = ReadonlyMap<string, number>

interface Chain {
  readonly home: string
  readonly manifest: Manifest
  /** The ledger's business date. */
  readonly today: string
}

/**
 * Waits until consensus counts what governance has decided about the validators, as nodes that answer say. That takes two
 * blocks, and an idle chain makes one a minute: until then the date is rolled to where it is, which changes nothing and
 * makes a block. Where no key for that lies here, the minute is waited for.
 * @throws CommandFailure when it is not counted in three minutes
 */
export async function untilConsensusCounts(chain: Chain, isSo: (powers: Powers) => boolean): Promise<void> {
  const { nodes } = chain.manifest
  const isCounted = async (): Promise<boolean> => {
    const known = await Promise.all(nodes.map(({ ports }) => powersAt(`http://127.0.0.1:${ports.rpc}`)))
    return known.some((powers) => powers !== undefined && isSo(powers))
  }
  if (await isCounted()) return
  const roller = await calendarServiceOf(chain)
  for (const until = Date.now() + WITHIN_MS; !(await isCounted()); await sleep(LOOK_EVERY_MS)) {
    if (Date.now() > until) throw new CommandFailure(words('notCounted'))
    if (roller) await roll(chain, roller)
  }
}

async function powersAt(rpc: string): Promise<Powers | undefined> {
  try {
    return new Map((await consensusValidators(new CometbftRpc(rpc))).map(({ publicKey, power }) => [publicKey, power]))
  } catch (error) {
    if (error instanceof RpcUnreachable) return undefined
    throw error
  }
}

type Roller = { readonly organisation: string; readonly operator: string }

/** The first service whose key is for it; a person would be asked what nobody needs to be asked. */
async function calendarServiceOf({ home, manifest }: Chain): Promise<Roller | undefined> {
  for (const { id: organisation } of manifest.organisations) {
    const { signers } = await keyringOf(home, organisation)
    const found = signers.find((one) => one.functions.includes('service:calendar') && !isPersonal(one))
    if (found) return { organisation, operator: found.operator }
  }
  return undefined
}

async function roll({ home, manifest, today }: Chain, { organisation, operator }: Roller): Promise<void> {
  const at = await answeringNode(manifest, organisation)
  const { client, node, url } = await asOperator(home, manifest, organisation, { operator }, { at })
  try {
    await calling(node, url, () => client.perform('calendar.roll', { date: today }))
  } catch (error) {
    // Refused, it was in a block too; and where the node went away, another is asked the next time.
    if (!(error instanceof ApiError) && !(error instanceof CommandFailure)) throw error
  }
}
