/**
 * The package as applications import it: the very modules that run this server, so that enumerations and classes are
 * the same objects on both sides, and an application file needs no copy of the package beside it.
 */
export async function loadDoor(): Promise<object> {
  // Computed, because the public door is built after this room: the compiler must not follow it.
  const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js'
  return import(/* @vite-ignore */ new URL(`../../index${extension}`, import.meta.url).href) as Promise<object>
}
