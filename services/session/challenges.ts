import { randomBytes } from 'node:crypto'

interface Open {
  readonly participant: string
  readonly keyId: string
  readonly expiresAtMs: number
}

/**
 * Challenges of this process: random, short-lived, each good for one answer. They live in memory since nobody loses
 * anything when a restart forgets them; their number is bounded, the oldest going first.
 */
export class Challenges {
  private readonly open = new Map<string, Open>()

  constructor(
    private readonly options: { readonly lifetimeMs: number; readonly limit: number; readonly now: () => number },
  ) {}

  issue(participant: string, keyId: string): { challenge: string; expiresAtMs: number } {
    this.forgetExpired()
    while (this.open.size >= this.options.limit) this.open.delete(this.open.keys().next().value!)
    const challenge = randomBytes(32).toString('base64url')
    const expiresAtMs = this.options.now() + this.options.lifetimeMs
    this.open.set(challenge, { participant, keyId, expiresAtMs })
    return { challenge, expiresAtMs }
  }

  /** Answers for whom it was issued and spends it, whatever comes of the signature; undefined when it is not open. */
  take(challenge: string): { participant: string; keyId: string } | undefined {
    this.forgetExpired()
    const found = this.open.get(challenge)
    this.open.delete(challenge)
    return found
  }

  /** Insertion order is order of expiry, since every challenge lives as long. */
  private forgetExpired(): void {
    const now = this.options.now()
    for (const [challenge, { expiresAtMs }] of this.open) {
      if (expiresAtMs > now) return
      this.open.delete(challenge)
    }
  }
}
