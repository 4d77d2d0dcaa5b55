import { expect, it } from 'vitest'
import { CUT_OFF } from '#contracts/deal/testing/plan'
import type { Batch } from '#contracts/asset-registry/state'
import { ingest } from './ingest.ts'
import { packageStream } from './package.ts'
import { proposal, recompute } from './recompute.ts'
import { TapeStore } from './store.ts'
import { pool, tapesForTests } from './testing/organisation.ts'

const { organisation, file } = tapesForTests()

it('a batch that is recomputed twice at once comes out as proposed for both', async () => {
  const [servicer, custodian] = [await organisation('servicer'), await organisation('custodian')]
  const source = await file('pool.csv', pool)
  const done = await ingest({ ...servicer, file: source, kind: 'initial', asOf: CUT_OFF })
  const batch = { ...proposal(done), state: 'proposed' } as unknown as Batch
  const another = await TapeStore.open(custodian.url)
  try {
    const both = [custodian.store, another].map((store) =>
      recompute({ ...custodian, store, batch, content: packageStream(done.head, source) }),
    )
    for (const { root } of await Promise.all(both)) expect(root).toEqual(done.root)
  } finally {
    await another.close()
  }
})
