// CometBFT, the consensus engine of a consortium's ledger: finding, downloading or building its program.
import { findBinary, type BinarySpec, type FindOptions, type FoundBinary } from './find-binary.ts'
import { downloadRelease, type Release } from './release.ts'

const VERSION = '0.38.25'
const RELEASES = 'https://github.com/cometbft/cometbft/releases/download'
/** The archives have 30 MB. */
const MAX_BYTES = 200 << 20

const SYSTEMS: Partial<Record<NodeJS.Platform, string>> = { linux: 'linux', darwin: 'darwin' }
const PROCESSORS: Partial<Record<NodeJS.Architecture, string>> = { x64: 'amd64', arm64: 'arm64', arm: 'armv6' }

/** Names as its release configuration (`.goreleaser.yml`) makes them. @throws where there is no archive for the platform */
function releaseFor(releases: string, platform: NodeJS.Platform, processor: NodeJS.Architecture): Release {
  const [system, arch] = [SYSTEMS[platform], PROCESSORS[processor]]
  if (system === undefined || arch === undefined)
    throw new Error(`CometBFT has no release for ${platform} on ${processor}`)
  return {
    url: `${releases}/v${VERSION}`,
    archive: `cometbft_${VERSION}_${system}_${arch}.tar.gz`,
    checksums: `SHA256SUMS-${VERSION}.txt`,
    program: 'cometbft',
    maxBytes: MAX_BYTES,
  }
}

/** @param releases where its releases lie; a test has them elsewhere */
export const cometbftFrom = (
  releases: string,
  { platform = process.platform, arch = process.arch as NodeJS.Architecture } = {},
): BinarySpec => ({
  name: 'cometbft',
  version: VERSION,
  variable: 'COMETBFT_BIN',
  probe: ['version'],
  download: async (folder) => downloadRelease(releaseFor(releases, platform, arch), folder),
  goPackage: 'github.com/cometbft/cometbft/cmd/cometbft',
  buildTakes: 'one to two minutes on two cores',
})

export const COMETBFT = cometbftFrom(RELEASES)

/**
 * The program `cometbft`: named by COMETBFT_BIN, on PATH, cached, downloaded, or built with Go.
 * @throws BinaryNotFoundError listing what failed in each way
 */
export const findCometbft = (options: FindOptions): Promise<FoundBinary> => findBinary(COMETBFT, options)
