import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { ApiError, SluiceClient } from '#client/client'
import { cometStatus } from '#engines/cometbft/rpc'
import { messageOf, sleep, type Say } from '#engines/say'
import { HistoryRefused } from '#ledger-adapter/application/continue'
import type { CometbftLedger } from '#ledger-adapter/cometbft/cometbft-ledger'
import { HistoryNotGiven, pullHistory } from '#node/history/pull'
import type { Keyring } from '#node/keys/keyring'
import type { ContractRules } from '#proof/verify-export'
import { clientSigner } from '../stack/keys.ts'
import { exportLines } from '../verify/export-file.ts'
import { keyringOf, signsNothing } from './as-operator.ts'
import { apiOf, nodeFolder, rpcOf, type Manifest, type NetworkNode } from './manifest.ts'
import { words } from './words/index.ts'

export interface Joining {
  readonly ledger: CometbftLedger
  readonly home: string
  readonly manifest: Manifest
  readonly node: NetworkNode
  /** The contracts: every command of the history is decided again. */
  readonly rules: ContractRules
  readonly say: Say
}

const POLL_MS = 200
const SAY_EVERY_MS = 2_000
/** CometBFT turns a snapshot away for good where a server failed it once; begun anew it asks again. */
const GIVE_UP_MS = 300_000
const LONGEST_PAUSE_MS = 30_000

/**
 * Waits until a node that joined has its state, and fills in what happened before: fetched as an export from any of the
 * others into a file, which a kill leaves to be gone on with, and verified against that state. Until then nothing is
 * served that would take a gap for silence.
 * @throws Error when no state comes: the process is to be started again
 */
export async function untilJoined(joining: Joining): Promise<void> {
  const { ledger, node, say } = joining
  if (node.sync !== undefined) await untilStateIsHere(joining)
  if (!ledger.needsHistory) return
  for (;;) {
    const to = await ledger.historyWanted()
    if (to !== undefined) await fillIn(joining, to)
    // Until CometBFT has begun on the state it may be stopped and take another one.
    else if (await isBegun(node)) break
    else await sleep(POLL_MS)
  }
  say(words('joined', { name: node.name }))
}

const isBegun = (node: NetworkNode): Promise<boolean> =>
  cometStatus(rpcOf(node)).then(
    ({ height }) => height > 0,
    () => false,
  )

async function untilStateIsHere({ ledger, node, say }: Joining): Promise<void> {
  const tell = nowAndThen(say)
  let said = ''
  for (
    let since = Date.now();
    !ledger.needsHistory && ledger.consensusHeight < ledger.firstHeight;
    await sleep(POLL_MS)
  ) {
    await ledger.query([]) // says so when the application has failed
    const { restoring } = ledger
    const present = restoring
      ? words('takesPieces', { height: restoring.height, have: restoring.have, chunks: restoring.chunks })
      : words('waitsForState')
    if (present !== said) since = Date.now()
    said = present
    tell(`${node.name} ${present}`)
    if (Date.now() - since > GIVE_UP_MS)
      throw new Error(words('nothingCame', { what: present, minutes: GIVE_UP_MS / 60_000 }))
  }
}

/** Passes on what changes, and not more often than a person reads. */
function nowAndThen(say: Say): Say {
  let said = ''
  let saidAt = 0
  return (line) => {
    if (line === said || Date.now() - saidAt < SAY_EVERY_MS) return
    said = line
    saidAt = Date.now()
    say(line)
  }
}

/** What is done with the file of a history, block by block. */
type Pass = 'verifies' | 'stores' | 'reads'

async function fillIn(joining: Joining, to: number): Promise<void> {
  const { ledger, home, manifest, node, rules, say } = joining
  const file = join(nodeFolder(home, node.name), 'history.part.jsonl')
  const keyring = await keyringOf(home, node.name)
  const peers = manifest.nodes.filter(({ name }) => name !== node.name)
  const tell = nowAndThen(say)
  let mayMix = true // as long as nobody is known to have given anything false, what one began another may end
  for (let pauseMs = 1_000; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    const refused: string[] = []
    for (const peer of peers) {
      const { name } = node
      const seen = (pass: Pass) => (height: number) => tell(words(pass, { name, height, to }))
      try {
        const url = apiOf(peer)
        const token = await tokenOf(url, keyring)
        const onBlock = (height: number) => tell(words('fetches', { name, peer: peer.name, height, to }))
        await pullHistory({ url, token, file, to, onBlock })
      } catch (error) {
        if (!(error instanceof HistoryNotGiven)) throw error
        say(words('notGiven', { name, peer: peer.name, problem: error.message }))
        if (!mayMix) await rm(file, { force: true })
        continue
      }
      const passes: Pass[] = ['verifies', 'stores'] // it is read twice
      try {
        await ledger.fillHistory({ lines: () => watched(file, seen(passes.shift() ?? 'reads')), rules })
        await rm(file, { force: true })
        return
      } catch (error) {
        if (!(error instanceof HistoryRefused)) throw error
        say(words('doesNotHold', { name, peer: peer.name, problem: error.message }))
        refused.push(peer.name)
        mayMix = false
        await rm(file, { force: true })
      }
    }
    if (refused.length > 1 && refused.length === peers.length)
      throw new Error(words('noneLeads', { peers: refused.join(', '), name: node.name })) // prettier-ignore
    await sleep(pauseMs)
  }
}

/** @throws HistoryRefused for what is no text in lines */
async function* watched(file: string, onBlock: (height: number) => void): AsyncIterable<string> {
  const lines = exportLines(file)[Symbol.asyncIterator]()
  try {
    for (;;) {
      const next = await lines.next().catch((error: unknown) => {
        throw new HistoryRefused(words('cannotBeRead', { problem: messageOf(error) }), { cause: error })
      })
      if (next.done) return
      const [, height] = BLOCK_LINE.exec(next.value) ?? []
      if (height !== undefined) onBlock(Number(height))
      yield next.value
    }
  } finally {
    await lines.return?.()
  }
}

/** In canonical JSON, where counts come first; only to say how far it is. */
const BLOCK_LINE = /^\{"changes":.*"header":\{[^}]*"height":(\d+),[^}]*\},"kind":"block"/

/** A session at a peer's node, by any key of the organisation that runs this one. @throws HistoryNotGiven */
async function tokenOf(url: string, keyring: Keyring): Promise<() => Promise<string>> {
  const refusals: string[] = []
  for (const { operator } of keyring.signers) {
    const { token } = new SluiceClient({ url, signer: clientSigner(keyring, operator, signsNothing) })
    try {
      await token()
      return token
    } catch (error) {
      if (!(error instanceof ApiError)) throw new HistoryNotGiven(messageOf(error), { cause: error })
      refusals.push(`${operator}: ${error.message}`)
    }
  }
  throw new HistoryNotGiven(words('noSignIn', { refusals: refusals.join('; ') }))
}
