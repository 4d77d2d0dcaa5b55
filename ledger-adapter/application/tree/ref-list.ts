/** Whole numbers of 32 bits in a row that grows; outside the collected heap, as a block lists tens of thousands. */
export class RefList {
  /** Those up to `size` count. */
  items: Int32Array
  size = 0

  constructor(room = 1024) {
    this.items = new Int32Array(room)
  }

  push(item: number): void {
    if (this.size === this.items.length) {
      const larger = new Int32Array(this.size * 2)
      larger.set(this.items)
      this.items = larger
    }
    this.items[this.size++] = item
  }

  pop(): number {
    return this.items[--this.size]!
  }

  /** What is in it, in as little room as it takes. */
  values(): Int32Array {
    return this.items.slice(0, this.size)
  }
}
