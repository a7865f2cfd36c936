import { describe, expect, test } from 'vitest'
import type { Phone, TestExchangeOptions } from '../../../testing/index.ts'
import { hears, type Meeting, meeting, settings } from './meeting.ts'

const SILENCE: TestExchangeOptions = {
  files: { 'silence.wav': { encoding: 'pcm16', sampleRateHz: 8000, data: new Int16Array(8000) } },
}

/** One after the other each says a tone of its own; who hears it by ear, from the sound itself. */
async function whoHearsWhom(meet: Meeting, phones: readonly Phone[]): Promise<string[]> {
  const heard: string[] = []
  for (const [i, speaker] of phones.entries()) {
    const frequencyHz = [350, 620, 950, 1400, 1800][i] ?? 0
    const before = phones.map(({ ears }) => ears.tones.length)
    await speaker.hum([{ tone1: { frequencyHz, amplitude: 13 }, durationMs: 400, add: 'summation' }])
    await meet.pbx.sleep(300)
    const ears = phones.filter(({ ears }, each) =>
      ears.tones
        .slice(before[each])
        .some(({ frequencies }) => frequencies.some((hz) => Math.abs(hz - frequencyHz) < 12)),
    )
    heard.push(`${speaker.name}: ${ears.map(({ name }) => name).join(' ')}`.trim())
  }
  return heard
}

function roles(): Meeting {
  return meeting(
    (name, channel) => ({
      talkerAndListener: name !== 'listener',
      conferencePartyMediaSettings: settings(channel, {
        startMuted: name === 'muted',
        onConferenceStoppedFile: 'silence.wav',
      }),
    }),
    SILENCE,
  )
}

describe('who hears whom, by ear', () => {
  test('talkers hear talkers, listeners hear and are not heard, who is muted or held is not heard, and nobody hears himself', async () => {
    const meet = roles()
    const phones: Phone[] = []
    for (const name of ['first', 'second', 'listener', 'muted', 'held']) phones.push(await meet.join(name))
    await meet.until(meet.room.hold(meet.room.parties[4]?.id ?? 0))
    expect(await whoHearsWhom(meet, phones)).toEqual([
      'first: second listener muted',
      'second: first listener muted',
      'listener:',
      'muted:',
      'held:',
    ])
    await phones[3]?.press('1')
    await meet.until(meet.room.retrieve(meet.room.parties[4]?.id ?? 0))
    await meet.until(meet.room.mute(meet.room.parties[0]?.id ?? 0))
    expect(await whoHearsWhom(meet, phones)).toEqual([
      'first:',
      'second: first listener muted held',
      'listener:',
      'muted: first second listener held',
      'held: first second listener muted',
    ])
    await meet.until(meet.room.lock())
    expect(await whoHearsWhom(meet, phones)).toEqual(['first:', 'second:', 'listener:', 'muted:', 'held:'])
    await meet.over()
  })

  test('a coach is heard by the coached alone, whispers by whom they are for, a supervisor by nobody; then all by all again', async () => {
    const meet = roles()
    const phones: Phone[] = []
    for (const name of ['customer', 'agent', 'coach', 'boss']) phones.push(await meet.join(name))
    const [customer, agent, coach, boss] = meet.room.parties.map(({ id }) => id) as [number, number, number, number]
    expect(await meet.until(meet.room.coach(coach, agent))).toBe(true)
    expect(await meet.until(meet.room.monitor(boss))).toBe(true)
    expect(meet.room.parties.map(({ audience }) => audience)).toEqual([undefined, undefined, [agent], []])
    expect(await whoHearsWhom(meet, phones)).toEqual([
      'customer: agent coach boss',
      'agent: customer coach boss',
      'coach: agent',
      'boss:',
    ])
    await meet.until(meet.room.whisper(boss, [agent, coach]))
    expect(await whoHearsWhom(meet, phones)).toEqual([
      'customer: agent coach boss',
      'agent: customer coach boss',
      'coach: agent',
      'boss: agent coach',
    ])
    // When the one who was coached leaves, nobody else hears what was meant for him.
    await phones[1]?.hangUp()
    await meet.pbx.sleep(200)
    const left = phones.filter(({ name }) => name !== 'agent')
    expect(await whoHearsWhom(meet, left)).toEqual(['customer: coach boss', 'coach:', 'boss: coach'])
    for (const party of [coach, boss]) await meet.until(meet.room.converse(party))
    expect(await whoHearsWhom(meet, left)).toEqual([
      'customer: coach boss',
      'coach: customer boss',
      'boss: customer coach',
    ])
    expect(await meet.until(meet.room.coach(coach, agent))).toBe(false)
    await expect(meet.room.whisper(coach, [coach])).rejects.toThrow(/cannot whisper to itself/)
    await expect(meet.room.setVolume(customer, 21)).rejects.toThrow(/21 dB cannot be: choose from -30 to 20/)
    expect(await meet.until(meet.room.setVolume(customer, -30))).toBe(true)
    expect(meet.room.parties[0]?.volumeDb).toBe(-30)
    await meet.over()
  })

  test('two who want to be bridged hear each other, as do those who listen; a third talker has all mixed, and is told of', async () => {
    const meet = meeting((name, channel) => ({
      talkerAndListener: name !== 'listener',
      conferencePartyMediaSettings: settings(channel, { twoPartyOptimisation: name !== 'third' }),
    }))
    const phones: Phone[] = []
    for (const name of ['first', 'second', 'listener']) phones.push(await meet.join(name))
    expect(await whoHearsWhom(meet, phones)).toEqual(['first: second listener', 'second: first listener', 'listener:'])
    const news: number[] = []
    meet.room.on('mixed', ({ party }) => news.push(party))
    phones.push(await meet.join('third'))
    expect(news).toEqual([meet.room.parties[3]?.id])
    expect(meet.of('first').news).toContain('mixed')
    expect(await whoHearsWhom(meet, phones)).toEqual([
      'first: second listener third',
      'second: first listener third',
      'listener:',
      'third: first second listener',
    ])
    await phones[3]?.hangUp()
    await meet.pbx.sleep(200)
    expect(await whoHearsWhom(meet, phones.slice(0, 3))).toEqual([
      'first: second listener',
      'second: first listener',
      'listener:',
    ])
    await meet.over()
  })

  test('nobody hears anybody in a stopped room, nor one of another room', async () => {
    const meet = meeting(
      (name, channel) => ({
        conferenceLifetimeControl: new channel.ConferenceLifetimeControl({ startOnEntry: name === 'boss' }),
        conferencePartyMediaSettings: settings(channel, { onConferenceStoppedFile: 'silence.wav' }),
      }),
      SILENCE,
    )
    const [first, second] = [await meet.join('first'), await meet.join('second')]
    expect(await whoHearsWhom(meet, [first, second])).toEqual(['first:', 'second:'])
    const boss = await meet.join('boss')
    const third = await meet.join('third')
    expect(await whoHearsWhom(meet, [first, second, boss, third])).toEqual([
      'first: second boss third',
      'second: first boss third',
      'boss: first second third',
      'third: first second boss',
    ])
    for (const party of meet.room.parties.slice(2)) await meet.until(meet.room.move(party.id, 'other'))
    expect(await whoHearsWhom(meet, [first, second, boss, third])).toEqual([
      'first:',
      'second:',
      'boss: third',
      'third: boss',
    ])
    await meet.over()
  })

  test('an announcement is heard once, by all who are in, and by nobody else', async () => {
    const tone = Int16Array.from({ length: 8000 }, (_, i) => 6000 * Math.sin((2 * Math.PI * 1400 * i) / 8000))
    const meet = meeting(
      (name, channel) => {
        const media = settings(channel, { onConferenceStoppedFile: 'silence.wav' })
        if (name === 'guest') media.onEntryMedia.fileToPlay('tone.wav')
        return { conferencePartyMediaSettings: media }
      },
      {
        files: {
          'silence.wav': { encoding: 'pcm16', sampleRateHz: 8000, data: new Int16Array(8000) },
          'tone.wav': { encoding: 'pcm16', sampleRateHz: 8000, data: tone },
        },
      },
    )
    const [first, second, third] = [await meet.join('first'), await meet.join('second'), await meet.join('third')]
    await meet.until(meet.room.hold(meet.room.parties[2]?.id ?? 0))
    const guest = await meet.join('guest')
    await meet.pbx.sleep(2000)
    // Ears take the words from the truth beside a packet, and only where there is sound in it.
    const lengths = [first, second, third, guest].map(({ ears }) =>
      ears.speech
        .filter(({ utterance }) => utterance.file === 'tone.wav')
        .map((piece) => piece.endedAt - piece.startedAt),
    )
    for (const heard of [lengths[0], lengths[1], lengths[3]]) expect(heard).toEqual([expect.closeTo(1000, -2)])
    expect(lengths[2]).toEqual([])
    await meet.over()
  })
})

test.each(['event', 'inband', 'info'] as const)(
  'no key of a command that comes %s is heard in the room',
  async (by) => {
    const meet = meeting(
      (_, channel) => ({ conferencePartyMediaSettings: settings(channel, { onConferenceStoppedFile: 'silence.wav' }) }),
      SILENCE,
    )
    const first = await meet.join('first', { set: { dtmf: { by } } })
    const second = await meet.join('second')
    await meet.pbx.sleep(500)
    const before = second.ears.tones.length
    await first.press('0101')
    await meet.pbx.sleep(500)
    expect(meet.of('first').news.slice(-4)).toEqual(['I muted', 'I unmuted', 'I muted', 'I unmuted'])
    expect(second.ears.tones.slice(before)).toEqual([])
    expect(second.ears.lastSoundAt).toBeLessThan(meet.pbx.sim.now - 1000)
    expect(await hears(second, first, 'I am back.')).toBe(true)
    await first.press('5')
    await meet.pbx.sleep(500)
    expect(second.ears.tones.length > before).toBe(by === 'inband')
    const pressedAt = meet.pbx.sim.now
    await first.press('#')
    await meet.pbx.sleep(500)
    expect([meet.of('first').channel.state(), meet.of('first').news.at(-1)]).toEqual(['ANSWERED', 'I left exitDigit'])
    // The other one waits with a file of silence: not even the beginning of the key has reached him.
    expect(second.ears.lastSoundAt).toBeLessThan(pressedAt)
    await meet.over()
  },
)
