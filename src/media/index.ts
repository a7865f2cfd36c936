export { type Codec, codecNamed } from './codec/codec.ts'
export { CODEC_RATES } from './codec/codec-rates.ts'
export { compileOpus, OpusLibrary } from './codec/opus/library.ts'
export type { CallSound } from './detect/call-tone-detector.ts'
export type * from './detect/far-end/far-end.ts'
export { FarEndDetector } from './detect/far-end/far-end-detector.ts'
export { FarEndTap } from './detect/far-end/far-end-tap.ts'
export {
  type FarEndTape,
  FarEndTapeRecorder,
  MOST_TAPE_MS,
  replayTape,
  tapeOfCall,
  tapeOfWav,
  wavOfTape,
} from './detect/far-end/far-end-tape.ts'
export type { SpecialInformation } from './detect/special-information.ts'
export { toneLevelDbm0 } from './dsp/goertzel.ts'
export { levelDbm0 } from './dsp/level.ts'
export { RateConverter } from './dsp/rate-converter.ts'
export { type DigitSource, PressLedger } from './dtmf/press-ledger.ts'
export type * from './engine/control.ts'
export { isRoomJob } from './engine/control.ts'
export { MediaEngine, type MediaEngineOptions } from './engine/engine.ts'
export type { MediaCounter } from './engine/media-counters.ts'
export type { MediaIo, MediaIoEvent, ReleasedPort } from './engine/media-io.ts'
export type * from './engine/play-source.ts'
export type { MediaPort } from './engine/port.ts'
export {
  type CompressedFormat,
  type CompressedShape,
  compressedFormatOf,
  compressedShapeOf,
  id3Length,
  isOgg,
  type OggCodec,
  oggCodecOf,
} from './file/compressed-format.ts'
export { decodeAudioFile, RAW_ENDINGS_TEXT, rawEncodingOf } from './file/decode-audio-file.ts'
export { type AudioDecoder, ByteQueue, type DecodedAudio, monoOfFloats } from './file/decoded-audio.ts'
export { FlacDecoder, flacSeconds } from './file/flac-decoder.ts'
export { type Mp3Frame, parseMp3Header } from './file/mp3-frames.ts'
export { OggReader } from './file/ogg-reader.ts'
export { SampleEncoder, samplesWithin } from './file/sample-encoder.ts'
export { createAudioStream, endStream, StreamReader, StreamWriter } from './file/stream-ring.ts'
export { parseWav, parseWavHead, type WavEncoding, type WavFile, type WavHead } from './file/wav-reader.ts'
export { mixDown, payloadEncodingOf, samplesOfWav } from './file/wav-samples.ts'
export { wavHeader, wavHeaderLength, wavPadding } from './file/wav-writer.ts'
export { createLiveAudio, LiveReader, LiveWriter } from './live/live-audio.ts'
export { createTapRing, TAP_BLOCK_MS, TapReader } from './live/tap-ring.ts'
export type { SrtpCrypto } from './srtp/crypto.ts'
export { srtpCryptoOf } from './srtp/node-crypto.ts'
export { ToneGenerator } from './tone/generator.ts'
export { NATIONAL_TONES, type NationalTones, type ToneCountry } from './tone/national-tones.ts'
export { TONE_PRESETS, type TonePreset, toneNamed } from './tone/presets.ts'
