import { Type } from 'typebox'
import { contract, method } from '#contracts/kernel/method'
import { eventType, participantTopic, PUBLIC } from '#contracts/kernel/event'
import { refusals } from '#contracts/kernel/refusal'
import { keysOf, put, remove } from '#contracts/kernel/state'

/** A contract for tests of the ledger itself: notes under names, a counter that every note raises. */
interface Note {
  readonly text: string
  readonly by: string
}
const noteKey = keysOf<Note>('notes/note')
const counterKey = keysOf<{ count: number }>('notes/counter')

const refuse = refusals({ NOTE_EXISTS: 'conflict', NO_SUCH_NOTE: 'notFound' })

const Put = Type.Object({ name: Type.String(), text: Type.String(), by: Type.String(), count: Type.Integer() })
const notePut = eventType({
  contract: 'notes',
  event: 'NotePut',
  schema: Put,
  apply: ({ name, text, by, count }) => [put(noteKey(name), { text, by }), put(counterKey('all'), { count })],
})
const noteRemoved = eventType({
  contract: 'notes',
  event: 'NoteRemoved',
  schema: Type.Object({ name: Type.String() }),
  apply: ({ name }) => [remove(noteKey(name))],
})
/** Writes where no contract may. */
const noteMisplaced = eventType({
  contract: 'notes',
  event: 'NoteMisplaced',
  schema: Type.Object({ key: Type.String() }),
  apply: ({ key }) => [{ op: 'put', key, value: 'misplaced' }],
})

const by = { functions: ['maker', 'checker', 'service:admin'] } as const
const sentence = { zh: '测试', en: 'test' }

export const notes = contract({
  name: 'notes',
  methods: [
    method({
      contract: 'notes',
      method: 'put',
      sentence,
      args: Type.Object({ name: Type.String(), text: Type.String() }),
      by,
      reads: ({ name }) => [noteKey(name)],
      decide(read, { args: { name, text }, caller }) {
        if (read(noteKey(name))) refuse('NOTE_EXISTS', { name })
        const count = (read(counterKey('all'))?.count ?? 0) + 1
        const topics = [PUBLIC, participantTopic(caller.participant)]
        return [notePut.of({ name, text, by: caller.participant, count }, topics)]
      },
    }),
    method({
      contract: 'notes',
      method: 'remove',
      sentence,
      args: Type.Object({ name: Type.String() }),
      by,
      decide(read, { args: { name } }) {
        if (!read(noteKey(name))) refuse('NO_SUCH_NOTE', { name })
        return [noteRemoved.of({ name }, [PUBLIC])]
      },
    }),
    method({
      contract: 'notes',
      method: 'misplace',
      sentence,
      args: Type.Object({ key: Type.String() }),
      by,
      decide: (_read, { args: { key } }) => [noteMisplaced.of({ key }, [])],
    }),
    method({
      contract: 'notes',
      method: 'defect',
      sentence,
      args: Type.Object({}),
      by,
      decide() {
        throw new TypeError('a defect in a contract')
      },
    }),
  ],
  events: [notePut, noteRemoved, noteMisplaced],
  disclosure: { fields: 'public' },
})
