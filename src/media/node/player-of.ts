import type { Codecs } from '../codec/codecs.ts'
import type { PlaySource } from '../engine/control.ts'
import { ClipPlayer } from './clip-player.ts'
import { StreamPlayer } from './stream-player.ts'
import { TonePlayer } from './tone-player.ts'
import type { Transmitter } from './transmitter.ts'

/**
 * What plays a source.
 * @param onUnderrun hears of each gap that a late disk makes
 */
export function playerOf(source: PlaySource, codecs: Codecs, onUnderrun: () => void): Transmitter {
  if (source.kind === 'audio') return new ClipPlayer(source.clip, source.loop, codecs, source.from)
  if (source.kind === 'tone') return new TonePlayer(source.steps, source.loop)
  return new StreamPlayer(source.stream, onUnderrun, codecs)
}
