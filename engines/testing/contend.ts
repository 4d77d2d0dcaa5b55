// One of several processes that want the same claim. Adds to a counter that only whoever holds the claim may touch, in two
// separate steps, so that two holders at once would lose counts. Run as: contend.ts FOLDER TIMES
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { claim, ClaimHeldError, type Claim } from '../claim.ts'
import { sleep } from '../say.ts'

const [folder = '', times] = process.argv.slice(2)

async function wait(): Promise<Claim> {
  for (;;) {
    try {
      return await claim(join(folder, 'claim.json'), 'counting')
    } catch (error) {
      if (!(error instanceof ClaimHeldError)) throw error
      await sleep(5)
    }
  }
}

for (let turn = 1; turn <= Number(times); turn++) {
  const held = await wait()
  const count = Number(readFileSync(join(folder, 'count'), 'utf8'))
  await sleep(3)
  writeFileSync(join(folder, 'count'), String(count + 1))
  // The last turn ends without giving the claim back, as a kill -9 would: the others have to take it over.
  if (turn < Number(times)) held.release()
}
