/** Something that a phone was to hear or to see did not come. The message tells what came instead, and the whole call. */
export class ExpectationError extends Error {
  constructor(message: string, stack: readonly string[] = []) {
    super(message)
    this.name = 'ExpectationError'
    if (stack.length > 0) this.stack = `${this.name}: ${message}\n${stack.join('\n')}`
  }
}
