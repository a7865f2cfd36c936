import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SpeechError, UsageError } from '../../kit/index.ts'
import { piecesOf, type TextPiece } from './pieces.ts'

const pieces = (text: string, language = 'en-US'): TextPiece[] => piecesOf(text, { language, mostLength: 1000 })

/** A line for each: texts as they are, with their pace unless it is 1, and pauses. */
function lines(text: string, language?: string): string[] {
  return pieces(text, language).map((piece) =>
    'silenceMs' in piece ? `(${piece.silenceMs} ms)` : piece.text + (piece.rate === 1 ? '' : ` @${piece.rate}`),
  )
}

describe('a plain text', () => {
  it('is sentences, written out', () => {
    expect(lines('You have 2 messages. Press 1 & wait.')).toEqual(['You have two messages.', 'Press one and wait.'])
  })

  it('in another language stays as it is', () => {
    expect(lines('Sie haben 2 Nachrichten. Bitte warten.', 'de-DE')).toEqual([
      'Sie haben 2 Nachrichten.',
      'Bitte warten.',
    ])
  })

  it('that becomes long when it is written out is cut', () => {
    const long = pieces(`${'1, '.repeat(70)}2`)
    expect(long.length).toBeGreaterThan(1)
    for (const piece of long) expect('text' in piece && piece.text.length <= 240).toBe(true)
  })
})

describe('SSML', () => {
  it.each<[string, string, string[]]>([
    ['a text', '<speak>Hello. It is 5.</speak>', ['Hello.', 'It is five.']],
    ['an XML declaration', '<?xml version="1.0"?>\n<speak version="1.1">Hi</speak>\n', ['Hi']],
    ['paragraphs', '<speak><p>One. Two.</p><p>Three</p></speak>', ['One.', 'Two.', '(400 ms)', 'Three', '(400 ms)']],
    ['sentences', '<speak><s>Version 1. 2</s><s>Yes</s></speak>', ['Version one.', 'two', 'Yes']],
    [
      'a break',
      '<speak>A<break/>B<break time="1.5s"/>C<break time="20ms"></break>D</speak>',
      ['A', '(400 ms)', 'B', '(1500 ms)', 'C', '(20 ms)', 'D'],
    ],
    [
      'a break by its strength',
      '<speak>A<break strength="none"/>B<break strength="x-strong"/></speak>',
      ['A', 'B', '(1000 ms)'],
    ],
    [
      'digits',
      '<speak>Your code is <say-as interpret-as="digits">0471</say-as>.</speak>',
      ['Your code is zero four seven one.'],
    ],
    ['characters', "<speak><say-as interpret-as='characters'>AB-12</say-as></speak>", ['A, B, dash, one, two']],
    [
      'a number',
      '<speak><say-as interpret-as="cardinal">1234567</say-as></speak>',
      ['one million two hundred thirty-four thousand five hundred sixty-seven'],
    ],
    ['an ordinal', '<speak>the <say-as interpret-as="ordinal">22</say-as></speak>', ['the twenty-second']],
    [
      'a date',
      '<speak><say-as interpret-as="date" format="dmy">3-4-2026</say-as></speak>',
      ['April third, twenty twenty-six'],
    ],
    ['a day', '<speak><say-as interpret-as="date" format="md">4/3</say-as></speak>', ['April third']],
    ['a date that is none', '<speak><say-as interpret-as="date">soon</say-as></speak>', ['soon']],
    ['a time', '<speak><say-as interpret-as="time">14:05</say-as></speak>', ['fourteen oh five']],
    [
      'a telephone number',
      '<speak><say-as interpret-as="telephone">030/123*1#</say-as></speak>',
      ['zero three zero, one two three star one hash'],
    ],
    ['money', '<speak><say-as interpret-as="currency">EUR 3.50</say-as></speak>', ['three euros and fifty cents']],
    ['what is not known', '<speak><say-as interpret-as="vxml:x">5</say-as></speak>', ['five']],
    [
      'a pace',
      '<speak>A <prosody rate="slow">B <prosody rate="200%">C</prosody></prosody> D</speak>',
      ['A', 'B @0.75', 'C @1.5', 'D'],
    ],
    [
      'a relative pace',
      '<speak><prosody rate="+20%">A</prosody><prosody rate="0.5">B</prosody></speak>',
      ['A @1.2', 'B @0.5'],
    ],
    ['a pitch, which is not changed', '<speak>A <prosody pitch="high">B</prosody></speak>', ['A B']],
    [
      'a substitute',
      '<speak><sub alias="World Wide Web Consortium">W3C <s>x</s><break/></sub> here</speak>',
      ['World Wide Web Consortium here'],
    ],
    [
      'elements that are not known',
      '<speak>A <voice name="x"><em:phasis>B</em:phasis></voice><mark name="c"/> C</speak>',
      ['A B C'],
    ],
    ['entities', '<speak>A &amp; B &lt; &#67;&#x44; &quot;E&quot;</speak>', ['A and B < CD "E"']],
    ['CDATA and comments', '<speak>A <!-- <x> --><![CDATA[<B> & C]]></speak>', ['A <B> and C']],
    ['nothing', '<speak/>', []],
  ])('has %s', (_, text, said) => expect(lines(text)).toEqual(said))

  it('in another language spells with digits', () => {
    expect(lines('<speak>Code <say-as interpret-as="digits">12 3</say-as> am 5.</speak>', 'de')).toEqual([
      'Code 1, 2, 3 am 5.',
    ])
  })

  it.each<[string, string, string]>([
    ['no speak', '<p>Hi</p>', 'line 1, column 1 ("<p>Hi</p>"): a text that begins with < is SSML'],
    [
      'a sign for less',
      '< 5 is less',
      'line 1, column 1 ("< 5 is less"): this is no tag; write &lt; for the sign itself',
    ],
    ['an element that is not closed', '<speak>\n<p>Hi</speak>', 'line 2, column 6 ("</speak>"): </p> was expected'],
    ['the end missing', '<speak>Hi', 'line 1, column 10 (the end): <speak> is not closed'],
    ['half a tag', '<speak>Hi</spea', 'line 1, column 10 ("</spea"): this is no tag'],
    [
      'an attribute without quotes',
      '<speak><break time=5s/></speak>',
      'column 8 ("<break time=5s/></sp"): this is no tag',
    ],
    ['an attribute twice', '<speak><break time="1s" time="2s"/></speak>', 'time is there twice'],
    ['an end without a beginning', '<speak>Hi</speak></p>', 'column 18 ("</p>"): nothing may stand behind </speak>'],
    ['a second speak', '<speak/><speak/>', 'column 9 ("<speak/>"): nothing may stand behind </speak>'],
    ['text behind it', '<speak/> more', 'nothing may stand behind </speak>'],
    ['an ampersand', '<speak>Salt & pepper</speak>', 'column 13 ("& pepper</speak>"): write &amp; for the sign itself'],
    ['an entity of its own', '<speak>&nbsp;</speak>', '&nbsp; is not known'],
    ['a document type', '<!DOCTYPE x [<!ENTITY a "b">]><speak>&a;</speak>', 'a document type cannot be declared'],
    ['an open comment', '<speak><!-- </speak>', 'a comment does not end'],
    [
      'a pause too long',
      '<speak><break time="60s"/></speak>',
      'time="60s" is no pause: use 500ms or 2s, up to 10000 ms',
    ],
    ['a pause that is none', '<speak><break time="soon"/></speak>', 'time="soon" is no pause'],
    ['a strength that is none', '<speak><break strength="big"/></speak>', 'strength="big" is none of none, x-weak'],
    [
      'a pace that is none',
      '<speak><prosody rate="-100%">x</prosody></speak>',
      'rate="-100%" is no pace: use 80%, or x-slow',
    ],
    ['say-as what', '<speak><say-as>5</say-as></speak>', '<say-as> needs interpret-as'],
    ['sub what', '<speak><sub>5</sub></speak>', '<sub> needs alias'],
    ['a tower', `<speak>${'<p>'.repeat(40)}`, 'elements stand more than 32 deep'],
  ])('may not have %s', (_, text, why) => {
    expect(() => lines(text)).toThrow(SpeechError)
    expect(() => lines(text)).toThrow(why)
  })
})

it('takes any text apart, or says why not', () => {
  const parts = [
    '<speak>',
    '</speak>',
    '<p>',
    '</p>',
    '<break/>',
    '<sub alias="x">',
    '</sub>',
    'Hi. ',
    '5',
    '&amp;',
    '<',
    '&',
    '"',
    '<!--',
    '-->',
  ]
  const text = fc.oneof(
    fc.string(),
    fc.array(fc.constantFrom(...parts), { maxLength: 12 }).map((all) => all.join('')),
  )
  fc.assert(
    fc.property(text, (any) => {
      try {
        for (const piece of pieces(any))
          expect('text' in piece ? piece.text.length > 0 : piece.silenceMs > 0).toBe(true)
      } catch (error) {
        if (!(error instanceof SpeechError) && !(error instanceof UsageError)) throw error
      }
    }),
    { numRuns: 5000 },
  )
})
