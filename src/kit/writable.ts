/**
 * An object while it is put together: what is optional is written where it is there. Spreading it in, or nothing, is a call
 * into the engine each time, which tells where a message is read.
 */
export type Writable<Type> = { -readonly [Key in keyof Type]: Type[Key] }
