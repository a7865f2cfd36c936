/** Loads a package that Ringdown does without; tests hand in one of their own. */
export type LoadPeer = (name: string) => Promise<unknown>

/**
 * Loads a package that only those need who use it.
 * @throws Error saying what to install
 */
export async function loadPeer(name: string): Promise<unknown> {
  try {
    const module = (await import(name)) as { default?: unknown }
    // What is CommonJS stands in `default` as a whole; names may be missing beside it.
    return { ...(module.default as object | undefined), ...module }
  } catch (error) {
    throw new Error(`the package ${name} is needed for it and cannot be loaded: npm install ${name}`, { cause: error })
  }
}
