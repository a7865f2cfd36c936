/**
 * Tells the objects of a class, also of another copy of the test kit in this process: what `instanceof` does not know. There are
 * two where the tests of a package and those of its sources share a process, and the matchers of one see the phones of the other.
 */
export function ofAnyCopy<Kind extends object>(
  kind: { readonly prototype: Kind },
  name: string,
): (value: unknown) => value is Kind {
  const mark = Symbol.for(`ringdown.testing.${name}`)
  Object.defineProperty(kind.prototype, mark, { value: true })
  return (value): value is Kind => typeof value === 'object' && value !== null && mark in value
}
