export {
  ApiError,
  SluiceClient,
  type ClientOptions,
  type ClientSigner,
  type Committed,
  type ListPage,
  type ServedContracts,
} from './client.ts'
export { NodeSilent, type Patience } from './patience.ts'
export { Subscriber, type SocketFactory, type SocketLike, type SubscriberOptions } from './subscriber.ts'
export {
  StreamError,
  type ProvenHead,
  type StreamFault,
  type SubscriberCheckpoint,
  type VerifiedEvent,
} from './subscriber-state.ts'
export { Proofs } from './proofs.ts'
