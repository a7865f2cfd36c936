import { SpeechError } from '../../kit/index.ts'

/** A part of a marked-up text. */
export type MarkupToken =
  | { readonly type: 'text'; readonly text: string; readonly at: number }
  | {
      readonly type: 'open'
      readonly name: string
      readonly attributes: ReadonlyMap<string, string>
      /** `<break/>`: it is closed already. */
      readonly isClosed: boolean
      readonly at: number
    }
  | { readonly type: 'close'; readonly name: string; readonly at: number }

/**
 * Takes XML apart, as much of it as SSML needs: elements, attributes, the five entities, character references, comments,
 * CDATA. Declarations of a document type, and so entities of its own, are refused.
 *
 * @throws SpeechError naming the place of what is malformed
 */
export function* markupOf(xml: string): Generator<MarkupToken> {
  for (let at = 0; at < xml.length; ) {
    const begin = at
    if (xml[at] !== '<') {
      const end = xml.indexOf('<', at)
      at = end < 0 ? xml.length : end
      yield { type: 'text', text: withoutEntities(xml, begin, at), at: begin }
    } else if (xml.startsWith('<!--', at)) at = behind(xml, '-->', at, 'a comment')
    else if (xml.startsWith('<![CDATA[', at)) {
      at = behind(xml, ']]>', at, 'CDATA')
      yield { type: 'text', text: xml.slice(begin + 9, at - 3), at: begin }
    } else if (xml.startsWith('<?', at)) at = behind(xml, '?>', at, 'a declaration')
    else if (xml.startsWith('<!', at)) malformed(xml, at, 'a document type cannot be declared')
    else {
      TAG.lastIndex = at
      const [tag, close, name = '', attributes = '', empty] = TAG.exec(xml) ?? malformed(xml, at, NO_TAG)
      at += tag.length
      if (close !== '') yield { type: 'close', name, at: begin }
      else
        yield {
          type: 'open',
          name,
          attributes: attributesOf(attributes, xml, begin),
          isClosed: empty !== '',
          at: begin,
        }
    }
  }
}

/** Says what is wrong with a text, and where, with what stands there. */
export function malformed(xml: string, at: number, what: string): never {
  const before = xml.slice(0, at).split('\n')
  const there = xml.slice(at, at + 20).split('\n')[0]
  const place = `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`
  throw new SpeechError(`the SSML is malformed at ${place} (${there === '' ? 'the end' : `"${there}"`}): ${what}`)
}

const NAME = String.raw`[A-Za-z_][\w.:-]*`
const ATTRIBUTE = String.raw`\s+(${NAME})\s*=\s*(?:"([^"<]*)"|'([^'<]*)')`
const TAG = new RegExp(String.raw`<(/?)(${NAME})((?:${ATTRIBUTE.replaceAll(/\((?!\?)/g, '(?:')})*)\s*(/?)>`, 'y')
const NO_TAG = 'this is no tag; write &lt; for the sign itself'

function attributesOf(text: string, xml: string, at: number): ReadonlyMap<string, string> {
  const attributes = new Map<string, string>()
  for (const [, name = '', double, single] of text.matchAll(new RegExp(ATTRIBUTE, 'g'))) {
    if (attributes.has(name)) malformed(xml, at, `${name} is there twice`)
    const value = double ?? single ?? ''
    attributes.set(name, withoutEntities(value, 0, value.length, xml, at))
  }
  return attributes
}

function behind(xml: string, end: string, at: number, what: string): number {
  const found = xml.indexOf(end, at)
  return found < 0 ? malformed(xml, at, `${what} does not end`) : found + end.length
}

function withoutEntities(text: string, begin: number, end: number, xml = text, at?: number): string {
  return text
    .slice(begin, end)
    .replaceAll(/&(?:#(\d{1,7});|#x([\da-fA-F]{1,6});|(\w+);)?/g, (match, ten, sixteen, name, index) => {
      const code = ten === undefined ? Number.parseInt(sixteen, 16) : Number(ten)
      if (code <= 0x10ffff && code > 0) return String.fromCodePoint(code)
      return (
        ENTITIES[name] ??
        malformed(xml, at ?? begin + index, match === '&' ? 'write &amp; for the sign itself' : `${match} is not known`)
      )
    })
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }
