import { commandKey, type CommandName } from '#proof/command'
import type { BuiltBlock } from '../application/build-block.ts'

const MAX_BLOCKS = 4

interface Recent {
  readonly block: BuiltBlock
  readonly signature: string
  /** By the keys of the ids; made when somebody asks. */
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
    command: CommandName,
  ): { readonly block: BuiltBlock; readonly signature: string; readonly index: number } | undefined {
    const key = commandKey(command)
    for (const recent of this.blocks) {
      recent.places ??= new Map(recent.block.commands.map(({ idKey }, index) => [idKey, index]))
      const index = recent.places.get(key)
      if (index !== undefined) return { ...recent, index }
    }
    return undefined
  }
}
