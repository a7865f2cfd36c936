import { type MarkupToken, malformed, markupOf } from './markup.ts'
import type { SayAs } from './say-as.ts'

/** A part of a text that is marked up. */
export type Span =
  | { readonly text: string; readonly rate: number; readonly sayAs?: SayAs }
  /** A pause, which also ends a sentence; of 0 ms, it is nothing but its end. */
  | { readonly silenceMs: number }

type Open = Extract<MarkupToken, { type: 'open' }>

/** What holds inside an element. */
interface Scope {
  readonly name: string
  readonly at: number
  readonly rate: number
  readonly sayAs?: SayAs
  /** What is said instead of its content. */
  readonly alias?: string
}

/**
 * Reads SSML (W3C Speech Synthesis Markup Language 1.1): `speak`, `p`, `s`, `break`, `say-as`, `prosody rate`, `sub`. Of
 * other elements the content is read, as if they were not there.
 *
 * @throws SpeechError naming the place of what is malformed
 */
export function spansOf(ssml: string): Span[] {
  const spans: Span[] = []
  const scopes: Scope[] = []
  let isOver = false
  for (const token of markupOf(ssml)) {
    const scope = scopes.at(-1)
    if (token.type === 'text') {
      if (scope !== undefined) {
        if (scope.alias === undefined) spans.push(textSpan(token.text, scope))
      } else if (token.text.trim() !== '') malformed(ssml, token.at, isOver ? BEHIND : BEFORE)
    } else if (token.type === 'open') {
      if (isOver) malformed(ssml, token.at, BEHIND)
      if (scope === undefined && token.name !== 'speak') malformed(ssml, token.at, BEFORE)
      if (scopes.length >= MOST_LEVELS) malformed(ssml, token.at, `elements stand more than ${MOST_LEVELS} deep`)
      const inner = scopeOf(token, scope, ssml)
      if (BREAKS.has(token.name) && scope?.alias === undefined) spans.push({ silenceMs: silenceOf(token, ssml) })
      if (token.isClosed) leave(inner, scope, spans)
      else scopes.push(inner)
      isOver = scopes.length === 0
    } else {
      if (scope === undefined) malformed(ssml, token.at, BEHIND)
      if (scope.name !== token.name) malformed(ssml, token.at, `</${scope.name}> was expected`)
      scopes.pop()
      leave(scope, scopes.at(-1), spans)
      isOver = scopes.length === 0
    }
  }
  const open = scopes.at(-1)
  if (open !== undefined) malformed(ssml, ssml.length, `<${open.name}> is not closed`)
  if (!isOver) malformed(ssml, ssml.length, BEFORE)
  return spans
}

const BEFORE = 'a text that begins with < is SSML, and all of it stands in <speak>'
const BEHIND = 'nothing may stand behind </speak>'
const MOST_LEVELS = 32
/** These end a sentence where they begin; `p` and `s` also where they end. */
const BREAKS: ReadonlySet<string> = new Set(['p', 's', 'break'])

function leave(inner: Scope, outer: Scope | undefined, spans: Span[]): void {
  if (outer?.alias !== undefined) return
  if (inner.alias !== undefined) spans.push(textSpan(inner.alias, inner))
  if (inner.name === 'p' || inner.name === 's') spans.push({ silenceMs: inner.name === 'p' ? PARAGRAPH_MS : 0 })
}

const PARAGRAPH_MS = 400

function textSpan(text: string, { rate, sayAs }: Scope): Span {
  return { text, rate, ...(sayAs && { sayAs }) }
}

function scopeOf({ name, attributes, at }: Open, outer: Scope | undefined, ssml: string): Scope {
  const rate = outer?.rate ?? 1
  const inherited = { name, at, rate, ...(outer?.sayAs && { sayAs: outer.sayAs }) }
  if (outer?.alias !== undefined) return { ...inherited, alias: '' }
  switch (name) {
    case 'prosody':
      return { ...inherited, rate: rate * rateOf(attributes.get('rate'), ssml, at) }
    case 'say-as': {
      const as = attributes.get('interpret-as') ?? malformed(ssml, at, '<say-as> needs interpret-as')
      return { ...inherited, sayAs: { as, format: attributes.get('format') } }
    }
    case 'sub':
      return { ...inherited, alias: attributes.get('alias') ?? malformed(ssml, at, '<sub> needs alias') }
    default:
      return inherited
  }
}

/** SSML section 3.2.4: a word, or a percentage of what it is outside; `+20%` is more than that. */
function rateOf(text: string | undefined, ssml: string, at: number): number {
  if (text === undefined) return 1
  const word = RATES[text]
  if (word !== undefined) return word
  const [, sign, number, percent] = /^([+-]?)(\d{1,4}(?:\.\d+)?)(%?)$/.exec(text) ?? []
  const value = Number(number) / (percent === '%' ? 100 : 1)
  const rate = sign === '+' ? 1 + value : sign === '-' ? 1 - value : value
  return rate > 0
    ? rate
    : malformed(ssml, at, `rate="${text}" is no pace: use 80%, or ${Object.keys(RATES).join(', ')}`)
}

const RATES: Readonly<Record<string, number>> = {
  'x-slow': 0.5,
  slow: 0.75,
  medium: 1,
  default: 1,
  fast: 1.5,
  'x-fast': 2,
}

function silenceOf({ name, attributes, at }: Open, ssml: string): number {
  if (name !== 'break') return 0
  const time = attributes.get('time')
  if (time === undefined) {
    const strength = attributes.get('strength') ?? 'medium'
    const known = Object.keys(STRENGTHS_MS).join(', ')
    return STRENGTHS_MS[strength] ?? malformed(ssml, at, `strength="${strength}" is none of ${known}`)
  }
  const [, number, unit] = /^\+?(\d{1,6}(?:\.\d{1,3})?)(ms|s)$/.exec(time) ?? []
  const ms = Number(number) * (unit === 's' ? 1000 : 1)
  return ms <= LONGEST_MS
    ? ms
    : malformed(ssml, at, `time="${time}" is no pause: use 500ms or 2s, up to ${LONGEST_MS} ms`)
}

const STRENGTHS_MS: Readonly<Record<string, number>> = {
  none: 0,
  'x-weak': 100,
  weak: 200,
  medium: 400,
  strong: 700,
  'x-strong': 1000,
}
const LONGEST_MS = 10_000
