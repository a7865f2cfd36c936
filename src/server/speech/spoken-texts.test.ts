import { setImmediate as turn } from 'node:timers/promises'
import { expect, it } from 'vitest'
import type { Playable } from '../../calls/index.ts'
import { StreamReader } from '../../media/index.ts'
import { Speech } from '../../speech/speech.ts'
import { PromptEngine, ScriptedEngine } from '../../speech/test/scripted-engine.ts'
import { SpokenTexts } from './spoken-texts.ts'

/** What is in the ring, and whether that is the end. */
function taken({ source }: Playable): { samples: number[]; isEnded: boolean } {
  if (source.kind !== 'stream') throw new Error('it is no stream')
  const reader = new StreamReader(source.stream)
  const samples: number[] = []
  const isEnded = reader.isEnded
  for (let left = reader.available; left > 0; left--) {
    samples.push(source.stream.data[reader.at])
    reader.advance(1)
  }
  return { samples, isEnded }
}

const runs = (samples: number[]): string =>
  samples.join(' ').replaceAll(/(\d+)(?: \1)*/g, (run, value) => `${value}x${run.split(' ').length}`)

it('a sentence is a clip, played as often as it is wanted', async () => {
  const texts = new SpokenTexts(new Speech(new PromptEngine()))
  for (const loop of [false, true]) {
    const playable = await texts.say('A word.', { loop, mostHz: 16_000 })
    expect(playable.source).toMatchObject({ kind: 'audio', loop, clip: { sampleRateHz: 16_000 } })
    await playable.close()
  }
})

it('a longer text goes through a ring, from its first sentence on', async () => {
  const engine = new ScriptedEngine()
  const texts = new SpokenTexts(new Speech(engine))
  const saying = texts.say('One. Two.', { loop: false })
  await turn()
  engine.asked[0]?.say(300, 1)
  engine.asked[0]?.end()
  const playable = await saying
  expect(playable.source).toMatchObject({ kind: 'stream', stream: { sampleRateHz: 8000, encoding: 'pcm16' } })
  expect(taken(playable)).toEqual({ samples: new Array(300).fill(1), isEnded: false })
  // The engine is slower than the player: silence, and not the end.
  expect(taken(playable)).toEqual({ samples: [], isEnded: false })
  await turn()
  engine.asked[1]?.say(200, 2)
  engine.asked[1]?.end()
  await turn()
  await turn()
  expect(taken(playable)).toEqual({ samples: new Array(200).fill(2), isEnded: true })
  await playable.close()
})

it('begins again in a loop, out of what was kept', async () => {
  const engine = new PromptEngine()
  const playable = await new SpokenTexts(new Speech(engine)).say('Aa. Bb.', { loop: true })
  await turn()
  const { samples } = taken(playable)
  expect(runs(samples)).toMatch(/^65x30 66x30 65x30 66x30/)
  expect(engine.texts).toEqual(['Aa.', 'Bb.'])
  await playable.close()
  expect(taken(playable).isEnded).toBe(true)
})

it('what cannot be spoken from the beginning is no playable; what cannot later is told at its end', async () => {
  const engine = new ScriptedEngine()
  const texts = new SpokenTexts(new Speech(engine))
  const failing = texts.say('One. Two.', { loop: false })
  await turn()
  engine.asked[0]?.end(new Error('no breath'))
  await expect(failing).rejects.toThrow('a sentence could not be spoken by scripted: no breath')
  const saying = texts.say('One. Two.', { loop: false })
  await turn()
  engine.asked[1]?.say(300, 1)
  engine.asked[1]?.end()
  const playable = await saying
  await turn()
  engine.asked[2]?.end(new Error('a cough'))
  await turn()
  await turn()
  expect(taken(playable)).toEqual({ samples: new Array(300).fill(1), isEnded: true })
  await expect(playable.close()).rejects.toThrow('a cough')
})

it('closing gives up what is still to be spoken', async () => {
  const engine = new ScriptedEngine()
  const speech = new Speech(engine)
  const saying = new SpokenTexts(speech).say('One. Two.', { loop: false })
  await turn()
  engine.asked[0]?.say(300, 1)
  engine.asked[0]?.end()
  const playable = await saying
  await turn()
  expect(speech.sizes().sentences).toBe(1)
  await playable.close()
  await turn()
  expect(engine.asked[1]?.signal.aborted).toBe(true)
  expect(speech.sizes().sentences).toBe(0)
})
