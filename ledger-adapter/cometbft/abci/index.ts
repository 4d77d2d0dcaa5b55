/** An ABCI 2.0 (CometBFT v0.38) application server. Knows nothing of Sluice. */
export * from './application.ts'
export * from './framing.ts'
export * from './server.ts'
