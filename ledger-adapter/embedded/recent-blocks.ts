import type { BuiltBlock } from '../application/build-block.ts'

const MAX_BLOCKS = 4

interface Recent {
  readonly block: BuiltBlock
  readonly signature: string
  /** Made when somebody asks. */
  places?: ReadonlyMap<string, number>
}

/** The last blocks as they were built: whoever has just been answered gets a receipt without asking the store. */
export class RecentBlocks {
  private readonly blocks: Recent[] = []

  /** @param block that is durable */
  add(block: BuiltBlock, signature: string): void {
    this.blocks.unshift({ block, signature })
    this.blocks.length = Math.min(this.blocks.length, MAX_BLOCKS)
  }

  find(
    commandId: string,
  ): { readonly block: BuiltBlock; readonly signature: string; readonly index: number } | undefined {
    for (const recent of this.blocks) {
      recent.places ??= new Map(recent.block.commands.map(({ command }, index) => [command.commandId, index]))
      const index = recent.places.get(commandId)
      if (index !== undefined) return { ...recent, index }
    }
    return undefined
  }
}
