import type * as abci from 'cosmjs-types/tendermint/abci/types'
import {
  ResponseApplySnapshotChunk_Result,
  ResponseOfferSnapshot_Result,
  ResponseProcessProposal_ProposalStatus,
  ResponseVerifyVoteExtension_VerifyStatus,
} from 'cosmjs-types/tendermint/abci/types'

type Answer<T> = T | Promise<T>

/**
 * What an ABCI 2.0 application answers (CometBFT v0.38). Requests of one connection are answered one after another in
 * their order; CometBFT opens four (consensus, mempool, query, snapshot), which are served side by side: an application
 * must expect `checkTx` and `query` while it awaits something in `finalizeBlock`. Throwing answers with an exception,
 * at which CometBFT ends itself: the way to stop a node whose application cannot go on. `RequestRefused` ends the
 * connection likewise, and says that the application is as it was.
 */
export interface AbciApplication {
  info(request: abci.RequestInfo): Answer<abci.ResponseInfo>
  initChain(request: abci.RequestInitChain): Answer<abci.ResponseInitChain>
  query(request: abci.RequestQuery): Answer<abci.ResponseQuery>
  checkTx(request: abci.RequestCheckTx): Answer<abci.ResponseCheckTx>
  prepareProposal(request: abci.RequestPrepareProposal): Answer<abci.ResponsePrepareProposal>
  processProposal(request: abci.RequestProcessProposal): Answer<abci.ResponseProcessProposal>
  extendVote(request: abci.RequestExtendVote): Answer<abci.ResponseExtendVote>
  verifyVoteExtension(request: abci.RequestVerifyVoteExtension): Answer<abci.ResponseVerifyVoteExtension>
  finalizeBlock(request: abci.RequestFinalizeBlock): Answer<abci.ResponseFinalizeBlock>
  commit(request: abci.RequestCommit): Answer<abci.ResponseCommit>
  listSnapshots(request: abci.RequestListSnapshots): Answer<abci.ResponseListSnapshots>
  offerSnapshot(request: abci.RequestOfferSnapshot): Answer<abci.ResponseOfferSnapshot>
  loadSnapshotChunk(request: abci.RequestLoadSnapshotChunk): Answer<abci.ResponseLoadSnapshotChunk>
  applySnapshotChunk(request: abci.RequestApplySnapshotChunk): Answer<abci.ResponseApplySnapshotChunk>
}

/** What was asked does not fit where the application stands; nothing came of it, and others are served as before. */
export class RequestRefused extends Error {
  override readonly name = 'RequestRefused'
}

const NOTHING = new Uint8Array(0)

export const txResult = (over: Partial<abci.ExecTxResult> = {}): abci.ExecTxResult => ({
  code: 0,
  data: NOTHING,
  log: '',
  info: '',
  gasWanted: 0n,
  gasUsed: 0n,
  events: [],
  codespace: '',
  ...over,
})

export const queryResult = (over: Partial<abci.ResponseQuery> = {}): abci.ResponseQuery => ({
  code: 0,
  log: '',
  info: '',
  index: 0n,
  key: NOTHING,
  value: NOTHING,
  height: 0n,
  codespace: '',
  ...over,
})

/** An application that takes every transaction, does nothing and has no snapshots: a base to build on. */
export class BaseApplication implements AbciApplication {
  info(_request: abci.RequestInfo): Answer<abci.ResponseInfo> {
    return { data: '', version: '', appVersion: 0n, lastBlockHeight: 0n, lastBlockAppHash: NOTHING }
  }

  initChain(_request: abci.RequestInitChain): Answer<abci.ResponseInitChain> {
    return { validators: [], appHash: NOTHING }
  }

  query(_request: abci.RequestQuery): Answer<abci.ResponseQuery> {
    return queryResult()
  }

  checkTx(_request: abci.RequestCheckTx): Answer<abci.ResponseCheckTx> {
    return txResult()
  }

  /** As many of the transactions, in their order, as fit. */
  prepareProposal({ txs, maxTxBytes }: abci.RequestPrepareProposal): Answer<abci.ResponsePrepareProposal> {
    let bytes = 0n
    const fits = txs.findIndex((tx) => (bytes += protoSize(tx.length)) > maxTxBytes)
    return { txs: fits < 0 ? txs : txs.slice(0, fits) }
  }

  processProposal(_request: abci.RequestProcessProposal): Answer<abci.ResponseProcessProposal> {
    return { status: ResponseProcessProposal_ProposalStatus.ACCEPT }
  }

  extendVote(_request: abci.RequestExtendVote): Answer<abci.ResponseExtendVote> {
    return { voteExtension: NOTHING }
  }

  verifyVoteExtension(_request: abci.RequestVerifyVoteExtension): Answer<abci.ResponseVerifyVoteExtension> {
    return { status: ResponseVerifyVoteExtension_VerifyStatus.ACCEPT }
  }

  finalizeBlock({ txs }: abci.RequestFinalizeBlock): Answer<abci.ResponseFinalizeBlock> {
    return { events: [], txResults: txs.map(() => txResult()), validatorUpdates: [], appHash: NOTHING }
  }

  commit(_request: abci.RequestCommit): Answer<abci.ResponseCommit> {
    return { retainHeight: 0n }
  }

  listSnapshots(_request: abci.RequestListSnapshots): Answer<abci.ResponseListSnapshots> {
    return { snapshots: [] }
  }

  offerSnapshot(_request: abci.RequestOfferSnapshot): Answer<abci.ResponseOfferSnapshot> {
    return { result: ResponseOfferSnapshot_Result.REJECT }
  }

  loadSnapshotChunk(_request: abci.RequestLoadSnapshotChunk): Answer<abci.ResponseLoadSnapshotChunk> {
    return { chunk: NOTHING }
  }

  applySnapshotChunk(_request: abci.RequestApplySnapshotChunk): Answer<abci.ResponseApplySnapshotChunk> {
    return { result: ResponseApplySnapshotChunk_Result.ABORT, refetchChunks: [], rejectSenders: [] }
  }
}

/** What a transaction takes in a block: a tag, its length as a varint, its bytes. */
export function protoSize(length: number): bigint {
  let varintBytes = 1
  for (let rest = length; rest >= 0x80; rest = Math.floor(rest / 0x80)) varintBytes += 1
  return BigInt(1 + varintBytes + length)
}
