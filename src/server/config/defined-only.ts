/** What a schema calls optional, without the keys that are there and say nothing. */
export function definedOnly<Value extends object>(value: Value): Defined<Value> {
  return Object.fromEntries(Object.entries(value).filter(([, part]) => part !== undefined)) as Defined<Value>
}

type Defined<Value> = { [Key in keyof Value]: Exclude<Value[Key], undefined> }
