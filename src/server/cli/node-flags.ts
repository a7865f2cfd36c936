/**
 * What the first line of the command (`main.ts`) asks of node: young objects live for up to 32 s here and are copied
 * less often when there is room for them, and collections leave the other cores to the media workers. Whoever starts
 * the exchange in a process of its own gives it the same.
 */
export const NODE_FLAGS: readonly string[] = ['--max-semi-space-size=64', '--no-parallel-scavenge']
