/**
 * Lets what one participant sends leave an asynchronous check in the order in which it came: signatures are checked side
 * by side and values fetched when needed, and a later command must not overtake the one it builds on. Participants do
 * not wait for each other.
 */
export class InOrder {
  private readonly last = new Map<string, Promise<void>>()

  /** Settles as the check does, after everything that the same participant sent before. */
  async pass<T>(participant: string, check: Promise<T>): Promise<T> {
    const before = this.last.get(participant)
    const next = () => before // which never fails
    const turn: Promise<void> = check.then(next, next)
    this.last.set(participant, turn)
    await turn
    if (this.last.get(participant) === turn) this.last.delete(participant)
    return check
  }
}
