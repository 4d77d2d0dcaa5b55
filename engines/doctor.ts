import { COMETBFT } from './cometbft.ts'
import { locateBinary } from './find-binary.ts'
import { cacheFolder, dataFolder } from './paths.ts'
import { locatePostgres } from './postgres/cluster.ts'
import { messageOf } from './say.ts'
import { TEMPORAL } from './temporal.ts'

export interface Finding {
  readonly engine: string
  /** Whether a start could succeed: the thing is here, or there is a way to get it. */
  readonly available: boolean
  /** Not needed by the demonstration and the tests. */
  readonly optional?: true
  readonly how: string
}

const given = (env: NodeJS.ProcessEnv, name: string) => (env[name] ? env[name] : undefined)

/** The address without what may be secret in it. */
const hostOf = (url: string): string => (URL.canParse(url) ? new URL(url).host : 'not an address')

async function postgres(env: NodeJS.ProcessEnv): Promise<Finding> {
  const url = given(env, 'DATABASE_URL')
  if (url) return { engine: 'Postgres', available: URL.canParse(url), how: `${hostOf(url)} (DATABASE_URL)` }
  try {
    return { engine: 'Postgres', available: true, how: await locatePostgres() }
  } catch (error) {
    return { engine: 'Postgres', available: false, how: messageOf(error) }
  }
}

async function temporal(env: NodeJS.ProcessEnv): Promise<Finding> {
  const address = given(env, 'TEMPORAL_ADDRESS')
  if (address) return { engine: 'Temporal', available: true, how: `${address} (TEMPORAL_ADDRESS)` }
  return { engine: 'Temporal', ...(await locateBinary(TEMPORAL, { env })) }
}

/** How each engine would be found now. Starts, downloads and builds nothing. */
export async function diagnose(env: NodeJS.ProcessEnv = process.env): Promise<Finding[]> {
  return [
    await postgres(env),
    await temporal(env),
    { engine: 'CometBFT', optional: true, ...(await locateBinary(COMETBFT, { env })) },
    { engine: 'data', available: true, how: dataFolder() },
    { engine: 'cache', available: true, how: cacheFolder() },
  ]
}
