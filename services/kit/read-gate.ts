import { tellingWaits } from '#ledger-adapter/waiting'
import { busy, Place, tooMany } from './place.ts'

export interface ReadLimits {
  /** Reads at work in the node; one that waits for a block is none of them. */
  readonly readsAtOnce: number
  /** Of one participant: one that asks for everything leaves room for the others. */
  readonly readsOfOneAtOnce: number
  /** Reads under way that wait for a block or have waited for one; many, since who waits costs next to nothing. */
  readonly waitsAtOnce: number
  /** Of one participant. */
  readonly waitsOfOneAtOnce: number
}

/**
 * Bounds the reads at work. One that waits for a block works only before and after, and in its turn: a crowd may come,
 * and its block wakes all of it at once.
 */
export class ReadGate {
  private readonly working: Count
  private readonly waits: Count
  private readonly line: Line

  constructor({ readsAtOnce, readsOfOneAtOnce, waitsAtOnce, waitsOfOneAtOnce }: ReadLimits) {
    this.working = new Count('reads', readsAtOnce, readsOfOneAtOnce)
    this.waits = new Count('reads that wait for a block', waitsAtOnce, waitsOfOneAtOnce)
    this.line = new Line(this.working)
  }

  /**
   * @param mayWait its caller asks it to wait for a block
   * @throws Problem 503 BUSY; then nothing has been counted
   */
  enter(mayWait: boolean): Place {
    const [seat, turn] = [this.waits.seat(), this.working.seat()]
    if (mayWait) seat.take()
    else turn.take()
    return new ReadPlace(seat, turn, this.line)
  }
}

/** A read's: `seat` among those that wait, once it has waited until it leaves; `turn` among those at work. */
class ReadPlace extends Place {
  private participant = ''
  /** Waits of one read that overlap. */
  private waiting = 0
  /** What a handler left behind unawaited takes no place any more. */
  private isOver = false

  constructor(
    private readonly seat: Seat,
    private readonly turn: Seat,
    private readonly line: Line,
  ) {
    super(() => {
      seat.leave()
      this.rest()
    })
  }

  override claim(participant: string): void {
    this.participant = participant
    const { seat, turn } = this
    if (seat.isTaken) seat.claim(participant)
    else turn.claim(participant)
  }

  override during<T>(work: () => Promise<T>): Promise<T> {
    return super.during(async () => {
      await this.resume()
      try {
        return await tellingWaits((wait) => this.whileWaiting(wait), work)
      } finally {
        this.isOver = true
      }
    })
  }

  private async whileWaiting<T>(wait: () => Promise<T>): Promise<T> {
    if (this.isOver) return wait()
    this.sitDown()
    this.waiting += 1
    if (this.waiting === 1) this.rest()
    try {
      return await wait()
    } finally {
      this.waiting -= 1
      if (this.waiting === 0) await this.resume()
    }
  }

  /** @throws Problem when too many wait already */
  private sitDown(): void {
    const { seat, participant } = this
    if (seat.isTaken) return
    seat.take()
    try {
      seat.claim(participant)
    } catch (error) {
      seat.leave()
      throw error
    }
  }

  private async resume(): Promise<void> {
    if (this.turn.isTaken || this.isOver) return
    await this.line.take(this.turn, this.participant)
    if (this.isOver) this.rest()
  }

  private rest(): void {
    this.turn.leave()
    this.line.moveUp()
  }
}

/** How many of one kind there are, of everybody and of each participant. */
class Count {
  all = 0
  private readonly ofParticipant = new Map<string, number>()

  constructor(
    readonly what: string,
    readonly most: number,
    readonly mostOfOne: number,
  ) {}

  of(participant: string): number {
    return this.ofParticipant.get(participant) ?? 0
  }

  add(participant: string, by: 1 | -1): void {
    const count = this.of(participant) + by
    if (count === 0) this.ofParticipant.delete(participant)
    else this.ofParticipant.set(participant, count)
  }

  seat(): Seat {
    return new Seat(this)
  }
}

/** One of those that are counted, while it is taken. */
class Seat {
  private participant: string | undefined
  isTaken = false

  constructor(private readonly count: Count) {}

  /** @throws Problem 503 BUSY */
  take(): void {
    const { what, most, all } = this.count
    if (all >= most) throw busy(what, most)
    this.count.all += 1
    this.isTaken = true
  }

  /** @throws Problem 429 TOO_MANY_REQUESTS */
  claim(participant: string): void {
    const { what, mostOfOne } = this.count
    if (this.count.of(participant) >= mostOfOne) throw tooMany(`${participant} has ${mostOfOne} ${what} under way already`) // prettier-ignore
    this.count.add(participant, 1)
    this.participant = participant
  }

  leave(): void {
    if (!this.isTaken) return
    this.isTaken = false
    this.count.all -= 1
    if (this.participant !== undefined) this.count.add(this.participant, -1)
    this.participant = undefined
  }
}

interface InLine {
  readonly seat: Seat
  readonly go: () => void
}

/**
 * Reads that have waited, a lane for each participant; of each lane one in turn. They take up to half of what may be at
 * work, so that a crowd whose block has come does not shut those out who do not wait.
 */
class Line {
  private readonly lanes = new Map<string, InLine[]>()

  constructor(private readonly working: Count) {}

  /** Resolves when it has the seat. */
  take(seat: Seat, participant: string): Promise<void> {
    return new Promise((go) => {
      const lane = this.lanes.get(participant)
      if (lane) lane.push({ seat, go })
      else this.lanes.set(participant, [{ seat, go }])
      this.moveUp()
    })
  }

  moveUp(): void {
    const { working } = this
    const mostOfOne = Math.ceil(working.mostOfOne / 2)
    // Walked in the order of insertion: a lane that is put back stands at the end of the row, and is come to again.
    for (const [participant, lane] of this.lanes) {
      if (working.all >= Math.ceil(working.most / 2)) return
      if (working.of(participant) >= mostOfOne) continue
      const { seat, go } = lane.shift()!
      seat.take()
      seat.claim(participant)
      this.lanes.delete(participant)
      if (lane.length > 0) this.lanes.set(participant, lane)
      go()
    }
  }
}
