// CometBFT, the consensus engine of a consortium's ledger: finding or building its program.
import { findBinary, type BinarySpec, type FindOptions, type FoundBinary } from './find-binary.ts'

export const COMETBFT: BinarySpec = {
  name: 'cometbft',
  version: '0.38.25',
  variable: 'SLUICE_COMETBFT',
  probe: ['version'],
  goPackage: 'github.com/cometbft/cometbft/cmd/cometbft',
  buildTakes: 'one to two minutes on two cores',
}

/**
 * The program `cometbft`: named by SLUICE_COMETBFT, on PATH, cached, or built with Go.
 * @throws BinaryNotFoundError listing what failed in each way
 */
export const findCometbft = (options: FindOptions): Promise<FoundBinary> => findBinary(COMETBFT, options)
