import type { BlockHeader } from '#proof/block'
import { hexToBytes, type Hash } from '#proof/hash'
import { historyLeaf, isInHistory, type BlockRoots, type History } from '#proof/history'
import { MountainRange } from '#proof/mountain-range'
import type { HistoryPlace } from '#proof/receipt'
import { LedgerError } from '../port.ts'

/**
 * Blocks of one group: a node keeps of a group its node in the history, which is that of all its blocks together, and
 * the height of its last block, and reads the headers of the one or two groups that a path leads through.
 */
export const GROUP = 32
/** Groups as they were read of late: receipts of neighbouring blocks are asked for together. */
const KEPT_GROUPS = 16
/** Headers taken in before others have their turn of the loop. */
const HEADERS_A_TURN = 256

export interface StoredGroup {
  readonly lastHeight: number
  readonly node: Hash
}

/** What is read of the block log, and what is remembered of it for the next start. */
export interface HistoryRows {
  /** Of the blocks with commands after this height, in order, in batches. */
  headersAfter(height: number): AsyncIterable<readonly BlockHeader[]>
  /** The same, with both heights. */
  headersBetween(first: number, last: number): Promise<readonly BlockHeader[]>
  /** Groups from the first on, in batches. */
  historyGroups(): AsyncIterable<readonly StoredGroup[]>
  /** The groups from this number on; those that are there already stay. */
  putHistoryGroups(from: number, groups: readonly StoredGroup[]): Promise<void>
  dropHistoryGroups(): Promise<void>
}

/** The blocks of one group, as far as there are. */
class Group {
  readonly heights: number[] = []
  readonly roots: BlockRoots[] = []
  readonly range = new MountainRange()

  static of(headers: readonly BlockHeader[]): Group {
    const group = new Group()
    for (const header of headers) group.add(header)
    return group
  }

  add({ height, commandRoot, eventRoot, resultRoot }: BlockHeader): void {
    const roots = { commandRoot, eventRoot, resultRoot }
    this.heights.push(height)
    this.roots.push(roots)
    this.range.append(hexToBytes(historyLeaf(height, roots)))
  }
}

/** What is known of the blocks: all complete groups by their nodes, and the blocks after them. */
class Known {
  private readonly upper = new MountainRange()
  private lastHeights = new Float64Array(64)
  private tail = new Group()
  private readonly read = new Map<number, Group>()
  /** Groups that stand in the store. */
  stored = 0

  constructor(private readonly rows: HistoryRows) {}

  get groups(): number {
    return this.upper.count
  }

  get lastHeight(): number {
    return this.tail.heights.at(-1) ?? this.lastHeightOf(this.groups - 1)
  }

  groupsFrom(first: number): StoredGroup[] {
    const of = (number: number) => ({ lastHeight: this.lastHeights[number]!, node: this.upper.leaf(number) })
    return Array.from({ length: this.groups - first }, (_, n) => of(first + n))
  }

  addGroup({ lastHeight, node }: StoredGroup): void {
    if (this.groups === this.lastHeights.length) {
      const larger = new Float64Array(this.groups * 2)
      larger.set(this.lastHeights)
      this.lastHeights = larger
    }
    this.lastHeights[this.groups] = lastHeight
    this.upper.append(hexToBytes(node))
  }

  add(header: BlockHeader): void {
    this.tail.add(header)
    if (this.tail.range.count < GROUP) return
    this.keep(this.groups, this.tail)
    this.addGroup({ lastHeight: header.height, node: this.tail.range.historyAt().peaks[0]! })
    this.tail = new Group()
  }

  /**
   * Where the block of this height stands in the history as it was with the block of that height; undefined when it does
   * not, or what was remembered of the groups does not fit the block log.
   */
  async placeOf(height: number, upTo: number): Promise<Omit<HistoryPlace, 'proof'> | undefined> {
    const number = this.groupOf(height)
    const group = await this.blocksOf(number)
    const within = group.heights.indexOf(height)
    // The first group of which something is not yet in that history, and how much of it is.
    const last = this.groupOf(upTo + 1)
    const rest = await this.blocksOf(last)
    const after = rest.heights.findIndex((one) => one > upTo)
    const standing = after < 0 ? rest.heights.length : after
    if (within < 0 || standing >= GROUP || (number < last && group.heights.length !== GROUP)) return undefined
    const count = last * GROUP + standing
    const index = number * GROUP + within
    const isWhole = number < last
    const path = isWhole
      ? [...group.range.path(within), ...this.upper.path(number, last)]
      : group.range.path(within, standing)
    const history = { count, peaks: [...this.upper.historyAt(last).peaks, ...rest.range.historyAt(standing).peaks] }
    return { height, ...group.roots[within]!, index, path, history }
  }

  /** The first group whose last block is of this height or a later one; the blocks after all groups, when none is. */
  private groupOf(height: number): number {
    let [low, high] = [0, this.groups]
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      if (this.lastHeights[middle]! < height) low = middle + 1
      else high = middle
    }
    return low
  }

  /** 0 of none: block 0 has no commands and stands in no history. */
  private lastHeightOf(group: number): number {
    return group < 0 ? 0 : this.lastHeights[group]!
  }

  private async blocksOf(number: number): Promise<Group> {
    if (number === this.groups) return this.tail
    const known = this.read.get(number)
    if (known) return known
    const group = Group.of(await this.rows.headersBetween(this.lastHeightOf(number - 1) + 1, this.lastHeightOf(number)))
    this.keep(number, group)
    return group
  }

  private keep(number: number, group: Group): void {
    this.read.set(number, group)
    const [oldest] = this.read.keys()
    if (this.read.size > KEPT_GROUPS && oldest !== undefined) this.read.delete(oldest)
  }
}

/**
 * The history of one node's blocks, from which paths are made (docs/adr/033). Taking in a block costs two hashes on
 * average, a path the headers of two groups, however many blocks there are; in memory a block takes 2¼ bytes, up to twice
 * as many after an array was doubled. The groups are remembered in the store, so that a start does not read every header.
 */
export class BlockHistory {
  private known: Known | undefined
  private reading: Promise<unknown> = Promise.resolve()

  constructor(private readonly rows: HistoryRows) {}

  /**
   * Where the block of this height stands in the history after the block of height `upTo`, which is stored. What does not
   * lead to what the state holds is not handed out but forgotten, and read again from the headers, once.
   * @param isInState whether the state after that block holds this history
   * @throws LedgerError NOT_FOUND of block 0, which has no commands; HISTORY_INCOMPLETE when the stored blocks are not those
   * of the state
   */
  async placeOf(
    height: number,
    upTo: number,
    isInState: (history: History) => boolean,
  ): Promise<Omit<HistoryPlace, 'proof'>> {
    // What stands in no history costs no reading.
    if (height < 1 || height > upTo) throw new LedgerError('read', 'NOT_FOUND', true, { height })
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const known = await this.readUpTo(upTo)
      const place = await known.placeOf(height, upTo)
      if (place && leads(place) && isInState(place.history)) {
        await this.remember(known)
        return place
      }
      await this.forget(known)
    }
    throw new LedgerError('read', 'HISTORY_INCOMPLETE', true, { height })
  }

  /** One after another, so that every header is taken in once. */
  private readUpTo(height: number): Promise<Known> {
    const read = this.reading.then(() => this.readOn(height))
    this.reading = read.catch(() => undefined)
    return read
  }

  private async readOn(height: number): Promise<Known> {
    this.known ??= await this.remembered()
    const { known } = this
    if (known.lastHeight >= height) return known
    for await (const headers of this.rows.headersAfter(known.lastHeight)) {
      for (let from = 0; from < headers.length; from += HEADERS_A_TURN) {
        if (from > 0) await new Promise((resolve) => setImmediate(resolve))
        for (const header of headers.slice(from, from + HEADERS_A_TURN)) known.add(header)
      }
    }
    return known
  }

  private async remembered(): Promise<Known> {
    const known = new Known(this.rows)
    for await (const groups of this.rows.historyGroups()) for (const group of groups) known.addGroup(group)
    known.stored = known.groups
    return known
  }

  /** Only what has led to the state. */
  private async remember(known: Known): Promise<void> {
    const { stored, groups } = known
    if (stored === groups) return
    await this.rows.putHistoryGroups(stored, known.groupsFrom(stored))
    known.stored = Math.max(known.stored, groups)
  }

  private async forget(known: Known): Promise<void> {
    if (this.known === known) this.known = undefined
    await this.rows.dropHistoryGroups()
  }
}

/** The second time from the headers alone. */
const ATTEMPTS = 2

const leads = (place: Omit<HistoryPlace, 'proof'>): boolean =>
  isInHistory(place.history, historyLeaf(place.height, place), place.index, place.path)
