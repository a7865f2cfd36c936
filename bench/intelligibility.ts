// How well the default voice is understood over the telephone, by a recogniser: prompts and digits are spoken, written out
// by us, coded with µ-law as a call would, and given to pocketsphinx (Debian). It is a weak recogniser, made for
// 16 kHz; its figure says nothing about people, but it must not get worse.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Speech, ThreadEngine } from '../dist/speech/index.js'
import { codecNamed, RateConverter, wavHeader } from '../src/media/index.ts'

/** What was measured when the voice was chosen or last made better: lower it then, never raise it. */
const COMMITTED = { promptsPercent: 12.5, digitsPercent: 2.5 }

const MODEL = '/usr/share/pocketsphinx/model/en-us'
const PROGRAM = '/usr/bin/pocketsphinx_batch'

const PROMPTS = [
  'Please enter your conference number, followed by the hash key.',
  'All our lines are busy at the moment. Please hold the line.',
  'You have three new messages and two old messages.',
  'Please leave a message after the tone.',
  'Press one for sales, two for support, or three to speak to an operator.',
  'The number you have dialled is not in service.',
  'Your call is important to us. Please stay on the line.',
  'Please enter your four digit code.',
  'Thank you for calling. Goodbye.',
  'Your appointment is on the fifth of May at ten thirty.',
  'The person you are calling is not available.',
  'This call may be recorded for training purposes.',
  'Sorry, I did not understand. Please try again.',
  'You are the first caller in the queue.',
  'To hear this menu again, press the star key.',
  'Your order will be delivered tomorrow morning.',
  'Please say your name after the beep.',
  'The office is closed. We are open from nine to five.',
  'Your balance is five dollars and thirty cents.',
  'You will now be connected to the conference.',
]
/** Each digit four times, in other company. */
const DIGITS = ['0172', '8395', '4614', '9283', '7506', '1938', '6527', '4085', '2749', '3610']

/** @returns false when it has become worse; true also where it cannot be measured */
export async function measureIntelligibility(): Promise<boolean> {
  if (!existsSync(PROGRAM) || !existsSync(MODEL)) {
    console.log('intelligibility: skipped, for there is no recogniser: apt-get install pocketsphinx pocketsphinx-en-us')
    return true
  }
  const folder = mkdtempSync(join(tmpdir(), 'ringdown-speech-'))
  const speech = new Speech(new ThreadEngine({ type: 'flite' }))
  try {
    const prompts = await wordErrors(speech, folder, PROMPTS, PROMPTS, ['-lm', `${MODEL}/en-us.lm.bin`])
    const spelled = DIGITS.map((code) => `<speak><say-as interpret-as="digits">${code}</say-as></speak>`)
    const grammar = join(folder, 'digits.gram')
    writeFileSync(
      grammar,
      '#JSGF V1.0;\ngrammar digits;\npublic <digits> = (zero | one | two | three | four | five | six | seven | eight | nine) +;\n',
    )
    const expected = DIGITS.map((code) => [...code].map((digit) => NAMES[Number(digit)]).join(' '))
    const digits = await wordErrors(speech, folder, spelled, expected, ['-jsgf', grammar])
    const line = (what: string, now: number, before: number): string =>
      `${what}: ${now.toFixed(1)} % of words wrong (committed: ${before.toFixed(1)} %)`
    console.log(line('20 prompts, open vocabulary', prompts, COMMITTED.promptsPercent))
    console.log(line('40 digits, in fours', digits, COMMITTED.digitsPercent))
    const isWorse = prompts > COMMITTED.promptsPercent + TOLERANCE || digits > COMMITTED.digitsPercent + TOLERANCE
    if (isWorse) console.log('THE VOICE IS UNDERSTOOD LESS WELL THAN IT WAS')
    return !isWorse
  } finally {
    await speech.close()
    rmSync(folder, { recursive: true })
  }
}

/** Rounding of the figure in the file. */
const TOLERANCE = 0.05
const NAMES = 'zero one two three four five six seven eight nine'.split(' ')

/** Words that were put in, left out or mistaken, in percent of those that were said. */
async function wordErrors(
  speech: Speech,
  folder: string,
  texts: readonly string[],
  expected: readonly string[],
  options: readonly string[],
): Promise<number> {
  const names = texts.map((_, at) => `utterance-${at}`)
  for (const [at, text] of texts.entries())
    writeFileSync(join(folder, `${names[at]}.wav`), await overTelephone(speech, text))
  writeFileSync(join(folder, 'list'), `${names.join('\n')}\n`)
  const hypotheses = join(folder, 'heard')
  const { status, stderr } = spawnSync(PROGRAM, [
    ...['-hmm', `${MODEL}/en-us`, '-dict', `${MODEL}/cmudict-en-us.dict`, ...options],
    ...['-adcin', 'yes', '-adchdr', '44', '-cepdir', folder, '-cepext', '.wav'],
    ...['-ctl', join(folder, 'list'), '-hyp', hypotheses, '-logfn', '/dev/null'],
  ])
  if (status !== 0) throw new Error(`pocketsphinx has failed (${status}): ${stderr}`)
  const heard = readFileSync(hypotheses, 'utf8')
    .trim()
    .split('\n')
    .map((line) => wordsOf(line.replace(/\(utterance.*$/, '')))
  let [wrong, all] = [0, 0]
  for (const [at, sentence] of expected.entries()) {
    const said = wordsOf(sentence)
    wrong += distance(said, heard[at] ?? [])
    all += said.length
  }
  return (100 * wrong) / all
}

/** A text as a caller hears it, at the 16 kHz that the recogniser wants. */
async function overTelephone(speech: Speech, text: string): Promise<Uint8Array> {
  const spoken = speech.open(text)
  const codec = codecNamed('PCMU')
  const converter = new RateConverter(8000, 16_000)
  const parts: Int16Array[] = [new Int16Array(4000)]
  for (let block = await spoken.read(); block !== undefined; block = await spoken.read()) {
    const coded = new Uint8Array(block.length)
    codec.encodeInto(block, 0, block.length, coded, 0)
    const decoded = new Int16Array(block.length)
    codec.decodeInto(coded, 0, coded.length, decoded, 0)
    parts.push(converter.push(decoded))
  }
  parts.push(converter.finish(), new Int16Array(4000))
  const audio = Buffer.concat(parts.map((part) => Buffer.from(part.buffer, part.byteOffset, part.byteLength)))
  return Buffer.concat([wavHeader('pcm16', audio.length, 16_000), audio])
}

function wordsOf(text: string): string[] {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z' ]+/g, ' ')
    .trim()
    .split(/\s+/)
    .filter((word) => word !== '')
}

/** How many words must be changed, put in or taken out to make the one the other (Levenshtein). */
function distance(one: readonly string[], other: readonly string[]): number {
  let row = other.map((_, at) => at + 1)
  for (const [i, word] of one.entries()) {
    const next: number[] = []
    for (const [j, match] of other.entries()) {
      const [left = i + 1, above = 0, diagonal = i] = [next[j - 1], row[j], j === 0 ? i : row[j - 1]]
      next.push(Math.min(left + 1, above + 1, diagonal + (word === match ? 0 : 1)))
    }
    row = next
  }
  return row.at(-1) ?? one.length
}
