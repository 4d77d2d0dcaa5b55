import { Stage } from '../kernel/event.ts'
import { method } from '../kernel/method.ts'
import { Fields, Id, Text } from '../kernel/schema.ts'
import { BANKS } from './banks.ts'
import { refuse } from './errors.ts'
import { instructionKey } from './state.ts'
import { instructionOf, voidInstruction } from './transfers.ts'

/** The bank could not or was told not to execute an instruction; what it reserved is free again. */
export const voidTransfers = method({
  contract: 'cash',
  method: 'void',
  sentence: { zh: '作废指令 {instruction}：{reason}', en: 'Void instruction {instruction}: {reason}' },
  args: Fields({ instruction: Id, reason: Text }),
  by: BANKS,
  reads: ({ instruction }) => [instructionKey(instruction)],
  decide(read, { args, caller: { participant } }) {
    const { bank } = instructionOf(read, args.instruction)
    if (bank !== participant) refuse('WRONG_BANK', { instruction: args.instruction, participant })
    const stage = new Stage(read)
    voidInstruction(stage, args)
    return stage.events
  },
})
