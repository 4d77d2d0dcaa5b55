import { describe, expect, it } from 'vitest'
import { configFile } from './config.ts'
import { addressOf, cometKey, nodeKeyFile, validatorKeyFile } from './keys.ts'

describe("CometBFT's keys", () => {
  // Made by `cometbft init` of v0.38.25.
  const publicKey = 'QaISINnrXtYeQBAtOP7Ilb9C/UTEU/TbbARoHoV8q3Q='
  const secret = 'NSuXwq2q48xF6XsA2SuEFvHAD+ehEbRISmGsapmDVI5BohIg2ete1h5AEC04/siVv0L9RMRT9NtsBGgehXyrdA=='
  const address = '98C356BD0835B8CC1F86A4184CE5B9044BD65FCA'

  it('have the form and the address that its own program gives them', () => {
    const key = cometKey(Buffer.from(secret, 'base64').subarray(0, 32))
    expect(JSON.parse(validatorKeyFile(key))).toEqual({
      address,
      pub_key: { type: 'tendermint/PubKeyEd25519', value: publicKey },
      priv_key: { type: 'tendermint/PrivKeyEd25519', value: secret },
    })
    expect(addressOf(key)).toBe(address)
    expect(JSON.parse(nodeKeyFile(key))).toEqual({ priv_key: { type: 'tendermint/PrivKeyEd25519', value: secret } })
  })

  it('are new every time, and a seed of another length is refused', () => {
    expect(cometKey().secret).not.toBe(cometKey().secret)
    expect(() => cometKey(new Uint8Array(31))).toThrow('32 bytes')
  })
})

describe('config.toml', () => {
  const base = { moniker: 'a "b"', application: 'tcp://127.0.0.1:1', p2pPort: 2, rpcPort: 3, peers: ['x@127.0.0.1:4'] }

  it('binds loopback addresses alone and quotes what it is given', () => {
    const text = configFile(base)
    expect(text).toContain('moniker = "a \\"b\\""')
    expect(text).toContain('laddr = "tcp://127.0.0.1:3"')
    expect(text).toContain('persistent_peers = "x@127.0.0.1:4"')
    expect(text).not.toContain('0.0.0.0')
    expect(text).toMatch(/\[statesync\]\nenable = false\n/)
  })

  it('asks two servers at least for state sync', () => {
    const stateSync = { rpcServers: ['http://a'], trustHeight: 1, trustHash: 'ab' }
    expect(() => configFile({ ...base, stateSync })).toThrow('at least two')
    expect(configFile({ ...base, stateSync: { ...stateSync, rpcServers: ['http://a', 'http://b'] } })).toContain(
      'trust_hash = "AB"',
    )
  })
})
