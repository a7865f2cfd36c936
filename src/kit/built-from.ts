/**
 * Where a file stands in the build: itself, or what is built from it where the TypeScript sources run. Worker threads need
 * JavaScript, so they are started beside that: `new URL('./thread.js', builtFrom(import.meta.url))`.
 */
export function builtFrom(url: string): string {
  return url.endsWith('.ts') ? url.replace(/^(.*)\/src\//, '$1/dist/') : url
}
