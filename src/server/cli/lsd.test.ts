import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest'
import { Channel, outbound } from '../../calls/index.ts'
import { concatBytes } from '../../kit/index.ts'
import {
  codecNamed,
  type FarEndTape,
  MOST_TAPE_MS,
  TONE_PRESETS,
  ToneGenerator,
  tapeOfCall,
  wavHeader,
  wavOfTape,
} from '../../media/index.ts'
import { exchange, InlineDetection, phones } from '../../testing/index.ts'
import { classFigures } from '../lsd/evaluate/figures.ts'
import type { FileVerdict, SaidOfFile } from '../lsd/evaluate/hear-file.ts'
import { lsdCommand } from './lsd.ts'

afterEach(() => void vi.restoreAllMocks())

/** Runs `ringdown lsd` in this process. */
async function lsd(...args: string[]): Promise<{ code: number; printed: string }> {
  const lines: string[] = []
  for (const method of ['log', 'error'] as const)
    vi.spyOn(console, method).mockImplementation((line: unknown) => void lines.push(String(line)))
  let code = -1
  await lsdCommand((result) => {
    code = result
  })
    .exitOverride()
    .parseAsync(args, { from: 'user' })
  return { code, printed: lines.join('\n') }
}

const folders: string[] = []
afterAll(() => {
  for (const each of folders) rmSync(each, { recursive: true })
})

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'ringdown-lsd-'))
  folders.push(made)
  return made
}

/** A call to a phone of the test kit, over a line that loses packets: what detection was given, and what it has thought. */
async function liveCall() {
  const detection = new InlineDetection()
  const pbx = exchange({ farEnd: detection })
  pbx.phone('far', phones.onLine({ loss: 0.05 }, phones.voicemail({ rings: 1 })))
  await pbx.start(
    outbound(async (channel) => {
      await channel.call('sip:far@far', { liveSpeakerDetect: Channel.LiveSpeakerDetectionSettings.DEFAULT })
      await channel.waitForIdle({ timeoutMs: 8000 })
      await channel.hangUp()
    }),
  )
  await pbx.done()
  const [details] = pbx.calls
  const [tape] = detection.tapes
  const [story] = pbx.exchange.exchange.explain(details?.callId ?? '')
  return { farEnd: details!.farEnd!, tape: tape as FarEndTape, story }
}

describe('ringdown lsd', () => {
  test('replay: the evidence of a live call says bit for bit the same again', async () => {
    const { farEnd, tape } = await liveCall()
    expect(tape.missing.length).toBeGreaterThan(5)
    const file = join(folder(), 'call.wav')
    writeFileSync(file, wavOfTape(tape))
    const { code, printed } = await lsd('replay', file)
    expect(printed).toMatch(/the same as it was live$/)
    expect(code).toBe(0)
    const events = JSON.parse((await lsd('replay', file, '--json')).printed)
    const verdicts = events.filter(({ type }: { type: string }) => type === 'verdict')
    const lived = farEnd.verdicts.map(({ kind, confidence, evidence }) => [kind, confidence, evidence.length])
    expect(
      verdicts.map(({ kind, confidence, evidence }: (typeof farEnd.verdicts)[0]) => [
        kind,
        confidence,
        evidence.length,
      ]),
    ).toEqual(lived)

    // One that was tampered with does not pass for it.
    const forged = { ...tape, verdicts: tape.verdicts.map((verdict) => ({ ...verdict, confidence: 0.123 })) }
    writeFileSync(file, wavOfTape(forged))
    const other = await lsd('replay', file)
    expect([other.code, other.printed]).toEqual([1, expect.stringMatching(/NOT what it was live$/)])
  })

  test('replay: silence follows a recording that ends before the verdict', async () => {
    const file = join(folder(), 'short.wav')
    writeFileSync(file, wavOfTape(tapeOfCall(new Int16Array(800), 0, {})).subarray(0, 44 + 1600))
    expect((await lsd('replay', file, '--connect-ms', '2000')).printed).toContain('7.00 s  final: unknown (silence)')
  })

  test('explain: a story tells what was heard and thought, and why', async () => {
    const { farEnd, story } = await liveCall()
    const file = join(folder(), 'story.json')
    writeFileSync(file, JSON.stringify(story))
    const { code, printed } = await lsd('explain', file)
    expect(code).toBe(0)
    expect(printed).toMatch(/^call \w+: [A-Z_]+\n/)
    expect(printed).toMatch(/ {2}speech for \d/)
    expect(printed).toContain(`${farEnd.verdict?.stage}: ${farEnd.verdict?.kind}`)
    for (const { clue, detail } of farEnd.verdict?.evidence ?? []) expect(printed).toContain(`${clue}: ${detail}`)
    const json = JSON.parse((await lsd('explain', file, '--json')).printed)
    expect(json).toMatchObject({ callId: story?.id, isFinal: true, verdicts: farEnd.verdicts })
  })

  test('explain: of a call that nobody listened to says so', async () => {
    const file = join(folder(), 'story.json')
    writeFileSync(
      file,
      JSON.stringify({ format: 'ringdown-call-story', version: 1, id: 'abc', events: [], messages: [] }),
    )
    expect(await lsd('explain', file)).toEqual({
      code: 1,
      printed: 'nobody has asked who picks up in call abc: it was placed without liveSpeakerDetect',
    })
  })

  /** A folder of recordings, labelled. */
  function recordings(rows: readonly string[], sounds: Readonly<Record<string, Int16Array>>): string {
    const directory = folder()
    writeFileSync(
      join(directory, 'labels.csv'),
      ['file,class,connectMs,speechEndMs,greetingEndMs,beepMs', ...rows].join('\r\n'),
    )
    for (const [name, samples] of Object.entries(sounds)) {
      const { samples: _, ...rest } = { samples, options: {}, signals: [], missing: [], verdicts: [] }
      writeFileSync(join(directory, name), wavOfTape({ ...rest, samples }))
    }
    return directory
  }

  const fax = (): Int16Array => {
    const samples = new Int16Array(8 * 6000)
    const ced = new ToneGenerator(
      [{ tone1: { frequencyHz: 2100, amplitude: 12 }, durationMs: 2600, add: 'summation' }],
      false,
    )
    const tone = new Int16Array(8 * 2600)
    ced.readInto(tone, tone.length)
    samples.set(tone, 8 * 2000)
    return samples
  }

  test('evaluate: a row for each file, in their order', async () => {
    const directory = recordings(['"a, b.wav",none,,,,', 'fax.wav,fax,500,,,'], {
      'a, b.wav': new Int16Array(8000),
      'fax.wav': fax(),
    })
    const { code, printed } = await lsd('evaluate', directory, '--json', '--timeout-ms', '5000')
    expect(code).toBe(0)
    const rows = JSON.parse(printed)
    expect(rows).toHaveLength(2)
    expect(Object.keys(rows[0])).toEqual(
      expect.arrayContaining(['file', 'class', 'verdict', 'fineKind', 'confidence', 'decidedMs', 'beepMs', 'evidence']),
    )
    expect(rows[0]).toMatchObject({
      file: 'a, b.wav',
      class: 'none',
      verdict: 'unknown',
      decidedMs: 5000,
      beepMs: null,
    })
    expect(rows[1]).toMatchObject({ file: 'fax.wav', class: 'fax' })
  })

  test('evaluate: what an exchange has kept as evidence is heard with all that was known of the call', async () => {
    const directory = recordings(['kept.wav,fax,,,,'], {})
    const kept = tapeOfCall(fax(), 1500, {})
    writeFileSync(join(directory, 'kept.wav'), wavOfTape({ ...kept, missing: [{ atMs: 1500, durationMs: 4500 }] }))
    const { printed } = await lsd('evaluate', directory, '--json')
    expect(JSON.parse(printed)).toMatchObject([{ verdict: 'unknown', fineKind: 'silence', decidedMs: 8500 }])
    writeFileSync(join(directory, 'kept.wav'), wavOfTape(kept))
    expect(JSON.parse((await lsd('evaluate', directory, '--json')).printed)).toMatchObject([{ verdict: 'fax' }])
  })

  test('evaluate: a call that rings until its recording ends has a verdict, too', async () => {
    const ringing = new Int16Array(8 * 15_000)
    new ToneGenerator(TONE_PRESETS.RINGBACK_EU, true).readInto(ringing, ringing.length)
    const directory = recordings(['x.wav,none,,,,'], { 'x.wav': ringing })
    const { printed } = await lsd('evaluate', directory, '--json', '--start', 'TIMEOUT_FROM_ANSWER_DETECT')
    expect(JSON.parse(printed)).toMatchObject([{ verdict: 'unknown' }])
  })

  test('evaluate: the table, and the curve', async () => {
    const directory = recordings(['x.wav,none,,,,'], { 'x.wav': new Int16Array(8000) })
    const { printed } = await lsd('evaluate', directory)
    expect(printed).toMatch(
      /^class +files +right +in the end +to machine +to person +unknown +latency\nnone +1 +100\.0 % \(20\.7-100\.0\)/,
    )
    expect(printed).toMatch(/\nsensitivity +person to machine +machine to person +unknown\n0\.10 /)
    expect((await lsd('evaluate', directory, '--no-curve')).printed).not.toContain('sensitivity')
  })

  test('evaluate: other sample rates, two channels and G.711 are heard like 16-bit at 8 kHz', async () => {
    const mono = fax()
    const wide = new Int16Array(4 * mono.length)
    for (let i = 0; i < wide.length; i++) wide[i] = mono[Math.floor(i / 4)]!
    const laws = new Uint8Array(mono.length)
    codecNamed('PCMU').encodeInto(mono, 0, mono.length, laws, 0)
    const bytes = (samples: Int16Array) => new Uint8Array(samples.buffer)
    const directory = recordings(['wide.wav,FAX,500', 'law.wav,Fax,500'], {})
    const wideHead = wavHeader('pcm16', 2 * wide.length, 16_000, 2)
    writeFileSync(join(directory, 'wide.wav'), concatBytes(wideHead, bytes(wide)))
    writeFileSync(join(directory, 'law.wav'), concatBytes(wavHeader('pcmu', laws.length), laws))
    const rows = JSON.parse((await lsd('evaluate', directory, '--json')).printed)
    expect(rows).toMatchObject([
      { class: 'fax', verdict: 'fax', durationMs: 6000 },
      { class: 'fax', verdict: 'fax', durationMs: 6000 },
    ])
  })

  test('evaluate: a recording that is over before the answer is silence, and that is said; so are files without a line', async () => {
    const directory = recordings(['x.wav,person,5000,,,'], { 'x.wav': new Int16Array(800), 'y.WAV': fax() })
    const { code, printed } = await lsd('evaluate', directory, '--no-curve')
    expect(code).toBe(0)
    expect(printed).toContain('labels.csv does not name 1 of the WAV files, as y.WAV')
    expect(printed).toContain('x.wav is over before connectMs: nobody is heard')
    expect(printed).toContain('person was called: unknown 1')
  })

  test('evaluate: tells how far it is where that takes long', async () => {
    const written: unknown[] = []
    vi.spyOn(process.stderr, 'write').mockImplementation((line) => written.push(line) > 0)
    const rows = Array.from({ length: 100 }, () => 'x.wav,none,,,,')
    await lsd('evaluate', recordings(rows, { 'x.wav': new Int16Array(8) }), '--json')
    expect(written).toContainEqual(expect.stringContaining('100 of 100 recordings'))
  })

  test('evaluate: a screened call that is taken is right in the end, and so is nothing else', () => {
    const row = (...said: SaidOfFile[]): FileVerdict =>
      ({ class: 'screening', verdict: said[0], verdicts: said.map((verdict) => ({ verdict })), label: {} }) as never
    const rows = [row('machine', 'screening', 'person'), row('machine'), row('person'), row('unknown', 'machine')]
    const [figures] = classFigures(rows)
    expect([figures!.recall.share, figures!.recallInTheEnd.share]).toEqual([0, 0.25])
  })

  test.each([
    [['x.wav,robot,,,,'], /line 2: the class must be one of person, machine, .* not "robot"/],
    [['x.wav,none,soon,,,'], /line 2: connectMs must be milliseconds or empty, not "soon"/],
    [['', ',none,,,,'], /line 3: the file is missing/],
    [['y.wav,none,,,,'], /there is no file .*y\.wav/],
    [['y.wav,none', 'x.wav,none', 'labels.csv,none'], /no file .*y\.wav\n.*labels\.csv: not a WAV file/],
    [['x.wav,none,119000'], /x\.wav: connectMs is 119000, more than 104000/],
    [['', ''], /labels\.csv names no file/],
  ])('evaluate refuses %j', async (rows, message) => {
    await expect(lsd('evaluate', recordings(rows, { 'x.wav': new Int16Array(8) }))).rejects.toThrow(message)
  })

  test('evaluate finds calls that were kept and damaged, or answered too late, before it hears anything', async () => {
    const rows = ['x.wav,none', 'damaged.wav,none', 'late.wav,none', 'sub,none']
    const directory = recordings(rows, { 'x.wav': new Int16Array(8) })
    const damaged = wavOfTape(tapeOfCall(new Int16Array(800), 0, {}))
    damaged[damaged.length - 5] = 0
    writeFileSync(join(directory, 'damaged.wav'), damaged)
    writeFileSync(join(directory, 'late.wav'), wavOfTape(tapeOfCall(new Int16Array(800), MOST_TAPE_MS - 1000, {})))
    mkdirSync(join(directory, 'sub'))
    const refused = lsd('evaluate', directory)
    await expect(refused).rejects.toThrow(/damaged\.wav: its chunk of detection is damaged\n.*late\.wav: connectMs is/)
    await expect(refused).rejects.toThrow(/sub: EISDIR/)
  })

  test('says what is wrong with the command line', async () => {
    vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    await expect(lsd('evaluate', folder())).rejects.toThrow(/there is no .*labels\.csv/)
    await expect(lsd('replay', 'x.wav', '--sensitivity', '2')).rejects.toThrow(/from 0 to 1/)
    await expect(lsd('replay', 'x.wav', '--connect-ms', String(MOST_TAPE_MS + 1))).rejects.toThrow(/0 to 104000/)
    await expect(lsd('replay', 'x.wav', '--start', 'NOW')).rejects.toThrow(/TIMEOUT_FROM_ANSWER_DETECT/)
  })
})
