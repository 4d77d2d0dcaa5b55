import { boundObject } from '#contracts/bound-object'
import { bundleAt } from '#contracts/governance/read'
import { pinKey } from '#contracts/governance/state'
import { describe, type Description } from '#contracts/describe'
import type { ContractVersion, Executable, Registry, VersionResolver } from '#contracts/kernel/execute'
import type { Read } from '#contracts/kernel/state'
import type { Hash } from '#proof/hash'
import { SandboxedContracts } from './sandbox.ts'
import { BundleError, type BundleStore } from './store.ts'

/**
 * The versions of a ledger's contracts that a node knows: by hash from its store, each loaded once when it is first
 * needed. A command on a deal is decided by the version that the deal stays on, any other by the active one.
 */
export class ContractVersions implements VersionResolver {
  private readonly loaded = new Map<Hash, SandboxedContracts>()

  constructor(
    private readonly options: {
      readonly store: Pick<BundleStore, 'text'>
      /** What genesis names: block 0 is decided by it, before any state says so. */
      readonly genesisBundle: Hash | null
      /** What runs while governance has activated no bundle; none: this node runs bundles only. */
      readonly sources?: Registry
    },
  ) {}

  versionFor(read: Read, command: Pick<Executable, 'contract' | 'args'> | undefined, height: number): ContractVersion {
    if (height === 0) return this.version(this.options.genesisBundle)
    const object = command && boundObject(command)
    const pin = object === undefined ? undefined : read(pinKey(object))
    return this.version(pin ? pin.bundle : bundleAt(read, height))
  }

  /**
   * A version by its hash. A node that lacks it must stop: it cannot know what the others decide.
   * @throws BundleError MISSING, CORRUPT, NOT_A_BUNDLE, NO_SOURCES
   */
  version(bundle: Hash | null): ContractVersion {
    return bundle === null ? this.sources() : this.bundled(bundle)
  }

  /** What a version says of itself. @throws BundleError, as `version` */
  description(bundle: Hash | null): Description {
    return bundle === null ? describe(this.sources()) : this.bundled(bundle).description()
  }

  private sources(): Registry {
    const { sources } = this.options
    if (!sources) throw new BundleError('NO_SOURCES', null, 'this node runs bundles only')
    return sources
  }

  private bundled(bundle: Hash): SandboxedContracts {
    let version = this.loaded.get(bundle)
    if (version === undefined) {
      const text = this.options.store.text(bundle)
      if (text === undefined) throw new BundleError('MISSING', bundle, 'this node does not have it: add the file')
      version = SandboxedContracts.load(bundle, text)
      this.loaded.set(bundle, version)
    }
    return version
  }
}
